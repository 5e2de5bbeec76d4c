"""The command: what it prints, where, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Command


def test_copy_and_its_receipt(people: Path, command: Command, tmp_path: Path) -> None:
    done = command("copy", people, "out.tsv", "--columns", "name,id", "--rename", "name:who", "--type", "id:UInt64")
    assert (done.returncode, done.stdout) == (0, "")
    assert "done: 3 rows" in done.stderr
    assert "read 3 = loaded 3 + rejected 0 + duplicate 0 + filtered 0" in done.stderr
    assert (tmp_path / "out.tsv").read_text() == "who\tid\nann\t1\nbob\t2\nO'Brien\t3\n"
    done = command("copy", people, "-", "--columns", "id", "--progress", "none")
    assert (done.returncode, done.stdout, done.stderr) == (0, "id\n1\n2\n3\n", "")


def test_receipt_as_json(people: Path, command: Command) -> None:
    done = command("copy", people, "out.csv", "--json")
    assert json.loads(done.stdout)["loaded"] == 3
    assert done.stderr == ""


def test_progress_as_json(people: Path, command: Command) -> None:
    done = command("copy", people, "out.csv", "--progress", "json")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["progress", "finished"]
    assert events[-1]["receipt"]["balanced"] is True


def test_flags_about_text(command: Command, tmp_path: Path) -> None:
    (tmp_path / "odd.txt").write_text("a note\n1;'x;y'\n2;z\n")
    flags = ["--delimiter", ";", "--quote", "'", "--no-header", "--skip-rows", "1"]
    done = command("copy", "odd.txt", "-", *flags, "--to", "tsv", "--progress", "none")
    assert done.stdout.splitlines()[1:] == ["1\tx;y", "2\tz"]
    done = command("copy", "odd.txt", "-", *flags, "--as-is", "-t", "delimiter=|", "--progress", "none")
    assert done.stdout.splitlines() == ["1|x;y", "2|z"]


def test_as_is(command: Command, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text('Report,,\n,,\nnorth,,south\nx,y,x\n1,007,3\n4, b\n5,"6,7",8,9\n')
    done = command("copy", "odd.csv", "-", "--to", "csv", "--as-is", "--header-rows", "2", "--progress", "none")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == 'north x,north y,south x\n1,007,3\n4, b\n5,"6,7",8,9\n'
    done = command("sniff", "odd.csv", "--json", "--header-rows", "2")
    dialect = json.loads(done.stdout)
    assert (dialect["delimiter"], dialect["skip_rows"], dialect["header_rows"]) == (",", 2, 2)
    done = command("copy", "odd.csv", "-", "--as-is", "--header-rows", "0", "--skip-rows", "4", "--progress", "none")
    assert done.stdout == '1,007,3\n4, b\n5,"6,7",8,9\n'


def test_exit_codes(people: Path, command: Command, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("a\n1\nx\n")
    typed = ["copy", bad, "-", "--type", "a:Int8", "--progress", "none"]
    done = command(*typed)
    assert done.returncode == 4
    assert done.stderr.startswith('FB-TYPE-0102  bad.csv:3, column 1 "a" (byte 4)'.replace("bad.csv", str(bad)))
    assert command(*typed, "--on-reject", "skip").returncode == 2
    assert command(*typed, "--rejects", "rejects.csv").returncode == 2
    assert "FB-TYPE-0102" in (tmp_path / "rejects.csv").read_text()
    assert command(*typed, "--on-reject", "skip", "--max-rejects", "0").returncode == 3
    assert command("copy", "missing.csv", "-").returncode == 4
    assert command("copy", people, people).returncode == 5
    assert command("copy", people, "nowhere/out.csv").returncode == 5
    assert command("copy", people, "-", "--memory", "much").returncode == 1
    assert command("copy", people).returncode == 1
    assert command("copy", people, "-", "--no-such-flag").returncode == 1
    assert command("copy", people, "-", "-s", "delimeter=;").returncode == 1
    assert command("copy", people, "-", "--rename", "x").returncode == 1
    assert command("cpoy").returncode == 1


def test_sniff(people: Path, command: Command) -> None:
    told = json.loads(command("sniff", people, "--json").stdout)
    assert (told["delimiter"], told["has_header"], told["skip_rows"]) == (",", True, 0)
    assert {"quote", "escape", "encoding", "newline", "score", "runner_up"} <= set(told)
    assert "delimiter ',' (detected)" in command("sniff", people).stdout


def test_schema(people: Path, command: Command) -> None:
    lines = command("schema", people).stdout.splitlines()
    assert lines[0] == "column\ttype\tdecided by"
    assert [line.split("\t")[0] for line in lines[1:]] == ["id", "name", "born", "score"]
    ddl = command("schema", people, "--ddl", "db.people", "--order-by", "id").stdout
    assert ddl.startswith("CREATE TABLE") and "ORDER BY" in ddl
    assert json.loads(command("schema", people, "--json").stdout)[0]["name"] == "id"


def test_preview(people: Path, command: Command) -> None:
    done = command("preview", people, "-n", 2)
    assert done.stdout.splitlines() == [
        "id\tname\tborn\tscore",
        "1\tann\t2001-02-03\t1.75",
        "2\tbob\t2002-03-04\tNULL",
    ]


def test_connectors(command: Command) -> None:
    assert "file\tfile\tread, write\t" in command("connectors").stdout
    assert "delimiter\ttext\t" in command("connectors", "file").stdout
    assert command("connectors", "nothing").returncode == 1


def test_help_and_version(command: Command) -> None:
    assert command("--version").stdout.startswith("flatbed 0.")
    done = command("copy", "--help", NO_COLOR="1")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    for flag in ("--columns", "--on-reject", "--memory", "--progress", "--json"):
        assert flag in done.stdout


def test_each_command_is_found_by_its_name(command: Command) -> None:
    """Only the module of the command that is called is imported."""
    from flatbed.command import _COMMANDS, _register
    from flatbed.command.app import app

    _register("")
    registered = [known.name or known.callback.__name__ for known in app.registered_commands if known.callback]
    groups = [str(group.name) for group in app.registered_groups]
    assert sorted([*registered, *groups]) == sorted(name for names in _COMMANDS.values() for name in names)
    for name in ("check", "loads", "columns", "quarantine"):
        assert command(name, "--help").returncode == 0


def test_the_ending_of_a_name_is_a_hint(command: Command, tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_text("id,name\n1,ann\n2,bob\n3,eve\n")
    assert command("copy", "x.tsv", "-", "--progress", "none").stdout == "id,name\n1,ann\n2,bob\n3,eve\n"
    done = command("copy", "x.tsv", "-", "--from", "tsv", "--as-is", "--progress", "none")
    assert done.stdout == '"id,name"\n"1,ann"\n"2,bob"\n"3,eve"\n'


@pytest.mark.parametrize(
    ("words", "copied", "checked"),
    [
        (["good.csv", "out.csv"], 0, 0),
        (["good.csv", "out.csv", "--type", "n:Intt"], 1, 1),
        (["bad.csv", "out.csv", "--type", "n:UInt8"], 4, 2),
        (["bad.csv", "out.csv", "--type", "n:UInt8", "--on-reject", "skip"], 2, 2),
        (["bad.csv", "out.csv", "--type", "n:UInt8", "--on-reject", "skip", "--max-rejects", "1"], 3, 2),
        (["none.csv", "out.csv"], 4, 4),
        (["good.csv", "clickhouse://127.0.0.1:1/default/t"], 5, 5),
    ],
)
def test_exit_codes_are_those_of_the_read_me(
    words: list[str], copied: int, checked: int, command: Command, tmp_path: Path
) -> None:
    (tmp_path / "good.csv").write_text("n\n1\n")
    (tmp_path / "bad.csv").write_text("n\n1\nx\n300\n")
    assert command("check", *words).returncode == checked
    assert not (tmp_path / "out.csv").exists()
    assert command("copy", *words).returncode == copied
