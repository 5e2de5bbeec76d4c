"""Pains that users of other tools reported, each under the name of its report: here the same file is read rightly."""

from __future__ import annotations

from pathlib import Path

import pytest

import flatbed as fb
from conftest import Command


def types_of(path: Path) -> dict[str, str]:
    return {field.name: field.type for field in fb.schema(path)}


def written(folder: Path, content: bytes) -> Path:
    path = folder / "file.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("issue", ["duckdb#15376", "duckdb#21000", "clickhouse#53384", "polars#13272"])
def test_late_row_decides_as_an_early_one(issue: str, tmp_path: Path) -> None:
    quote = '"' if issue == "duckdb#15376" else ""
    rows = [f"{quote}{number}{quote},{quote}a{quote}" for number in range(60_000)]
    rows[-1] = f"{quote}x-1{quote},{quote}a{quote}"
    path = written(tmp_path, ("id,name\n" + "\n".join(rows) + "\n").encode())
    field = next(iter(fb.schema(path)))
    assert (field.type, "60001" in field.decided_by) == ("String", True)
    assert fb.copy(path, tmp_path / "out.csv").loaded == 60_000


@pytest.mark.parametrize(
    ("issue", "early", "late", "type_"),
    [
        ("polars#10544", "1", "1.5", "Decimal(6, 1)"),
        ("arrow#49338", "", "7", "Nullable(UInt8)"),
        ("airbyte#26181", "1", "2026-01-31", "String"),
    ],
)
def test_the_type_is_that_of_all_rows(issue: str, early: str, late: str, type_: str, tmp_path: Path) -> None:
    rows = [f"{early and number},a" for number in range(60_000)]
    path = written(tmp_path, ("n,name\n" + "\n".join([*rows, f"{late},a"]) + "\n").encode())
    assert types_of(path)["n"] == type_
    assert fb.copy(path, tmp_path / "out.csv").loaded == 60_001


@pytest.mark.parametrize("issue", ["duckdb#11411", "clickhouse#112226"])
def test_leading_zeros_go_where_a_number_was_asked_for(issue: str, tmp_path: Path) -> None:
    path = written(tmp_path, b"zip\n00501\n12345\n")
    receipt = fb.copy(path, tmp_path / "out.csv", types={"zip": "UInt32"}, check=True)
    assert [(one.code, one.count) for one in receipt.leniencies] == [("FB-TYPE-0106", 1)]
    fb.copy(path, tmp_path / "out.csv", types={"zip": "UInt32"})
    assert (tmp_path / "out.csv").read_text() == "zip\n501\n12345\n"


@pytest.mark.parametrize("issue", ["clickhouse#640", "clickhouse#15371", "duckdb#14114", "embulk#279"])
def test_what_is_skipped_is_told(issue: str, command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, b"id,n\n1,1\n2,x\n3,3\n4,y\n")
    if issue == "embulk#279":  # nothing is skipped unasked
        assert command("copy", path, "out.csv", "--type", "n:UInt8").returncode == 4
        return
    done = command("copy", path, "out.csv", "--type", "n:UInt8", "--rejects", "bad.csv", "--progress", "plain")
    assert done.returncode == 2
    assert "rejected 2" in done.stderr
    loaded = (tmp_path / "out.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in loaded] == ["1", "3"]
    rejects = (tmp_path / "bad.csv").read_text()
    assert "2,x" in rejects
    assert "4,y" in rejects


@pytest.mark.parametrize(
    ("issue", "bad"),
    [
        ("duckdb#14177", '{0},"x" y,z'),
        ("duckdb#14001", "{0},a,b,c"),
        ("duckdb#11065", "{0}"),
        ("clickhouse#17712", "{0}x,a,b"),
    ],
)
def test_a_bad_row_harms_no_other(issue: str, bad: str, tmp_path: Path) -> None:
    rows = [
        bad.format(row) if row % 7 == 3 else f'{row},"t\n{row}",' + ("" if row % 2 else "v") for row in range(30_000)
    ]
    path = written(tmp_path, ("id,text,value\n" + "\n".join(rows) + "\n").encode())
    receipt = fb.copy(
        path, tmp_path / "out.csv", types={"id": "UInt32"}, max_rejects="50%", memory="8M", on_reject="skip"
    )
    good = [row for number, row in enumerate(rows) if number % 7 != 3]
    assert (receipt.loaded, receipt.rejected) == (len(good), len(rows) - len(good))
    assert (tmp_path / "out.csv").read_text() == "id,text,value\n" + "\n".join(good) + "\n"


@pytest.mark.parametrize("issue", ["polars#18363", "polars#1831", "duckdb#5011"])
def test_an_error_has_its_line(issue: str, command: Command, tmp_path: Path) -> None:
    bad = {"polars#18363": "x,a", "polars#1831": "7,a,b", "duckdb#5011": "7"}[issue]
    rows = [f'{row},"two\nlines"' for row in range(20_000)]
    path = written(tmp_path, ("n,text\n" + "\n".join([*rows, bad]) + "\n").encode())
    done = command("copy", path, "out.csv", "--type", "n:UInt32", "--progress", "none")
    assert f"{path}:40002" in done.stderr.splitlines()[0]
    assert f"  40002 | {bad}\n" in done.stderr


@pytest.mark.parametrize("issue", ["duckdb#5782", "duckdb#5794", "csvkit#977", "dbt-core#2165"])
def test_leading_zeros_stay(issue: str, tmp_path: Path) -> None:
    values = {"duckdb#5782": "00501", "duckdb#5794": "007", "csvkit#977": "0123456789", "dbt-core#2165": "01"}
    content = f"zip,n\n12345,1\n{values[issue]},2\n"
    path = written(tmp_path, content.encode())
    assert types_of(path)["zip"] == "String"
    fb.copy(path, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == content


@pytest.mark.parametrize(
    ("issue", "content", "delimiter", "columns"),
    [
        # One bad line must not turn the file into one column.
        ("duckdb#15576", "a;b;c\n" + "1;2,5;x\n" * 50 + "broken line\n" + "3;4,5;y\n" * 50, ";", 3),
        ("duckdb#14117", "a,b\n" + '1,"x"\n' * 30 + '2,"y" z\n' + '3,"w"\n' * 30, ",", 2),
        ("duckdb#14883", "# made by hand\na\tb\tc\n" + "1\t2\t3\n" * 20 + "1\t2\n", "\t", 3),
        ("duckdb#19578", "a|b\n" + "1|it's; so, it is\n" * 20, "|", 2),
    ],
)
def test_one_bad_line_leaves_the_columns(
    issue: str, content: str, delimiter: str, columns: int, tmp_path: Path
) -> None:
    path = written(tmp_path, content.encode())
    assert fb.sniff(path).delimiter == delimiter
    assert len(fb.schema(path)) == columns


def test_duckdb_9343_scores_or_a_refusal(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, b"a,b;c\nd,e;f\ng,h;i\nj,k;l\n")
    refused = command("sniff", path)
    assert refused.returncode == 4
    assert "--delimiter ',' or --delimiter ';' settles it" in refused.stderr
    assert fb.sniff(path, options={"delimiter": ";"}).delimiter == ";"
    clear = fb.sniff(written(tmp_path, b"a;b\n1;2\n3;4\n"))
    assert 0 < clear.score <= 1
    assert "one column" in clear.runner_up


@pytest.mark.parametrize(
    ("issue", "values"),
    [
        ("csvkit#280", ["01/02/2013", "03/04/2013"]),
        ("wealthfolio#1601", ["05/06/2026", "07/08/2026"]),
        ("submersion#1828", ["1/2/24 10:30", "3/4/24 11:00"]),
        ("duckdb#13121", ["41_10_1", "42_10_2"]),
    ],
)
def test_dates_are_not_guessed(issue: str, values: list[str], tmp_path: Path) -> None:
    path = written(tmp_path, ("day,n\n" + "".join(f"{value},1\n" for value in values)).encode())
    try:
        kind = types_of(path)["day"]
    except fb.Error:
        return  # A refusal is no guess.
    assert kind == "String"


@pytest.mark.parametrize("issue", ["clickhouse#6476", "clickhouse#11478"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_text(issue: str, encoding: str, tmp_path: Path) -> None:
    mark = "\ufeff" if issue == "clickhouse#6476" else ""
    text = "name;n\nKöln;1\nŁódź;2\n"
    path = written(tmp_path, (mark + text).encode(encoding))
    fb.copy(path, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == text.replace(";", ",")


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_clickhouse_55449_line_ends(end: str, tmp_path: Path) -> None:
    path = written(tmp_path, end.join(["a,b", "1,x", "2,y", ""]).encode())
    assert fb.sniff(path).newline == end
    assert types_of(path) == {"a": "UInt8", "b": "String"}
    assert fb.copy(path, tmp_path / "out.csv").loaded == 2
