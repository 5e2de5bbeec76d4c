"""Every type of the server is carried both ways, or refused by its name before anything is written."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

import flatbed as fb

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "real"))

from clickhouse import ClickHouse

# Family: a type of it, and values of that type in SQL. Three rows are made; values are taken in turn.
CARRIED: dict[str, tuple[str, list[str]]] = {
    "AggregateFunction": (
        "AggregateFunction(uniq, UInt64)",
        ["arrayReduce('uniqState', [1::UInt64, 2, 3])", "arrayReduce('uniqState', []::Array(UInt64))"],
    ),
    "Array": (
        "Array(Array(Nullable(String)))",
        [r"[['a', NULL, ''], []]", "[]", r"[['it\'s \\ , ] \n \t \0 \b \f', 'NULL', '\\N', '\"', '[]']]"],
    ),
    "BFloat16": ("BFloat16", ["1.5", "-0.1", "nan"]),
    "Bool": ("Bool", ["true", "false"]),
    "Date": ("Date", ["'2020-02-29'", "'2149-06-06'"]),
    "Date32": ("Date32", ["'1900-01-01'", "'2299-12-31'"]),
    "DateTime": ("DateTime('Europe/Berlin')", ["'2020-10-25 00:30:00'::DateTime('UTC')", "0", "4294967295"]),
    "DateTime32": ("DateTime32", ["'2020-02-29 01:02:03'"]),
    "DateTime64": ("DateTime64(6, 'UTC')", ["'1925-01-02 03:04:05.000001'", "'2200-01-01 00:00:00.999999'"]),
    "Decimal": ("Decimal(15, 2)", ["1.5", "-9999999999999.99"]),
    "Decimal32": ("Decimal32(9)", ["0.123456789", "-0.1"]),
    "Decimal64": ("Decimal64(0)", ["999999999999999999", "-1"]),
    "Decimal128": ("Decimal128(38)", ["toDecimal128('0.12345678901234567890123456789012345678', 38)"]),
    "Decimal256": ("Decimal256(0)", ["toDecimal256(repeat('9', 76), 0)", "-1"]),
    "Enum": ("Enum('a' = 1, 'it\\'s' = 2, '' = 3)", ["'a'", r"'it\'s'", "''"]),
    "Enum8": ("Enum8('x' = -128, 'y' = 127)", ["'x'", "'y'"]),
    "Enum16": ("Enum16('x' = -32768, 'y' = 32767)", ["'x'", "'y'"]),
    "FixedString": ("FixedString(4)", ["'ab'", "'abcd'"]),
    "Float32": ("Float32", ["0.1", "-inf", "3.4028235e38"]),
    "Float64": ("Float64", ["0.1", "nan", "5e-324"]),
    "IPv4": ("IPv4", ["'255.255.255.255'", "'0.0.0.0'"]),
    "IPv6": ("IPv6", ["'2001:db8::1'", "'::ffff:1.2.3.4'"]),
    "Int8": ("Int8", ["-128", "127"]),
    "Int16": ("Int16", ["-32768", "32767"]),
    "Int32": ("Int32", ["-2147483648", "2147483647"]),
    "Int64": ("Int64", ["-9223372036854775808", "9223372036854775807"]),
    "Int128": ("Int128", ["toInt128('-170141183460469231731687303715884105728')", "1"]),
    "Int256": ("Int256", ["-toInt256(pow(2, 200))", "toInt256('1' || repeat('0', 70))"]),
    "UInt8": ("UInt8", ["0", "255"]),
    "UInt16": ("UInt16", ["65535"]),
    "UInt32": ("UInt32", ["4294967295"]),
    "UInt64": ("UInt64", ["18446744073709551615"]),
    "UInt128": ("UInt128", ["toUInt128('340282366920938463463374607431768211455')"]),
    "UInt256": ("UInt256", ["toUInt256('1' || repeat('0', 77))"]),
    **{
        f"Interval{unit}": (f"Interval{unit}", [f"toInterval{unit}(-5)", f"toInterval{unit}(7)"])
        for unit in (
            *("Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour"),
            *("Day", "Week", "Month", "Quarter", "Year"),
        )
    },
    "JSON": (
        "JSON",
        [r"""'{"a": {"b": [1, 2.5, "x\\"y"]}, "c": null, "d": 18446744073709551615, "e": "2020-01-01"}'""", "'{}'"],
    ),
    "LineString": ("LineString", ["[(0, 0), (1.5, -2)]", "[]"]),
    "LowCardinality": ("LowCardinality(Nullable(String))", ["'a'", "NULL", "''"]),
    "Map": (
        "Map(LowCardinality(String), Tuple(Date, Array(UInt8)))",
        [r"map('k,}\':', ('2020-01-01', [1, 2]), '', ('1970-01-01', []))", "map()"],
    ),
    "MultiLineString": ("MultiLineString", ["[[(0, 0), (1, 1)], []]"]),
    "MultiPoint": ("MultiPoint", ["[(0, 0), (1, 1)]"]),
    "MultiPolygon": ("MultiPolygon", ["[[[(0, 0), (1, 1), (2, 0.5)]]]", "[]"]),
    "Nested": ("Nested(a UInt8, b Nullable(String))", ["[(1, 'x'), (2, NULL)]", "[]"]),
    "Nullable": ("Nullable(Tuple(a UInt8, b Nullable(String)))", ["(1, NULL)", "NULL", "(2, 'NULL')"]),
    "Point": ("Point", ["(1.25, -3)"]),
    "Polygon": ("Polygon", ["[[(0, 0), (1, 1)], [(0.1, 0.2)]]"]),
    "QBit": ("QBit(Float32, 3)", ["[1, 2, 3.5]", "[0, -1, 0.1]"]),
    "Ring": ("Ring", ["[(0, 0), (1, 1)]"]),
    "SimpleAggregateFunction": (
        "SimpleAggregateFunction(groupArrayArray, Array(String))",
        ["['a', 'b', 'a']", "[]"],
    ),
    "String": ("String", ["'it''s, \"so\"\\n'", "''", r"'\\N'"]),
    "Time": ("Time", ["'-999:59:59'", "'12:34:56'"]),
    "Time64": ("Time64(6)", ["'-00:00:00.000001'", "'999:59:59.999999'"]),
    "Tuple": ("Tuple(a UInt8, `b c` Array(Tuple(String, Bool)))", [r"(1, [('x)', true), ('\'', false)])", "(0, [])"]),
    "UUID": ("UUID", ["'61f0c404-5cb3-11e7-907b-a6006ad3dba0'"]),
}

# Family: a SELECT that gives a column of it. Values of the first three have a type each, which text does not keep.
REFUSED: dict[str, str] = {
    "Variant": "SELECT 1::Variant(UInt8, String) AS v",
    "Dynamic": "SELECT 1::Dynamic AS v",
    "Geometry": "SELECT (1., 2.)::Point::Geometry AS v",
    "Nothing": "SELECT NULL AS v",
}

ROWS = 3
SETTINGS = {"flatten_nested": 0}
FORMATS = ["csv", "tsv", "ndjson", "json"]


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    with ClickHouse() as running:
        yield running


def address(server: ClickHouse, table: str) -> str:
    return f"clickhouse://127.0.0.1:{server.http_port}/default/{table}"


def families(server: ClickHouse, alias: bool) -> dict[str, str]:
    rows = server.query("SELECT name, alias_to FROM system.data_type_families FORMAT TSV").splitlines()
    pairs = dict(row.split("\t") for row in rows)
    return {name: of for name, of in pairs.items() if bool(of) is alias}


@pytest.fixture(scope="module")
def everything(server: ClickHouse) -> str:
    """A table with a column of each carried family, named after it."""
    columns = ", ".join(f"`{family}` {type_}" for family, (type_, _) in CARRIED.items())
    server.query(f"CREATE TABLE everything (id UInt32, {columns}) ENGINE = MergeTree ORDER BY id", **SETTINGS)
    for row in range(ROWS):
        values = ", ".join(
            f"CAST({values[row % len(values)]}, '{type_.replace(chr(92), chr(92) * 2).replace(chr(39), chr(92) + chr(39))}')"
            for type_, values in CARRIED.values()
        )
        server.query(f"INSERT INTO everything SELECT {row}, {values}")
    server.query("OPTIMIZE TABLE everything FINAL")  # one part, so that one block holds all
    return "everything"


def values_of(server: ClickHouse, table: str) -> dict[str, str]:
    """The values of each column, as the server writes them."""
    columns = ", ".join(f"hex(toString(groupArray(toString(`{family}`)))) AS `{family}`" for family in CARRIED)
    line = server.query(f"SELECT {columns} FROM (SELECT * FROM {table} ORDER BY id) FORMAT TSV")
    return dict(zip(CARRIED, line.rstrip("\n").split("\t"), strict=True))


def test_no_family_is_left_out(server: ClickHouse) -> None:
    assert set(families(server, alias=False)) == set(CARRIED) | set(REFUSED)
    assert not set(CARRIED) & set(REFUSED)


def test_tables_give_back_every_family(server: ClickHouse, everything: str) -> None:
    server.query(f"CREATE TABLE copied AS {everything}", **SETTINGS)
    receipt = fb.copy(address(server, everything), address(server, "copied"))
    assert receipt.read == receipt.loaded == ROWS
    before, after = values_of(server, everything), values_of(server, "copied")
    assert {family for family in CARRIED if before[family] != after[family]} == set()


def test_a_table_that_is_created_has_the_same_types(server: ClickHouse, everything: str) -> None:
    fb.copy(address(server, everything), address(server, "made"), target_options={"create": True})
    types = "SELECT name, type FROM system.columns WHERE table = '{}' AND database = 'default' FORMAT TSV"
    before, after = (
        dict(line.split("\t") for line in server.query(types.format(table)).splitlines())
        for table in (everything, "made")
    )
    before["Nested"] = before["Nested"].replace("Nested(", "Array(Tuple(") + ")"  # which servers do not flatten
    assert before == after


@pytest.mark.parametrize("format", FORMATS)
def test_files_give_back_every_family(server: ClickHouse, everything: str, tmp_path: Path, format: str) -> None:
    first, second = tmp_path / f"first.{format}", tmp_path / f"second.{format}"
    table = f"from_{format}"
    server.query(f"CREATE TABLE {table} AS {everything}", **SETTINGS)
    fb.copy(address(server, everything), first, source_options={"order_by": "id"})
    receipt = fb.copy(first, address(server, table))
    assert receipt.read == receipt.loaded == ROWS
    before, after = values_of(server, everything), values_of(server, table)
    assert {family for family in CARRIED if before[family] != after[family]} == set()
    fb.copy(address(server, table), second, source_options={"order_by": "id"})
    assert first.read_bytes() == second.read_bytes()


def test_lines_of_json_are_read_by_the_server_as_the_same_table(
    server: ClickHouse, everything: str, tmp_path: Path
) -> None:
    path = tmp_path / "everything.ndjson"
    server.query(f"CREATE TABLE by_server AS {everything}", **SETTINGS)
    fb.copy(address(server, everything), path, source_options={"order_by": "id"})
    assert [list(json.loads(line)) for line in path.read_text().splitlines()] == [["id", *CARRIED]] * ROWS
    # A state is hexadecimal in a file; the server takes its bytes.
    server.query("ALTER TABLE by_server DROP COLUMN AggregateFunction")
    server.query("INSERT INTO by_server FORMAT JSONEachRow", path.read_bytes(), input_format_skip_unknown_fields=1)
    server.query("ALTER TABLE by_server ADD COLUMN AggregateFunction AggregateFunction(uniq, UInt64)")
    before, after = values_of(server, everything), values_of(server, "by_server")
    assert {family for family in CARRIED if before[family] != after[family]} == {"AggregateFunction"}


def test_an_array_of_json_and_quoted_integers(server: ClickHouse, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    query = {"query": "SELECT toUInt64(number + 18446744073709551614) AS n, toInt32(number) AS i FROM numbers(2)"}
    fb.copy(address(server, ""), path, source_options=query, target_options={"quote_integers": True})
    assert json.loads(path.read_text()) == [{"n": str(2**64 - 2), "i": 0}, {"n": str(2**64 - 1), "i": 1}]
    fb.copy(path, address(server, "quoted"), types={"n": "UInt64"}, target_options={"create": True, "order_by": ["n"]})
    assert (
        server.query("SELECT toTypeName(n), n FROM quoted FORMAT TSV") == f"UInt64\t{2**64 - 2}\nUInt64\t{2**64 - 1}\n"
    )


@pytest.mark.parametrize("family", REFUSED)
def test_what_is_not_carried_is_refused_by_name(server: ClickHouse, tmp_path: Path, family: str) -> None:
    target = tmp_path / "never.csv"
    with pytest.raises(fb.Error) as caught:
        fb.copy(address(server, ""), target, source_options={"query": REFUSED[family]})
    assert caught.value.code == "FB-TYPE-0105"
    assert family in str(caught.value)
    assert not target.exists()


def test_aliases_mean_what_they_mean_to_the_server(server: ClickHouse, tmp_path: Path) -> None:
    arguments = {"BINARY": "(4)", "ENUM": "('a', 'b')", "DEC": "(7, 2)", "NUMERIC": "(7, 2)", "FIXED": "(7, 2)"}
    aliases = [name for name in families(server, alias=True) if families(server, alias=True)[name] != "Geometry"]
    types = {f"c{i}": alias.lower() + arguments.get(alias, "") for i, alias in enumerate(aliases)}
    server.query("CREATE TABLE own (" + ", ".join(f"{c} {t}" for c, t in types.items()) + ") ENGINE = Memory")
    path = tmp_path / "none.csv"
    path.write_text(",".join(types) + "\n")
    fb.copy(path, address(server, "alias"), types=types, target_options={"create": True})
    columns = "SELECT name, type FROM system.columns WHERE table = '{}' AND database = 'default' FORMAT TSV"
    assert server.query(columns.format("alias")) == server.query(columns.format("own"))
    assert len(aliases) > 60


NESTED = pa.table(
    {
        "id": pa.array([1, 2, 3, 4, 5], pa.int32()),
        "l": pa.array([[], [1, None], [2**40], [3, 4], [5]], pa.list_(pa.int64())),
        "ll": pa.array([[["a"], []], [], [[None, "b c"]], [["d"]], [[]]], pa.large_list(pa.list_(pa.string()))),
        "f": pa.array([[1.5, 2], [3, 4], [5, 6], [7, 8], [9, None]], pa.list_(pa.float64(), 2)),
        "s": pa.array(
            [{"x": 1, "y": ["p"]}, {"x": None, "y": []}, None, {"x": 3, "y": [None]}, {"x": 4, "y": ["q", "r"]}],
            pa.struct([("x", pa.int16()), ("y", pa.list_(pa.string()))]),
        ),
        "m": pa.array([[("k", 1)], [], [("a", None), ("b", 2)], [("", 3)], []], pa.map_(pa.string(), pa.int32())),
        "ls": pa.array([[{"d": 1}], [], [{"d": 2}, {"d": 3}], [], [None]], pa.list_(pa.struct([("d", pa.uint8())]))),
    }
)


def test_nested_types_of_arrow_go_into_a_table_and_back(server: ClickHouse) -> None:
    for number, table in enumerate((NESTED, NESTED.slice(1, 3), pa.concat_tables([NESTED, NESTED.slice(2)]))):
        target = address(server, f"arrow{number}")
        fb.copy(table, target, target_options={"create": True, "order_by": ["id"]})
        rows = sorted(table.to_pylist(), key=lambda row: row["id"])
        back = fb.preview(target, rows=100, options={"order_by": "id"})
        assert pa.record_batch(back).to_pylist() == rows
        # pyarrow hands a map over as a list of pairs, Polars as a list of structs.
        polars = pl.DataFrame(pa.table(fb.preview(target, rows=100, options={"order_by": "id"})).drop("m"))
        assert polars.to_dicts() == [{k: v for k, v in row.items() if k != "m"} for row in rows]


def test_polars_gives_nested_types(server: ClickHouse) -> None:
    frame = pl.DataFrame({"l": [[1, 2], []], "s": [{"a": 1, "b": ["x"]}, {"a": 2, "b": []}]})
    fb.copy(frame, address(server, "from_polars"), target_options={"create": True})
    assert pl.DataFrame(fb.preview(address(server, "from_polars"), rows=10)).to_dicts() == frame.to_dicts()


def test_every_carried_family_comes_back_from_arrow(server: ClickHouse, everything: str) -> None:
    server.query(f"CREATE TABLE from_arrow AS {everything}", **SETTINGS)
    batch = pa.record_batch(fb.preview(address(server, everything), rows=100, options={"order_by": "id"}))
    fb.copy(batch, address(server, "from_arrow"))
    before, after = values_of(server, everything), values_of(server, "from_arrow")
    assert {family for family in CARRIED if before[family] != after[family]} == set()


def test_a_null_list_is_refused(server: ClickHouse) -> None:
    table = pa.table({"l": pa.array([[1], None], pa.list_(pa.int64()))})
    with pytest.raises(fb.Error, match="no NULL for lists"):
        fb.copy(table, address(server, "null_list"), target_options={"create": True})
