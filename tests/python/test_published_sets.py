"""Published sets of hard files, which are no part of this repository: how many dialects are found, tables read and files
survived. Nothing is told to the reader."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

import flatbed as fb
from conftest import ROOT

MANIFEST = next((found for up in ROOT.parents if (found := up / "shared/data/cases/manifest.json").exists()), None)
CASES: list[dict[str, Any]] = json.loads(MANIFEST.read_text())["cases"] if MANIFEST else []

pytestmark = pytest.mark.skipif(not CASES, reason="../shared/data/cases is not here: the published sets are not run")


def cases_of(kind: str, *sets: str) -> list[dict[str, Any]]:
    return [case for case in CASES if kind in case["kinds"] and case["set"] in sets]


def path_of(file: str) -> Path:
    assert MANIFEST is not None
    return MANIFEST.parent / file


def table_of(text: bytes) -> list[list[str]]:
    """The cells of a table; a field that is missing at the end of a record is an empty one, so is a record at the end."""
    csv.field_size_limit(1 << 30)
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline="")))
    for row in rows:
        while row and not row[-1]:
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    return rows


def test_dialects() -> None:
    least = {"sniff_pollock": 0.99, "sniff_wrangling": 0.96, "sniff_w3c": 0.995, "pollock": 0.99, "gen": 0.97}
    right: defaultdict[str, list[bool]] = defaultdict(list)
    for case in cases_of("sniff", *least):
        found, wanted = fb.sniff(path_of(case["file"])), case["dialect"]
        # A file without quotes does not tell which it would have.
        quote = wanted.get("quote") in (None, found.quote) or (wanted["quote"], found.quote) == ('"', "")
        delimiter = wanted.get("delimiter")
        right[case["set"]].append(quote and delimiter in (None, found.delimiter))
    shares = {name: sum(each) / len(each) for name, each in right.items()}
    assert {name: share for name, share in shares.items() if share < least[name]} == {}
    assert set(shares) == set(least)


@pytest.mark.parametrize(("name", "least"), [("gen", 0.97), ("torture", 1.0), ("csv_test_data", 1.0), ("survey", 0.72)])
def test_tables(name: str, least: float, tmp_path: Path) -> None:
    cases, out, wrong = cases_of("convert", name), tmp_path / "out.csv", []
    options = {"as_is": True}
    for case in cases:
        fb.copy(path_of(case["file"]), out, source_options=options, target_options={**options, "overwrite": True})
        got, wanted = table_of(out.read_bytes()), table_of(path_of(case["table"]).read_bytes())
        if got != wanted:
            wrong.append(case["id"])
    assert len(cases) - len(wrong) >= least * len(cases), wrong


def test_files_that_are_broken_are_not_loaded_in_silence(tmp_path: Path) -> None:
    options = {"as_is": True}
    loaded = []
    for case in cases_of("survive", "torture_reject"):
        try:
            receipt = fb.copy(path_of(case["file"]), tmp_path / "out.csv", source_options=options)
            loaded += [case["id"]] if receipt.rejected == 0 else []
        except fb.Error as error:
            assert error.code and error.hint
    assert loaded == []


def test_every_file_ends_in_a_receipt_or_an_error(tmp_path: Path) -> None:
    cases = cases_of("survive", "duckdb_files", "torture_survive", "csv_test_data")
    for case in cases:
        try:
            receipt = fb.copy(path_of(case["file"]), tmp_path / "out.csv", target_options={"overwrite": True})
            assert receipt.balanced
        except fb.Error as error:
            assert error.code != "FB-RUN-0106"
    assert len(cases) > 400


def test_csv_spectrum(tmp_path: Path) -> None:
    """The files that are named after CRLF hold LF here, as a checkout of text files makes it; their tables say CRLF."""
    for case in cases_of("convert", "csv_spectrum"):
        source, target = tmp_path / Path(case["file"]).name, tmp_path / "out.csv"
        text = path_of(case["file"]).read_bytes()
        source.write_bytes(text.replace(b"\n", b"\r\n") if "crlf" in source.name else text)
        fb.copy(source, target, source_options={"as_is": True}, target_options={"as_is": True, "overwrite": True})
        assert table_of(target.read_bytes()) == table_of(path_of(case["table"]).read_bytes()), source.name
