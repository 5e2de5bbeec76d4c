"""Parquet and Arrow files, written and read by the embedded engine, judged by pyarrow."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

import flatbed as fb
from conftest import ROOT, Command

sys.path.insert(0, str(ROOT / "tests" / "real"))
from clickhouse import ClickHouse

ROWS = (
    "id,name,born,seen,score,price,flag\n"
    "1,ann,2001-02-03,2020-01-02 03:04:05,1.5,10.25,true\n"
    '2,"",2002-03-04,2020-01-02 03:04:06,-2.25,0.01,false\n'
    "3,Zoë,2003-04-05,2020-01-02 03:04:07,,99.99,true\n"
)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(ROWS)
    return path


def read(path: Path) -> pa.Table:
    if path.suffix == ".parquet":
        return pyarrow.parquet.read_table(path)
    return pyarrow.feather.read_table(path)


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_a_file_goes_there_and_back(rows: Path, tmp_path: Path, ending: str) -> None:
    file, back = tmp_path / f"it's a {{file}} *.{ending}", tmp_path / "back.csv"
    receipt = fb.copy(rows, file)
    assert (receipt.read, receipt.loaded) == (3, 3)
    table = read(file)
    assert table.column_names == ["id", "name", "born", "seen", "score", "price", "flag"]
    assert table.column("id").to_pylist() == [1, 2, 3]
    assert table.column("name").to_pylist() == ["ann", "", "Zoë"]
    assert table.column("score").to_pylist() == [1.5, -2.25, None]
    assert [str(value) for value in table.column("price").to_pylist()] == ["10.25", "0.01", "99.99"]
    if ending == "parquet":
        assert table.column("born").to_pylist()[0] == datetime.date(2001, 2, 3)
    types = {field.name: field.type for field in fb.schema(rows)}
    fb.copy(tmp_path / f"it's a {{file}} [*].{ending}", back, types=types)
    assert [line.split(",")[:3] for line in back.read_text().splitlines()] == [
        line.split(",")[:3]
        for line in ROWS.replace('""', "").splitlines()  # a column without NULL needs no quotes
    ]
    assert not [path for path in tmp_path.iterdir() if path.name not in {"rows.csv", "back.csv", file.name}]


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_tables_come_back_with_types_that_the_formats_do_not_know(tmp_path: Path, ending: str) -> None:
    columns = {
        "a": ("UInt128", "340282366920938463463374607431768211455"),
        "b": ("Nullable(Int256)", "-57896044618658097711785492504343953926634992332820282019728792003956564819968"),
        "c": ("IPv4", "'203.0.113.7'"),
        "d": ("Array(Nullable(IPv6))", "['2001:db8::1', NULL]"),
        "e": ("Tuple(n Int128, m Map(String, UInt256))", "(-1, {'k': 7})"),
        "f": ("Nullable(IPv4)", "NULL"),
        "g": ("FixedString(16)", "'0123456789abcdef'"),
        "h": ("LowCardinality(UInt32)", "7"),
        "i": ("DateTime('Europe/Berlin')", "1729989000"),
        "j": ("Array(Nullable(DateTime))", "[NULL, 4294967295]"),
        "k": ("Tuple(Enum8('a' = 1, 'b' = 2), Nullable(Enum16('x' = -5)))", "('b', NULL)"),
    }
    with ClickHouse() as server:
        types = ", ".join(f"{name} {kind}" for name, (kind, _) in columns.items())
        allowed = "SETTINGS allow_suspicious_low_cardinality_types = 1"
        for table in ("there", "back"):
            server.query(f"CREATE TABLE {table} ({types}) ENGINE = Memory {allowed}")
        server.query(f"INSERT INTO there VALUES ({', '.join(value for _, value in columns.values())})")
        address = f"clickhouse://127.0.0.1:{server.http_port}/default/"
        fb.copy(address + "there", tmp_path / f"t.{ending}")
        assert pa.types.is_timestamp(read(tmp_path / f"t.{ending}").schema.field("i").type)
        receipt = fb.copy(tmp_path / f"t.{ending}", address + "back")
        assert (receipt.read, receipt.loaded) == (1, 1)
        assert server.query("SELECT * FROM back") == server.query("SELECT * FROM there")


def test_what_pyarrow_writes_is_read(tmp_path: Path) -> None:
    table = pa.table({"n": pa.array(range(300_000), pa.int64()), "text": [f"row {n}" for n in range(300_000)]})
    pyarrow.parquet.write_table(table, tmp_path / "big.parquet", row_group_size=20_000)
    pyarrow.feather.write_feather(table, tmp_path / "big.arrow", compression="lz4")
    for name in ("big.parquet", "big.arrow"):
        receipt = fb.copy(tmp_path / name, tmp_path / f"{name}.csv")
        assert receipt.loaded == 300_000
        lines = (tmp_path / f"{name}.csv").read_text().splitlines()
        assert lines[0] == "n,text" and lines[1:] == [f"{n},row {n}" for n in range(300_000)]  # in order
    narrowed = fb.preview(tmp_path / "big.parquet", options={"where": "n % 1000 = 7", "limit": 2}).texts()
    assert sorted(narrowed) == [("1007", "row 1007"), ("7", "row 7")]


def test_several_files_are_one_source(tmp_path: Path) -> None:
    for part in range(3):
        pyarrow.parquet.write_table(pa.table({"n": [part * 10, part * 10 + 1]}), tmp_path / f"part-{part}.parquet")
    fb.copy(tmp_path / "part-*.parquet", tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_text() == "n\n0\n1\n10\n11\n20\n21\n"
    pyarrow.parquet.write_table(pa.table({"m": [1]}), tmp_path / "part-9.parquet")
    with pytest.raises(fb.Error, match="the columns differ"):
        fb.copy(tmp_path / "part-*.parquet", tmp_path / "more.csv")
    assert not (tmp_path / "more.csv").exists()


def test_a_file_is_whole_or_not_there(rows: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    fb.copy(rows, file)
    before = file.read_bytes()
    with pytest.raises(fb.Error) as caught:
        fb.copy(rows, file)
    assert caught.value.code == "FB-TGT-0101"
    bad = tmp_path / "bad.csv"
    bad.write_text("n\n1\nx\n")
    with pytest.raises(fb.Error):
        fb.copy(bad, file, types={"n": "Int32"}, target_options={"overwrite": True})
    assert file.read_bytes() == before
    fb.copy(rows, file, target_options={"overwrite": True})
    empty = tmp_path / "empty.csv"
    empty.write_text("a,b\n")
    fb.copy(empty, tmp_path / "empty.parquet", types={"a": "Int32", "b": "String"})
    assert pyarrow.parquet.read_table(tmp_path / "empty.parquet").num_rows == 0


def test_a_file_that_is_no_parquet_is_told_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "false.parquet"
    file.write_text("not at all")
    with pytest.raises(fb.Error) as caught:
        fb.copy(file, tmp_path / "out.csv")
    assert caught.value.code == "FB-SRC-0104" and "flatbed-parquet-" not in str(caught.value)
    with pytest.raises(fb.Error) as caught:
        fb.copy(tmp_path / "none.parquet", tmp_path / "out.csv")
    assert caught.value.code == "FB-SRC-0101"


def test_the_command_names_the_format(rows: Path, tmp_path: Path, command: Command) -> None:
    assert command("copy", rows, "rows.data", "--to", "parquet").returncode == 0
    done = command("copy", "rows.data", "-", "--from", "parquet", "--to", "csv", "--columns", "id,name")
    assert done.stdout == "id,name\n1,ann\n2,\n3,Zoë\n", done.stderr
