"""The embedded engine from Python and from the command."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

import flatbed as fb
from conftest import Command


def test_there_and_back(people: Path, tmp_path: Path) -> None:
    table = f"chdb:{tmp_path}/engine/demo/people"
    receipt = fb.copy(people, table, target_options={"create": True, "order_by": ["id"]})
    assert (receipt.loaded, receipt.target_rows_before, receipt.target_rows_after) == (3, None, 3)
    assert fb.schema(table).names == ["id", "name", "born", "score"]
    fb.copy(table, tmp_path / "back.csv")
    assert (tmp_path / "back.csv").read_text() == people.read_text()
    found = fb.tables(f"chdb:{tmp_path}/engine")
    assert [(one.database, one.name, one.rows) for one in found] == [("demo", "people", 3)]
    reader = fb.read_csv(table, options={"query": "SELECT sum(id) AS total FROM demo.people"})
    assert pa.table(reader).to_pylist() == [{"total": 6}]


def test_the_command(people: Path, command: Command, tmp_path: Path) -> None:
    table = f"chdb:{tmp_path}/engine/demo/people"
    assert command("copy", people, table, "--create", "--order-by", "born,id").returncode == 0
    assert "demo.people\tMergeTree\t3\t" in command("tables", f"chdb:{tmp_path}/engine").stdout
    done = command("copy", table, "-", "--query", "SELECT max(name) AS last FROM demo.people", "--progress", "none")
    assert done.stdout == "last\nbob\n"
    assert command("copy", people, table + "_2").returncode == 5
