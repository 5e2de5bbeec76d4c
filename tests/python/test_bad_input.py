"""Bad input ends in one clear error with its place, exit code and way out, and leaves nothing half-written."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Command

# What the file holds (None: there is no such file), more arguments, exit code, and the first line of standard error; the
# whole messages are those of golden/messages.txt.
CASES: dict[str, tuple[bytes | None, list[str], int, str]] = {
    "missing": (None, [], 4, "FB-SRC-0101  in.csv"),
    "empty": (b"", [], 4, "FB-SRC-0103  in.csv"),
    "too short": (b"a,b\n1,x\n2\n3,z\n", [], 4, "FB-CSV-0101  in.csv:3 (byte 8)"),
    "too long": (b"a,b\n1,x\n2,y,9\n", [], 4, "FB-CSV-0102  in.csv:3 (byte 8)"),
    "unclosed quote": (b'a,b\n1,x\n2,"y\n3,z\n', [], 4, "FB-CSV-0103  in.csv:3 (byte 8)"),
    "invalid UTF-8": (
        b"a,b\n1,x\n2,\xff\xfe\n",
        ["--encoding", "utf-8"],
        4,
        'FB-CSV-0105  in.csv:3, column 2 "b" (byte 10)',
    ),
    "NUL byte": (b"a,b\n1,x\n2,y\x00z\n", [], 4, 'FB-CSV-0106  in.csv:3, column 2 "b" (byte 10)'),
    "Parquet by another name": (b"PAR1\x15\x04\x15\x10", [], 4, "FB-DIA-0102  in.csv"),
    "value of another type": (
        b"a,b\n1,x\nseven,y\n",
        ["--type", "a:Int32"],
        4,
        'FB-TYPE-0102  in.csv:3, column 1 "a" (byte 8)',
    ),
    "type that is none": (b"a,b\n1,x\n", ["--type", "a:Intt"], 1, "FB-USE-0107  in.csv"),
    "unknown column": (b"a,b\n1,x\n", ["--columns", "a,bb"], 1, "FB-USE-0106  in.csv"),
    "unknown option": (b"a,b\n1,x\n", ["-t", "overwrit=true"], 1, "FB-USE-0102  out.csv"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input(name: str, command: Command, tmp_path: Path) -> None:
    content, arguments, exit_code, first_line = CASES[name]
    if content is not None:
        (tmp_path / "in.csv").write_bytes(content)
    ran = command("copy", "in.csv", "out.csv", "--progress", "none", *arguments)
    assert ran.stderr.splitlines()[0] == first_line
    assert "\n  fix: " in ran.stderr
    assert ran.returncode == exit_code
    assert [path.name for path in tmp_path.iterdir() if path.name != "in.csv"] == []


def test_folder(command: Command, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    ran = command("copy", "folder", "out.csv")
    assert ran.returncode == 4
    assert ran.stderr == (
        "FB-SRC-0102  folder\n"
        "  the path names a folder: folder\n"
        "  expected: a file, a pipe or - for standard input\n"
        "  fix: name the files in it with a pattern, such as folder/*.csv\n"
    )


def test_header_without_rows_is_a_table_without_rows(command: Command, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b\n")
    ran = command("copy", "in.csv", "out.csv", "--progress", "none")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (tmp_path / "out.csv").read_text() == "a,b\n"


def test_target_that_exists_stays_as_it_is(command: Command, people: Path, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("mine\n")
    ran = command("copy", people, "out.csv", "--progress", "none")
    assert ran.returncode == 5
    assert ran.stderr == "FB-TGT-0101  out.csv\n  the file exists already: out.csv\n  fix: --overwrite replaces it\n"
    assert (tmp_path / "out.csv").read_text() == "mine\n"


def test_full_disk(command: Command, people: Path) -> None:
    ran = command("copy", people, "/dev/full", "--progress", "none")
    assert ran.returncode == 5
    assert ran.stderr == (
        "FB-TGT-0102  /dev/full\n"
        "  cannot write: No space left on device\n"
        "  fix: free some space or write to another disk\n"
    )


def test_no_server(command: Command, people: Path) -> None:
    ran = command("copy", people, "clickhouse://127.0.0.1:1/default/t", "--progress", "none")
    assert ran.returncode == 5
    assert ran.stderr == (
        "FB-NET-0101  clickhouse://127.0.0.1:1/default/t\n"
        "  no connection to 127.0.0.1:1: connection refused\n"
        "  fix: check host and port, and that the server runs\n"
    )


def test_a_name_that_promises_another_format(command: Command, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b\n1,x\n")
    for name in ("out.xlsx", "out.parquet.gz", "out.orc"):
        ran = command("copy", "in.csv", name)
        assert ran.returncode == 1
        assert ran.stderr.splitlines()[:2] == [
            f"FB-USE-0101  {name}",
            f"  the format that the name promises is not written: {name}",
        ]
        assert not (tmp_path / name).exists()
    assert command("copy", "in.csv", "out.xlsx", "--to", "csv").returncode == 0
    assert (tmp_path / "out.xlsx").read_text() == "a,b\n1,x\n"


@pytest.mark.parametrize("begin", [b"PAR1\x15", b"ARROW1\0\0", b"Obj\x01", b"SQLite format 3\0", b"7z\xbc\xaf\x27\x1c"])
def test_a_file_that_is_no_text(begin: bytes, command: Command, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(begin + b"a,b\n1,2\n")
    for verb in ("sniff", "schema", "check"):
        ran = command(verb, "in.csv")
        assert (ran.returncode, ran.stderr.splitlines()[0]) == (4, "FB-DIA-0102  in.csv"), verb
    assert command("schema", "in.csv", "--encoding", "latin-1").returncode == 0
    (tmp_path / "in.csv").write_bytes(begin[:4].rstrip(b"\x01") + b",b\n1,2\n")
    assert command("sniff", "in.csv").returncode == 0
