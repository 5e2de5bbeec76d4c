"""sniff, schema and preview, from every kind of source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import flatbed as fb
from conftest import PEOPLE


def test_sniff() -> None:
    dialect = fb.sniff(b"id;name\n1;'a;b'\n2;'c;d'\n3;'e'\n")
    assert (dialect.delimiter, dialect.quote, dialect.header, dialect.skip_rows) == (";", "'", True, 0)
    told = json.loads(dialect.to_json())
    members = "delimiter quote escape has_header header_rows spaces skip_rows encoding newline tables score runner_up "
    marks = "comment footer_rows decimal thousands"
    assert sorted(told) == sorted((members + marks).split())
    assert told["has_header"] is True
    assert "detected" in str(dialect)


def test_sniff_keeps_what_is_given(people: Path) -> None:
    assert fb.sniff(people, options={"delimiter": "\t"}).delimiter == "\t"


@pytest.mark.parametrize("kind", ["path", "text", "bytes", "bytearray", "memoryview"])
def test_schema_of_every_kind_of_source(people: Path, kind: str) -> None:
    sources: dict[str, Any] = {
        "path": people,
        "text": str(people),
        "bytes": PEOPLE.encode(),
        "bytearray": bytearray(PEOPLE.encode()),
        "memoryview": memoryview(PEOPLE.encode()),
    }
    schema = fb.schema(sources[kind])
    assert schema.names == ["id", "name", "born", "score"]
    assert [field.type for field in schema][1:3] == ["String", "Date"]
    assert schema[-1].type.startswith("Nullable(")
    assert [field.decided_by.split(' "')[0] for field in schema][:2] == ["line 2", "line 2"]
    assert [member["name"] for member in json.loads(schema.to_json())] == schema.names
    assert "CREATE TABLE" in schema.ddl("db.people", ["id"]) and "ORDER BY" in schema.ddl("db.people", ["id"])
    assert pa.schema(schema).names == schema.names
    with pytest.raises(IndexError):
        schema[4]


def test_preview(people: Path) -> None:
    batch = fb.preview(people, 2)
    assert len(batch) == 2
    assert batch.texts() == [("1", "ann", "2001-02-03", "1.75"), ("2", "bob", "2002-03-04", None)]
    assert pa.record_batch(batch).column("name").to_pylist() == ["ann", "bob"]


def test_a_name_of_a_file_may_be_any_bytes(tmp_path: Path) -> None:
    path = tmp_path / "caf\udce9.csv"  # not UTF-8
    path.write_text("a\n1\n")
    assert fb.schema(path).names == ["a"]
    with pytest.raises(fb.IOError, match=r"caf\\xe9-no"):
        fb.schema(tmp_path / "caf\udce9-no.csv")
