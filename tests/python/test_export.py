"""Files as they are written: splits, packed ones, standard output, cells that a spreadsheet would run."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest

import flatbed as fb
from conftest import Command

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "real"))
from clickhouse import READER, ClickHouse


def numbers(path: Path, rows: int) -> Path:
    path.write_text("id,text\n" + "".join(f"{i},row {i}\n" for i in range(rows)))
    return path


def test_a_large_export_is_split_into_files_with_headers(tmp_path: Path) -> None:
    source = numbers(tmp_path / "in.csv", 400_000)
    receipt = fb.copy(source, tmp_path / "out.csv", target_options={"split": "2M"})
    parts = sorted(tmp_path.glob("out*"))
    assert [part.name for part in parts][:2] == ["out-0001.csv", "out-0002.csv"] and len(parts) >= 3
    assert all(part.read_text().startswith("id,text\n") for part in parts)
    assert all(part.stat().st_size < 4 << 20 for part in parts)
    lines = [line for part in parts for line in part.read_text().splitlines()[1:]]
    assert lines == source.read_text().splitlines()[1:]
    assert receipt.loaded == 400_000

    with pytest.raises(fb.Error):  # nothing is overwritten
        fb.copy(source, tmp_path / "out.csv", target_options={"split": "2M"})
    fb.copy(source, tmp_path / "packed.csv.gz", target_options={"split": "4M"})
    with gzip.open(tmp_path / "packed-0001.csv.gz", "rt") as part:
        assert part.readline() == "id,text\n"


def test_a_split_export_that_fails_leaves_nothing(tmp_path: Path) -> None:
    source = numbers(tmp_path / "in.csv", 300_000)
    with source.open("a") as file:
        file.write("x,y\n")
    with pytest.raises(fb.Error):
        fb.copy(source, tmp_path / "out.csv", types={"id": "Int32"}, target_options={"split": "1M"})
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_every_file_of_a_split_export_is_json_of_its_own(tmp_path: Path) -> None:
    source = numbers(tmp_path / "in.csv", 300_000)
    fb.copy(source, tmp_path / "out.json", target_options={"split": "2M"})
    parts = [json.loads(part.read_bytes()) for part in sorted(tmp_path.glob("out*"))]
    assert len(parts) >= 3 and all(parts)
    assert [row["id"] for part in parts for row in part] == list(range(300_000))


def test_an_export_is_the_same_on_any_number_of_threads(tmp_path: Path) -> None:
    source = numbers(tmp_path / "in.csv", 300_000)
    for name in ("out.csv", "out.ndjson", "out.json"):
        files = [tmp_path / f"{threads}-{name}" for threads in (1, 2, 5)]
        for threads, file in zip((1, 2, 5), files, strict=True):
            fb.copy(source, file, threads=threads)
        assert len({file.read_bytes() for file in files}) == 1


def test_marks_against_formulas_are_counted(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("n,text\n-1,=1+1\n-2,plain\n-3,@home\n-4,\n")
    receipt = fb.copy(source, tmp_path / "out.csv", target_options={"formula_safe": True})
    assert (tmp_path / "out.csv").read_text() == "n,text\n-1,'=1+1\n-2,plain\n-3,'@home\n-4,\n"
    [marks] = receipt.leniencies
    assert (marks.code, marks.column, marks.count) == ("FB-TYPE-0106", "text", 2)
    assert [(mark.record, mark.found) for mark in marks.examples] == [(0, "=1+1"), (2, "@home")]
    assert fb.copy(source, tmp_path / "as-is.csv").leniencies == []


def test_texts_that_would_be_read_back_otherwise_are_not_written(tmp_path: Path) -> None:
    """A String of ClickHouse may hold any bytes; a reader of a file guesses an encoding for those."""
    with ClickHouse() as server:
        server.query("CREATE TABLE t (id UInt64, text String) ENGINE = MergeTree ORDER BY id")
        server.query("INSERT INTO t VALUES (1, 'caf\\xc3\\xa9'), (2, '\\x80')")
        address = f"clickhouse://127.0.0.1:{server.http_port}/default/t"
        fixed = {"format": "fixed", "widths": "4,8"}
        for name, options in (("out.csv", {}), ("out.tsv", {}), ("out.ndjson", {}), ("out.txt", fixed)):
            with pytest.raises(fb.Error, match="not UTF-8") as refused:
                fb.copy(address, tmp_path / name, target_options=options)
            assert (refused.value.code, refused.value.record) == ("FB-CSV-0105", 1)
        assert not list(tmp_path.iterdir())
        fb.copy(address, tmp_path / "bytes.csv", target_options={"encoding": "bytes"})
        assert (tmp_path / "bytes.csv").read_bytes() == b"id,text\n1,caf\xc3\xa9\n2,\x80\n"
        with pytest.raises(fb.Error, match=r":3, column 2"):  # the letter of the first row stays what it is
            fb.copy(tmp_path / "bytes.csv", address)
        fb.copy(address, tmp_path / "out.parquet")
        server.query("CREATE TABLE again AS t")
        fb.copy(tmp_path / "out.parquet", address[:-1] + "again")
        assert server.query("SELECT hex(text) FROM again ORDER BY id") == "636166C3A9\n80\n"


def test_psv_and_fixed_width_by_the_command(tmp_path: Path, command: Command) -> None:
    numbers(tmp_path / "in.csv", 2)
    assert command("copy", "in.csv", "-", "--to", "psv").stdout == "id|text\n0|row 0\n1|row 1\n"
    assert command("copy", "in.csv", "out.psv").returncode == 0
    assert command("copy", "out.psv", "-", "--to", "csv").stdout == "id,text\n0,row 0\n1,row 1\n"
    done = command("copy", "in.csv", "out.txt", "--to", "fixed", "-t", "widths=4,8")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.txt").read_text() == "  idtext    \n   0row 0   \n   1row 1   \n"
    done = command("copy", "out.txt", "-", "--from", "fixed", "-s", "widths=4,8", "--to", "csv")
    assert done.stdout == "id,text\n0,row 0\n1,row 1\n", done.stderr


def test_a_table_is_read_in_large_blocks_where_that_may_be_asked_for(tmp_path: Path) -> None:
    """Larger blocks cost the server less; little memory, the user's own setting and a readonly user go before."""
    with ClickHouse() as server:
        server.query("CREATE TABLE t (id UInt64, text String) ENGINE = MergeTree ORDER BY id")
        server.query("INSERT INTO t SELECT number, 'text ' || number FROM numbers(100000)")
        address = f"clickhouse://127.0.0.1:{server.http_port}/default/t"
        own = {"settings": "preferred_block_size_bytes=65536"}
        fb.copy(address, tmp_path / "usual.csv")
        fb.copy(address, tmp_path / "little.csv", memory="16M")
        fb.copy(address, tmp_path / "own.csv", source_options=own)
        fb.copy(address, tmp_path / "reader.csv", source_options={"user": READER[0], "password": READER[1]})
        files = [tmp_path / f"{name}.csv" for name in ("usual", "little", "own", "reader")]
        assert len({file.read_bytes() for file in files}) == 1
        assert files[0].read_bytes().count(b"\n") == 100_001
        server.query("SYSTEM FLUSH LOGS query_log")
        asked = server.query(
            "SELECT user, Settings['preferred_block_size_bytes'] FROM system.query_log "
            "WHERE type = 'QueryFinish' AND has(tables, 'default.t') AND query_kind = 'Select' AND query LIKE 'SELECT%t`' "
            "ORDER BY event_time_microseconds"
        )
        assert asked == "default\t8388608\ndefault\t\ndefault\t65536\nreader\t\n"
