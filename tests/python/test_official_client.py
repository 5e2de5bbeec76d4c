"""Blocks that go through the official client, clickhouse_connect."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clickhouse_connect
import pytest

import flatbed as fb
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "real"))
from clickhouse import LOADER, ClickHouse


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with ClickHouse() as server:
        user, password = LOADER
        connected = clickhouse_connect.get_client(
            host="127.0.0.1", port=server.http_port, username=user, password=password
        )
        yield connected
        connected.close()


def test_a_load_and_an_export_go_through_the_client(client: Any, people: Path, tmp_path: Path) -> None:
    options = {"create": True, "order_by": "id"}
    receipt = fb.copy(people, "client:default/people", target_options=options, client=client)
    assert (receipt.read, receipt.loaded, receipt.target_rows_after) == (3, 3, 3)
    assert client.query("SELECT name, toString(born) FROM people ORDER BY id").result_rows[2] == (
        "O'Brien",
        "2003-04-05",
    )
    fb.copy("client:default/people", tmp_path / "back.csv", source_options={"order_by": "id"}, client=client)
    assert (tmp_path / "back.csv").read_text() == people.read_text()
    client.command("SYSTEM FLUSH LOGS")
    inserts = client.query(
        "SELECT user, Settings['async_insert'], Settings['insert_deduplication_token'] != '' FROM system.query_log "
        "WHERE type = 'QueryFinish' AND query_kind = 'Insert' AND query LIKE '%people%'"
    ).result_rows
    assert inserts == [("loader", "0", True)]


def test_errors_of_the_client_are_told_as_errors_of_the_server(client: Any, people: Path) -> None:
    with pytest.raises(fb.Error) as caught:
        fb.copy(people, "client:default/nowhere", client=client)
    assert caught.value.code == "FB-CH-0102"
    with pytest.raises(fb.Error) as caught:
        fb.copy("client:", "-", source_options={"query": "SELECT nothing"}, client=client)
    assert caught.value.code == "FB-CH-0103"
    with pytest.raises(fb.UsageError):
        fb.copy(people, "client:default/people")


def test_many_blocks_arrive_once(client: Any, tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(100_000)))
    target = {"create": True, "order_by": "n", "block_rows": 10_000}
    assert fb.copy(tmp_path / "n.csv", "client:default/n", target_options=target, client=client).loaded == 100_000
    assert client.query("SELECT count(), uniqExact(n) FROM n").result_rows == [(100_000, 100_000)]
