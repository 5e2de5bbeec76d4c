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
    [("csvkit#280", ["01/02/2013", "03/04/2013"]), ("duckdb#13121", ["41_10_1", "42_10_2"])],
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
