"""Sheets of Excel workbooks (.xlsx) as sources; needs `pip install flatbed[excel]`.

>>> import flatbed as fb
>>> fb.copy("book.xlsx", "clickhouse://localhost/shop/orders", source_options={"sheet": "Orders"})  # doctest: +SKIP

Options of a workbook: `sheet` (a name, or a number from 1; the first one is the default), `range` ("B2:F100", "B2" or
"B:F"), `header` (whether the first row names the columns) and `unpack_limit` (most bytes that it may unpack to, 4 GiB).
A column with any text in it is text; the types of the others come from every cell. A row that holds an error (#DIV/0!,
#N/A) is a reject that names its sheet and cell. The sheet is held in memory.
"""

from __future__ import annotations

import csv
import datetime
import io
import os
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flatbed.errors import Error, _from_record

ENDINGS = (".xlsx", ".xlsm")
UNPACK_LIMIT = 4 << 30
_CELL = re.compile(r"([A-Za-z]{0,3})([0-9]*)")


@dataclass(frozen=True)
class Sheet:
    """The rows of a sheet, as a source for `flatbed.copy`, `schema` and `preview`."""

    path: str
    text: bytes  # the rows as CSV
    types: dict[str, str]  # of the columns that hold text
    rows: list[int]  # of each record, its row in the sheet, from 1
    rejects: list[dict[str, Any]]  # of rows that hold an error

    def __flatbed_source__(self) -> tuple[bytes, dict[str, str], str, list[int], list[dict[str, Any]]]:
        return self.text, self.types, self.path, self.rows, self.rejects


def column_name(index: int) -> str:
    """Returns "A" for 0, "AA" for 26."""
    name = ""
    while index >= 0:
        name = chr(ord("A") + index % 26) + name
        index = index // 26 - 1
    return name


def _usage(message: str, hint: str = "") -> Error:
    return _refused("FB-USE-0103", message, hint)


def _refused(code: str, message: str, hint: str = "", path: str = "") -> Error:
    text = f"{code}\n  {message}" + (f"\n  fix: {hint}" if hint else "")
    place = dict.fromkeys(("byte", "line", "record", "column"))
    exit_code = 1 if code.startswith("FB-USE") else 4
    told = {"code": code, "message": message, "hint": hint, "native_code": 0, "exit_code": exit_code}
    return _from_record(
        text, {**told, **place, "uri": path, "column_name": "", "expected": "", "found": "", "raw": b""}
    )


def _corner(text: str, whole: str) -> tuple[int | None, int | None]:
    """Row and column of "B2", from 0; None for the one that is not named."""
    match = _CELL.fullmatch(text)
    if not match or not text:
        raise _usage(f'option "range" cannot be "{whole}"', "name cells as in B2:F100, B2 or B:F")
    letters, digits = match.groups()
    column = None
    for letter in letters.upper():
        column = ((column + 1) * 26 if column is not None else 0) + ord(letter) - ord("A")
    return (int(digits) - 1 if digits else None), column


def _bounds(text: str) -> tuple[int, int, int | None, int | None]:
    """First row and column and last ones, all from 0."""
    first, colon, last = text.partition(":")
    top, left = _corner(first, text)
    bottom, right = _corner(last, text) if colon else (None, None)
    return top or 0, left or 0, bottom, right


def _written(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    if isinstance(value, datetime.timedelta):
        seconds = value.total_seconds()
        minutes, rest = divmod(int(seconds), 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest:02d}"
    return str(value)


def _looked_through(path: str, limit: int) -> bool:
    """Unpacks a workbook once, part by part, to know before anything holds it in memory that it is whole and no larger
    than the limit. Returns whether a cell may be of the error type; the reader gives those as empty ones."""
    unpacked, has_errors = 0, False
    with zipfile.ZipFile(path) as book:
        for name in book.namelist():
            with book.open(name) as member:
                tail = b""
                while part := member.read(1 << 20):
                    unpacked += len(part)
                    if unpacked > limit:
                        raise _refused(
                            "FB-SRC-0107",
                            f"the workbook unpacks to more than {limit} bytes",
                            "raise unpack_limit if the file can be trusted",
                        )
                    if name.startswith("xl/worksheets/") and b't="e"' in tail + part:
                        has_errors = True
                    tail = part[-8:]
    return has_errors


def _errors(path: str, sheet: str) -> dict[tuple[int, int], str]:
    """The error cells of a sheet: (row, column) from 0, and what stands there."""
    import openpyxl  # type: ignore[import-untyped]

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    found = {}
    for row in book[sheet].iter_rows():
        for cell in row:
            if cell.data_type == "e":
                found[(cell.row - 1, cell.column - 1)] = str(cell.value)
    book.close()
    return found


def _chosen(book: Any, wanted: str) -> str:
    names: Sequence[str] = book.sheet_names
    if not wanted:
        return names[0]
    if wanted in names:
        return wanted
    if wanted.isdigit() and 1 <= int(wanted) <= len(names):
        return names[int(wanted) - 1]
    raise _usage(f'the workbook has no sheet "{wanted}"', "its sheets are " + ", ".join(names))


def _names(cells: Sequence[Any], left: int, header: bool) -> list[str]:
    if not header:
        return [column_name(left + index) for index in range(len(cells))]
    return [_written(cell).strip() or column_name(left + index) for index, cell in enumerate(cells)]


def _opened(path: str, limit: Any) -> tuple[Any, bool]:
    """The workbook, and whether it may have cells of the error type."""
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise _usage("Excel files need the package python-calamine", "pip install 'flatbed[excel]'") from None
    if not str(limit).isdecimal():
        raise _usage(f'option "unpack_limit" cannot be "{limit}"', "give a number of bytes")
    try:
        may_have_errors = _looked_through(path, int(limit))
        return CalamineWorkbook.from_path(path), may_have_errors
    except Error:
        raise
    except FileNotFoundError:
        raise _refused("FB-SRC-0101", f"the file does not exist: {path}", "check the path", path) from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        CalamineError,
        EOFError,
        NotImplementedError,
        OSError,
        RuntimeError,
    ) as error:
        raise _refused(
            "FB-SRC-0105",
            f"the file cannot be read as a workbook: {error}",
            "save it anew, as .xlsx and without a password",
            path,
        ) from None


def sheets(path: str | os.PathLike[str], options: Mapping[str, Any] | None = None) -> list[str]:
    """Returns the names of the sheets of a workbook, in their order. `options` holds `unpack_limit` or nothing."""
    book, _ = _opened(os.fspath(path), (options or {}).get("unpack_limit", UNPACK_LIMIT))
    return list(book.sheet_names)


def open_sheet(path: str | os.PathLike[str], options: Mapping[str, Any] | None = None) -> Sheet:
    """Reads a sheet. Raises UsageError for a sheet or range that is not there."""
    given = dict(options or {})
    unknown = sorted(set(given) - {"sheet", "range", "header", "unpack_limit"})
    if unknown:
        raise _usage(
            f'a workbook has no option "{unknown[0]}"', "its options are sheet, range, header and unpack_limit"
        )
    path = os.fspath(path)
    book, may_have_errors = _opened(path, given.get("unpack_limit", UNPACK_LIMIT))
    sheet = _chosen(book, str(given.get("sheet") or ""))
    top, left, bottom, right = _bounds(str(given["range"])) if given.get("range") else (0, 0, None, None)
    header = str(given.get("header", True)).lower() not in ("false", "0", "no", "off")
    errors = _errors(path, sheet) if may_have_errors else {}
    cells = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    table = [
        row[left : None if right is None else right + 1] for row in cells[top : None if bottom is None else bottom + 1]
    ]
    if not table:
        return Sheet(path, b"", {}, [], [])
    names = _names(table[0], left, header)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    rows, rejects = [], []
    with_text, with_blank = set(), set()
    for offset, row in enumerate(table[1:] if header else table, start=top + header):
        broken = next((at for at in range(len(row)) if (offset, left + at) in errors), None)
        if broken is not None:
            place = f"{column_name(left + broken)}{offset + 1}"
            rejects.append(
                {
                    "message": f'cell {place} of sheet "{sheet}" holds the error {errors[(offset, left + broken)]}',
                    "line": offset + 1,
                    "column": broken,
                    "column_name": names[broken],
                    "raw": ",".join(errors.get((offset, left + at), _written(one)) for at, one in enumerate(row)),
                }
            )
            continue
        if all(cell == "" for cell in row):
            continue  # an empty row is no record
        for at, cell in enumerate(row):
            if cell == "":
                with_blank.add(at)
            elif isinstance(cell, str):
                with_text.add(at)
        writer.writerow(map(_written, row))
        rows.append(offset + 1)
    types = {names[at]: "Nullable(String)" if at in with_blank else "String" for at in sorted(with_text)}
    return Sheet(path, text.getvalue().encode(), types, rows, rejects)
