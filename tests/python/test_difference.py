"""What a load would find in its table, told before anything is written, by what the load itself asks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import flatbed as fb
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "real"))
from clickhouse import ClickHouse


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    with ClickHouse() as running:
        yield running


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"chdb:{tmp_path_factory.mktemp('engine')}/default"


def fits(found: fb.Difference) -> dict[str, str]:
    return {column.name: column.fit for column in found.columns}


def test_of_a_new_table_every_column_is_new(database: str, people: Path) -> None:
    found = fb.difference(people, f"{database}/fresh", rename={"name": "called"}, target_options={"create": True})
    assert (found.exists, found.problem) == (False, None)
    assert fits(found) == {"id": "new", "called": "new", "born": "new", "score": "new"}
    assert "`called` String" in found.schema.ddl("fresh", ["id"])
    assert fb.tables(database) == []


def test_of_a_table_each_column_is_compared(database: str, people: Path, tmp_path: Path) -> None:
    table = f"{database}/there"
    others = tmp_path / "others.csv"
    others.write_text("id,called,born,note\n1,ann,2001-02-03,x\n")
    fb.copy(others, table, types={"id": "Int64"}, target_options={"create": True, "order_by": "id"})
    given: dict[str, Any] = {"rename": {"name": "called"}}
    found = fb.difference(people, table, **given)
    assert found.exists
    columns = {column.name: column for column in found.columns}
    assert fits(found) == {
        "id": "converted",
        "called": "same",
        "born": "same",
        "score": "refused",
        "note": "filled",
    }
    assert (columns["id"].source_type, columns["id"].target_type) == ("UInt8", "Int64")
    assert (columns["called"].source_name, columns["score"].target_type) == ("name", "")
    assert found.problem is not None and found.problem.code == "FB-CH-0103"
    with pytest.raises(fb.Error) as raised:
        fb.copy(people, table, **given)
    assert raised.value.code == found.problem.code  # the load says the same
    found = fb.difference(people, table, columns=["id", "name", "born"], **given)
    assert found.problem is None
    assert [(field.name, field.type) for field in found.schema][:2] == [("id", "Int64"), ("called", "String")]
    receipt = fb.copy(people, table, columns=["id", "name", "born"], **given)
    assert receipt.loaded == 3
    said = json.loads(found.to_json())
    assert said["exists"] and said["columns"][0]["fit"] == "converted"


def test_between_tables_a_cast_is_told(database: str, people: Path) -> None:
    one, other = f"{database}/narrow", f"{database}/wide"
    fb.copy(people, one, target_options={"create": True, "order_by": "id"})
    fb.copy(people, other, types={"id": "UInt64", "name": "LowCardinality(String)"}, target_options={"create": True})
    found = fb.difference(one, other)
    assert (fits(found)["id"], fits(found)["born"], found.problem) == ("converted", "same", None)


def test_a_table_that_is_not_there_and_a_sorting_key_of_no_column(database: str, people: Path) -> None:
    with pytest.raises(fb.SchemaError):
        fb.difference(people, f"{database}/nowhere")
    found = fb.difference(people, f"{database}/new", target_options={"create": True, "order_by": "idd"})
    assert found.problem is not None and found.problem.code == "FB-USE-0106"


def test_defaults_and_computed_columns_of_a_table(server: ClickHouse, people: Path) -> None:
    server.query(
        "CREATE TABLE made (id UInt64, name String, born Date, score Nullable(Float64), at DateTime DEFAULT now(), "
        "size UInt64 MATERIALIZED length(name)) ENGINE = MergeTree ORDER BY id"
    )
    target = f"clickhouse://127.0.0.1:{server.http_port}/default/made"
    found = fb.difference(people, target, target_options={"create": True, "order_by": "id"})
    columns = {column.name: column for column in found.columns}
    assert (columns["at"].fit, columns["at"].target_type) == ("filled", "DateTime")
    assert columns["at"].default_expression == "now()"
    assert (columns["size"].fit, columns["size"].source_type) == ("computed", "")
    assert (found.exists, found.problem) == (True, None)
    assert server.query("SELECT count() FROM made").strip() == "0"
    wider = people.read_text().replace("score", "size")
    people.write_text(wider)
    found = fb.difference(people, target)
    assert fits(found)["size"] == "refused"
    assert found.problem is not None and "is computed" in found.problem.message
