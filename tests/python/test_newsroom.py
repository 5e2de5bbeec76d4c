"""Real files as a newsroom published them, which are no part of this repository: each is loaded into the embedded engine
without a flag and comes back with the same values, or is refused with the flag that settles it."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest

import flatbed as fb
from conftest import ROOT

NEWSROOM = Path(os.environ.get("FLATBED_TEST_DATA") or ROOT.parent / "shared" / "data") / "newsroom"
FILES = sorted(path for ending in ("csv", "tsv", "xlsx") for path in NEWSROOM.rglob(f"*.{ending}"))
ORDERED_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: \d{1,2}(:\d\d)(:\d\d)?(?: [AP]M)?)?")

pytestmark = pytest.mark.skipif(not FILES, reason=f"no files in {NEWSROOM}")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An engine that a reader keeps up, so that not every load has to start one."""
    folder = tmp_path_factory.mktemp("newsroom") / "engine"
    fb.copy(b"a\n1\n", f"chdb:{folder}/news/one", target_options={"create": True})
    with fb.read_csv(f"chdb:{folder}/news/one", options={"query": "SELECT number FROM numbers(10)"}):
        yield folder


def rows_of(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def records_of(path: Path) -> list[list[str]]:
    """All of a file from its header on, as Python's csv module reads it."""
    dialect = fb.sniff(path)
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [record for record in csv.reader(file, delimiter=dialect.delimiter) if record][dialect.skip_rows :]


def is_same(before: str, after: str) -> bool:
    """The same value, if not the same form: 1.5 and 1.50, 1/19/2023 and 2023-01-19, TRUE and true."""
    if before == after or (before == "\\N" and not after):
        return True
    if match := ORDERED_DATE.fullmatch(before):
        day = sorted(map(int, re.findall(r"\d+", after)[:3])) == sorted(map(int, match.groups()[:3]))
        return day and (match[4] or ":00") + (match[5] or ":00") == (after[13:19] or ":00:00")
    try:
        return Decimal(before) == Decimal(after)
    except InvalidOperation:
        return after in ("true", "false") and before.lower() == after


def check_values(path: Path, table: str, tmp_path: Path) -> None:
    fb.copy(path, tmp_path / "before.csv", source_options={"as_is": True}, target_options={"as_is": True})
    fb.copy(table, tmp_path / "after.csv")
    before, after = rows_of(tmp_path / "before.csv"), rows_of(tmp_path / "after.csv")
    if not fb.sniff(path).header:
        after = after[1:]
    # As it is, a file ends with its first table; what stands behind it is loaded too.
    assert len(before) == len(after) or len(after) == len(records_of(path))
    names = zip(before[0], after[0], strict=True)
    assert all(is_same(x, y) or (not x and y.startswith("column_")) for x, y in names)
    for row, (x, y) in enumerate(zip(before[1:], after[1 : len(before)], strict=True), 2):
        cells = list(zip(x, y, strict=True))
        assert all(is_same(*cell) for cell in cells), f"record {row}: {[cell for cell in cells if not is_same(*cell)]}"


def count_delimiters(path: Path) -> int:
    """The most fields that some usual delimiter finds in every line."""
    lines = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line][:50]
    return max(min(line.count(delimiter) for line in lines) for delimiter in ",;\t|")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(NEWSROOM)))
def test_a_real_file(path: Path, engine: Path, tmp_path: Path) -> None:
    table = f"chdb:{engine}/news/{re.sub('[^a-z0-9]', '_', str(path.relative_to(NEWSROOM)).lower())}"
    try:
        receipt = fb.copy(path, table, target_options={"create": True})
    except fb.Error as error:
        assert re.search(r"--[a-z]", error.hint), f"refused without a flag that settles it: {error}"
        return
    assert receipt.read == receipt.loaded > 0
    assert (receipt.rejected, receipt.duplicate, receipt.filtered) == (0, 0, 0)
    assert receipt.target_rows_after == receipt.loaded
    if path.suffix != ".xlsx":
        assert len(fb.schema(table).names) > 1 or count_delimiters(path) == 0
        check_values(path, table, tmp_path)
