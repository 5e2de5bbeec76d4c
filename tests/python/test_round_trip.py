"""The round-trip law: a table of any types goes into a file and back as the same table, and a second export of it is
the same bytes. Types and values are Hypothesis's; the server reads the values as JSON and compares the tables.
FLATBED_EXAMPLES is how many tables are tried."""

from __future__ import annotations

import datetime
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flatbed as fb

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "real"))

from clickhouse import ClickHouse

EXAMPLES = int(os.environ.get("FLATBED_EXAMPLES", "15"))

# A type, and the values of it as ClickHouse reads them from JSON.
Typed = tuple[str, st.SearchStrategy[Any]]

# A NUL byte is refused in a text file. The words are those that other readers take for NULL or for the end of a value.
TEXTS = st.one_of(
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12),
    st.sampled_from(
        ["", "NULL", "\\N", '"', '""', "'", "\\", ",", "\t", "\n", "\r\n", "\ufeff", "[]", "nan", "007", " "]
    ),
)
SCALARS: list[Typed] = [
    ("Int64", st.integers(-(2**63), 2**63 - 1)),
    ("UInt64", st.integers(0, 2**64 - 1)),
    ("Int8", st.integers(-128, 127)),
    ("UInt256", st.integers(0, 2**256 - 1).map(str)),
    ("Float64", st.floats(allow_nan=False, allow_infinity=False)),
    ("Bool", st.booleans()),
    ("String", TEXTS),
    ("LowCardinality(String)", TEXTS),
    (
        "Decimal(38, 4)",
        st.integers(-(10**38) + 1, 10**38 - 1).map(lambda n: f"{'-' * (n < 0)}{abs(n) // 10**4}.{abs(n) % 10**4:04}"),
    ),
    ("Date", st.dates(min_value=datetime.date(1970, 1, 1), max_value=datetime.date(2149, 6, 6)).map(str)),
    ("DateTime('Europe/Berlin')", st.integers(0, 2**32 - 1)),
    ("UUID", st.uuids().map(str)),
    ("IPv6", st.ip_addresses(v=6).map(str)),
    ("Enum8('' = 0, 'it\\'s' = 1, 'NULL' = -1)", st.sampled_from(["", "it's", "NULL"])),
]
KEYS: list[Typed] = [typed for typed in SCALARS if typed[0] in ("String", "LowCardinality(String)", "UInt64", "UUID")]


def nullable(typed: Typed) -> Typed:
    name, values = typed
    name = name.replace("LowCardinality(String)", "LowCardinality(Nullable(String))")
    return (name if "Nullable" in name else f"Nullable({name})"), st.none() | values


def tuple_of(elements: list[Typed]) -> Typed:
    names = ", ".join(f"`e {i}` {name}" for i, (name, _) in enumerate(elements))
    return f"Tuple({names})", st.fixed_dictionaries({f"e {i}": values for i, (_, values) in enumerate(elements)})


def map_of(key: Typed, value: Typed) -> Typed:
    return f"Map({key[0]}, {value[0]})", st.dictionaries(key[1].map(str), value[1], max_size=3)


CELLS = st.sampled_from(SCALARS) | st.sampled_from(SCALARS).map(nullable)
TYPES = st.recursive(
    CELLS,
    lambda inner: st.one_of(
        inner.map(lambda typed: (f"Array({typed[0]})", st.lists(typed[1], max_size=3))),
        st.lists(inner, min_size=1, max_size=3).map(tuple_of),
        st.tuples(st.sampled_from(KEYS), inner).map(lambda pair: map_of(*pair)),
    ),
    max_leaves=4,
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[dict[str, Any]]]:
    columns = draw(st.lists(TYPES, min_size=1, max_size=4))
    values = st.fixed_dictionaries({f"c{i}": values for i, (_, values) in enumerate(columns)})
    return [name for name, _ in columns], draw(st.lists(values, min_size=1, max_size=5))


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    with ClickHouse() as running:
        yield running


def round_trip(server: ClickHouse, types: list[str], rows: list[dict[str, Any]], suffix: str) -> None:
    columns = ", ".join(f"c{i} {name}" for i, name in enumerate(types))
    for table in ("before", "after"):
        server.query(f"DROP TABLE IF EXISTS {table}")
        server.query(f"CREATE TABLE {table} (id UInt32, {columns}) ENGINE = Memory")
    lines = "\n".join(json.dumps({"id": number, **row}) for number, row in enumerate(rows))
    server.query("INSERT INTO before FORMAT JSONEachRow", data=lines.encode())
    address = f"clickhouse://127.0.0.1:{server.http_port}/default/"
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder, f"first.{suffix}"), Path(folder, f"second.{suffix}")
        fb.copy(address + "before", first)
        receipt = fb.copy(first, address + "after")
        assert receipt.read == receipt.loaded == len(rows)
        fb.copy(address + "after", second)
        assert first.read_bytes() == second.read_bytes()
    shown = "SELECT * FROM {} ORDER BY id FORMAT JSONCompactEachRow"
    assert server.query(shown.format("before")) == server.query(shown.format("after"))


@pytest.mark.parametrize("suffix", ["csv", "tsv", "ndjson", "json"])
def test_any_table(server: ClickHouse, suffix: str) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(tables())
    def check(table: tuple[list[str], list[dict[str, Any]]]) -> None:
        round_trip(server, *table, suffix)

    check()


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_clickhouse_120503_numbers_at_the_end_of_their_range(server: ClickHouse, suffix: str) -> None:
    """A UInt64 above Int64 stays what it is wherever it stands, also where types come from the file."""
    most = 2**64 - 1
    round_trip(server, ["UInt64", "Array(UInt64)"], [{"c0": n, "c1": [n]} for n in (1, most, 2**63, 0)], suffix)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"late.{suffix}")
        path.write_text("n\n" + "1\n" * 1000 + f"{most}\n")
        assert fb.schema(path)[0].type == "UInt64"


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_duckdb_25501_null_empty_and_quoted_empty(server: ClickHouse, suffix: str) -> None:
    """NULL, the empty text and a text that looks like NULL are three values before and after."""
    rows = [{"c0": text, "c1": [text], "c2": text or ""} for text in (None, "", "NULL", "\\N", '""', "''")]
    round_trip(server, ["Nullable(String)", "Array(Nullable(String))", "String"], rows, suffix)
