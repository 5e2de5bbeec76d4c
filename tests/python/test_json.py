"""JSON files: read as rows by the command and the module, checked, quarantined; well-formedness by other people's cases."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flatbed as fb

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "real"))

from clickhouse import ClickHouse

ROOT = Path(__file__).resolve().parents[2]
CASES = next((found for up in ROOT.parents if (found := up / "shared/data/cases/manifest.json").exists()), None)
EXAMPLES = int(os.environ.get("FLATBED_EXAMPLES", "20"))
Run = Callable[..., subprocess.CompletedProcess[str]]

LINES = (
    '{"id":1,"tags":["a","b"],"at":"2026-01-02T03:04:05Z"}\n{"id":2,"tags":[],"big":123456789012345678901234567890}\n'
)


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    with ClickHouse() as running:
        yield running


def address(server: ClickHouse, table: str) -> str:
    return f"clickhouse://127.0.0.1:{server.http_port}/default/{table}"


@pytest.mark.parametrize("name", ["rows.ndjson", "rows.jsonl", "rows.json", "rows.ndjson.gz"])
def test_a_file_goes_into_a_new_table(server: ClickHouse, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    text = LINES if "nd" in name or "jsonl" in name else json.dumps([json.loads(line) for line in LINES.splitlines()])
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    table = "new_" + name.replace(".", "_")
    receipt = fb.copy(path, address(server, table), target_options={"create": True, "order_by": ["id"]})
    assert receipt.read == receipt.loaded == 2
    types = f"SELECT name, type FROM system.columns WHERE table = '{table}' FORMAT TSV"
    assert server.query(types) == (
        "id\tUInt8\ntags\tArray(String)\nat\tNullable(DateTime(\\'UTC\\'))\nbig\tNullable(UInt128)\n"
    )
    assert server.query(f"SELECT * FROM {table} ORDER BY id FORMAT TSV") == (
        "1\t['a','b']\t2026-01-02 03:04:05\t\\N\n2\t[]\t\\N\t123456789012345678901234567890\n"
    )


def test_the_command_reads_standard_input_and_flattens(command: Run, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flatbed.command", "copy", "-", "-", "--from", "ndjson", "--to", "csv", "--flatten"],
        input='{"a":{"b":1,"c":"x"}}\n{"a":{"b":2}}\n',
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.stdout.replace('"', "") == "a.b,a.c\n1,x\n2,\n"
    (tmp_path / "t.json").write_text('{"a":{"b":1}}')
    assert "a.b" in command("schema", "t.json", "--flatten").stdout


def test_options_of_other_formats_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.ndjson"
    path.write_text(LINES)
    with pytest.raises(fb.Error, match='option "nulls" says nothing about JSON'):
        fb.schema(path, options={"nulls": "NA"})
    with pytest.raises(fb.Error, match="is JSON"):
        fb.sniff(path)
    (tmp_path / "t.csv").write_text("a\n1\n")
    with pytest.raises(fb.Error, match='option "flatten" is for JSON'):
        fb.schema(tmp_path / "t.csv", options={"flatten": True})


def test_check_against_a_table_and_of_the_file_alone(command: Run, server: ClickHouse, tmp_path: Path) -> None:
    server.query("CREATE TABLE narrow (a UInt8) ENGINE = MergeTree ORDER BY a")
    path = tmp_path / "t.ndjson"
    path.write_text('{"a":1}\n{"a":300}\n{"a":1,"a":2}\n')
    done = command("check", path)
    told = "of 3 records 3 are well-formed JSON and 0 are not; against a TARGET values are checked too\n"
    assert done.stdout == told
    assert done.returncode == 0  # JSON as JSON has no range and knows keys that come twice
    done = command("check", path, address(server, "narrow"))
    assert done.returncode == 2
    assert "FB-TYPE-0103" in done.stdout
    assert "FB-JSON-0103" in done.stdout
    assert server.query("SELECT count() FROM narrow") == "0\n"
    path.write_text('{"a":1}\n{"a":}\n')
    done = command("check", path)
    assert done.returncode == 2
    assert "FB-JSON-0101" in done.stdout
    path.with_suffix(".json").write_text("[1, 2")
    done = command("check", path.with_suffix(".json"))
    assert done.returncode == 4
    assert "the array is not closed" in done.stderr
    assert command("copy", path).returncode == 1


def test_rejects_are_quarantined_corrected_and_replayed_once(server: ClickHouse, tmp_path: Path) -> None:
    server.query(
        "CREATE TABLE mended (a UInt8, s Nullable(String)) ENGINE = MergeTree ORDER BY a "
        "SETTINGS non_replicated_deduplication_window = 100"
    )
    path, folder = tmp_path / "t.ndjson", tmp_path / "bad"
    path.write_text('{"a":1,"s":"x, \\"y\\""}\n{"a":300,"s":"a, b"}\n{"a":2,"s":}\n{"s":"z","a":3}\n')
    receipt = fb.copy(path, address(server, "mended"), quarantine=folder)
    assert (receipt.read, receipt.loaded, receipt.rejected) == (4, 2, 2)
    rows = folder / "rows.csv"
    assert rows.read_text() == '{"a":300,"s":"a, b"}\n{"a":2,"s":}\n'
    rows.write_text('{"a":30,"s":"a, b"}\n{"a":2,"s":}\n')
    assert fb.replay(folder).loaded == 1
    rows.write_text('{"a":30,"s":"a, b"}\n{"a":2,"s":null}\n')
    assert fb.replay(folder).loaded == 1
    assert fb.replay(folder).loaded == 0
    assert server.query("SELECT * FROM mended ORDER BY a FORMAT TSV") == '1\tx, "y"\n2\t\\N\n3\tz\n30\ta, b\n'


def test_elements_of_an_array_are_quarantined_one_a_line(server: ClickHouse, tmp_path: Path) -> None:
    server.query(
        "CREATE TABLE elements (a UInt8, s Nullable(String)) ENGINE = MergeTree ORDER BY a "
        "SETTINGS non_replicated_deduplication_window = 100"
    )
    path, folder = tmp_path / "t.json", tmp_path / "bad"
    path.write_text(
        '[{"a":1,"s":"x"},\n {"a":300,\n  "s":"y\\nz"},\n {"a":"q\\"\\\\",\r\n  "s":"b"},\n {"a":2,"s":"new\nline"}, 5]\n'
    )
    receipt = fb.copy(path, address(server, "elements"), quarantine=folder)
    assert (receipt.read, receipt.loaded, receipt.rejected) == (5, 1, 4)
    rows = folder / "rows.csv"
    assert rows.read_text() == '{"a":300,   "s":"y\\nz"}\n{"a":"q\\"\\\\",    "s":"b"}\n5\n'
    assert [row.state for row in fb.quarantine(folder).rows] == ["open", "open", "missing", "open"]
    rows.write_text('{"a":30,   "s":"y\\nz"}\n{"a":7,    "s":"b"}\n5\n')
    assert fb.replay(folder).loaded == 2
    rows.write_text('{"a":30,   "s":"y\\nz"}\n{"a":7,    "s":"b"}\n{"a":5}\n')
    assert fb.replay(folder).loaded == 1
    assert fb.replay(folder).loaded == 0
    assert server.query("SELECT * FROM elements ORDER BY a FORMAT TSV") == "1\tx\n5\t\\N\n7\tb\n30\ty\\nz\n"


def test_a_quarantine_without_an_object_is_replayed_as_objects(server: ClickHouse, tmp_path: Path) -> None:
    server.query(
        "CREATE TABLE things (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100"
    )
    path, folder = tmp_path / "t.json", tmp_path / "bad"
    path.write_text('[{"a":1}, 5, [6], "seven"]\n')
    assert fb.copy(path, address(server, "things"), quarantine=folder).rejected == 3
    receipt = fb.replay(folder)
    assert (receipt.read, receipt.loaded, receipt.rejected) == (3, 0, 3)
    assert {finding.code for finding in receipt.findings} == {"FB-JSON-0102"}
    reject = receipt.first_rejects[0]
    assert (reject.uri, reject.line, reject.message) == (str(folder / "rows.csv"), 1, "the record is no object: '5'")
    (folder / "rows.csv").write_text('{"a":5}\n[6]\n"seven"\n')
    assert fb.replay(folder).loaded == 1
    assert [row.state for row in fb.quarantine(folder).rows] == ["loaded", "open", "open"]
    assert server.query("SELECT a FROM things ORDER BY a FORMAT TSV") == "1\n5\n"


def test_an_element_that_a_table_refuses_has_its_place(server: ClickHouse, tmp_path: Path) -> None:
    server.query("CREATE TABLE picky (a UInt8, CONSTRAINT small CHECK a < 10) ENGINE = MergeTree ORDER BY a")
    path = tmp_path / "t.json"
    path.write_text('[{"a":1},\n {"a":20},\n {"a":3}]\n')
    receipt = fb.copy(path, address(server, "picky"), on_reject="skip")
    assert (receipt.loaded, receipt.rejected) == (2, 1)
    reject = receipt.first_rejects[0]
    assert (reject.code, reject.line, reject.raw) == ("FB-CH-0107", 2, b'{"a":20}')


@pytest.mark.parametrize("suffix", ["ndjson", "json"])
def test_every_byte_of_a_text_goes_out_and_back(server: ClickHouse, tmp_path: Path, suffix: str) -> None:
    for table in (f"bytes_{suffix}", f"back_{suffix}"):
        server.query(f"CREATE TABLE {table} (s String, m Map(String, String)) ENGINE = MergeTree ORDER BY s")
    server.query(f"INSERT INTO bytes_{suffix} SELECT concat(char(number), 'x') AS s, map(s, s) FROM numbers(128)")
    first, second = tmp_path / f"first.{suffix}", tmp_path / f"second.{suffix}"
    fb.copy(address(server, f"bytes_{suffix}"), first, source_options={"order_by": "s"})
    assert fb.copy(first, address(server, f"back_{suffix}")).loaded == 128
    fb.copy(address(server, f"back_{suffix}"), second, source_options={"order_by": "s"})
    assert first.read_bytes() == second.read_bytes()
    assert server.query(f"SELECT count() FROM bytes_{suffix} JOIN back_{suffix} USING (s, m)") == "128\n"


@pytest.mark.skipif(CASES is None, reason="../shared/data/cases is not here: JSONTestSuite is not run")
def test_the_cases_of_json_test_suite(command: Run) -> None:
    assert CASES is not None
    cases = [case for case in json.loads(CASES.read_text())["cases"] if case["set"] == "jsontest"]
    wrong = []
    for case in cases:
        # The file alone is what the suite is about.
        try:
            receipt = fb.copy(
                CASES.parent / case["file"],
                "-",
                source_options={"format": "json", "as_is": True},
                check=True,
                on_reject="skip",
            )
            accepted = receipt.rejected == 0
        except fb.Error:
            accepted = False
        if case["expect"] != "either" and accepted != (case["expect"] == "accept"):
            wrong.append(case["id"])
    assert wrong == []
    assert len(cases) > 100


def test_clickhouse_120348_a_late_key_is_not_lost(server: ClickHouse, tmp_path: Path) -> None:
    """A key that comes first in the last of many rows is a column with that one value."""
    path = tmp_path / "late.ndjson"
    with path.open("w") as file:
        file.writelines(f'{{"n":{n},"pad":"{"x" * 100}"}}\n' for n in range(150_000))
        file.write('{"n":150000,"late":"here"}\n')
    assert path.stat().st_size > 16 << 20
    fb.copy(path, address(server, "late"), target_options={"create": True, "order_by": ["n"]})
    assert server.query("SELECT count(), countIf(late = 'here'), countIf(pad IS NULL) FROM late") == "150001\t1\t1\n"


# A shape, and the objects of it: what may be missing or null is a leaf, as ClickHouse has no NULL for an array.
LEAVES = st.sampled_from(
    [
        st.integers(-(2**200), 2**200),
        st.floats(allow_nan=False, allow_infinity=False),
        st.booleans(),
        st.text(st.characters(blacklist_categories=["Cs"]), max_size=12),
    ]
)
KEYS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=6)


def objects_of(members: dict[str, tuple[bool, st.SearchStrategy[Any]]]) -> st.SearchStrategy[Any]:
    always = {key: values for key, (leaf, values) in members.items() if not leaf}
    maybe = {key: st.none() | values for key, (leaf, values) in members.items() if leaf}
    return st.fixed_dictionaries(always, optional=maybe)


SHAPES = st.recursive(
    LEAVES.map(lambda values: (True, values)),
    lambda inner: st.one_of(
        inner.map(lambda shape: (False, st.lists(shape[1], max_size=3))),
        st.dictionaries(KEYS, inner, min_size=1, max_size=3).map(lambda members: (False, objects_of(members))),
    ),
    max_leaves=6,
)
FILES = st.dictionaries(KEYS, SHAPES, min_size=1, max_size=4).flatmap(
    lambda members: st.lists(objects_of(members), min_size=1, max_size=8)
)


def without_nulls(value: Any) -> Any:
    """The value, where a member that is missing and one that is null are one."""
    if isinstance(value, dict):
        members = {key: without_nulls(member) for key, member in value.items()}
        return {key: member for key, member in members.items() if member is not None} or None
    return [without_nulls(element) for element in value] if isinstance(value, list) else value


def values_in(lines: Path) -> list[Any]:
    """The rows; a number with an exponent is a float, all others have their digits."""
    number = lambda text: float(text) if "e" in text else Decimal(text)  # noqa: E731
    rows = lines.read_text().split("\n")[:-1]
    return [without_nulls(json.loads(row, parse_float=number, parse_int=Decimal)) for row in rows]


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, float) != isinstance(other, float):  # 1e16 may be written with all its digits, and back
        return float(one) == float(other)
    return bool(one == other) and type(one) is type(other)


def test_any_objects_keep_their_values_under_the_types_found_in_them() -> None:
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(FILES)
    def check(rows: list[dict[str, Any]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            first, second = Path(folder, "first.ndjson"), Path(folder, "second.ndjson")
            first.write_text("".join(json.dumps(row) + "\n" for row in rows))
            if not any(rows):
                return
            assert fb.copy(first, second).loaded == len(rows)
            assert equal(values_in(second), values_in(first))

    check()
