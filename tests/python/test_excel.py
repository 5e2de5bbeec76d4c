"""Sheets of real workbooks, written by openpyxl."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import openpyxl
import pytest

import flatbed as fb
from conftest import Command
from flatbed import excel
from flatbed.excel import column_name, open_sheet


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.xlsx"
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "People"
    sheet.append(["id", "name", "code", "born", "score", "seen"])
    sheet.append([1, "ann", "007", datetime.date(2001, 2, 3), 1.5, datetime.datetime(2020, 1, 2, 3, 4, 5)])
    sheet.append([2, 'b"o,b\nx', "42", datetime.date(2002, 3, 4), None, datetime.datetime(2020, 1, 2, 3, 4, 6)])
    sheet.append([3, "#N/A", "8", datetime.date(2003, 4, 5), "#DIV/0!", None])
    sheet["B4"].data_type = "s"  # the text, not the error
    sheet["E4"].data_type = "e"
    sheet.append([])
    sheet.append([4, None, "9", datetime.date(2004, 5, 6), 2, None])
    other = workbook.create_sheet("Other")
    other["B3"], other["C3"], other["B4"], other["C4"], other["B5"], other["C5"] = "x", "y", 1, 2, 3, 4
    other["B9"] = "a note below"
    workbook.save(path)
    return path


def test_types_come_from_cells_and_an_error_is_a_reject(book: Path, tmp_path: Path) -> None:
    with pytest.raises(fb.Error) as caught:
        fb.copy(book, tmp_path / "out.csv")
    assert caught.value.message == 'cell E4 of sheet "People" holds the error #DIV/0!'
    assert caught.value.line == 4 and caught.value.column_name == "score" and caught.value.uri == str(book)
    receipt = fb.copy(book, tmp_path / "out.csv", on_reject="skip")
    assert (receipt.read, receipt.loaded, receipt.rejected) == (4, 3, 1)
    assert (tmp_path / "out.csv").read_text() == (
        "id,name,code,born,score,seen\n"
        "1,ann,007,2001-02-03,1.5,2020-01-02 03:04:05\n"
        '2,"b""o,b\nx",42,2002-03-04,,2020-01-02 03:04:06\n'
        "4,,9,2004-05-06,2.0,\n"
    )
    types = {field.name: field.type for field in receipt.schema}
    assert types["name"] == "Nullable(String)" and types["code"] == "String"
    assert types["born"] == "Date" or types["born"] == "Date32"
    assert types["seen"].startswith("Nullable(DateTime")


def test_sheets_ranges_and_headers_are_chosen(book: Path) -> None:
    def cells(**options: object) -> tuple[list[str], list[tuple[str | None, ...]]]:
        batch = fb.preview(book, options=options)
        return batch.column_names, batch.texts()

    assert cells(sheet="Other", range="B3:C5") == (["x", "y"], [("1", "2"), ("3", "4")])
    assert cells(sheet="2", range="B4:C5", header=False) == (["B", "C"], [("1", "2"), ("3", "4")])
    assert cells(sheet="Other", range="C3:C5") == (["y"], [("2",), ("4",)])
    for wrong in ({"sheet": "Third"}, {"range": "B3:"}, {"range": "3B"}, {"sheat": "x"}):
        with pytest.raises(fb.UsageError):
            fb.preview(book, options=wrong)


def test_a_target_s_types_rule(book: Path, tmp_path: Path) -> None:
    table = f"chdb:{tmp_path}/engine/default/people"
    people = open_sheet(book)
    options = {"create": True, "order_by": "id"}
    fb.copy(people, table, columns=["id", "code"], types={"code": "UInt16"}, target_options=options, on_reject="skip")
    assert fb.preview(table).texts() == [("1", "7"), ("2", "42"), ("4", "9")]


def test_the_command_reads_a_workbook(book: Path, command: Command) -> None:
    done = command("copy", book, "-", "--to", "csv", "-s", "sheet=Other", "-s", "range=B3:C5")
    assert done.returncode == 0 and done.stdout == "x,y\n1,2\n3,4\n"


def test_columns_have_the_names_of_excel() -> None:
    assert [column_name(index) for index in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_sheets_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "First"
    book.create_sheet("Second, it is")
    book.save(path)
    assert excel.sheets(path) == ["First", "Second, it is"]


def test_a_workbook_that_is_none_or_too_large_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    for content in (b"", b"no workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600):
        path.write_bytes(content)
        with pytest.raises(fb.IOError) as raised:
            fb.schema(path)
        assert raised.value.code == "FB-SRC-0105"
    with pytest.raises(fb.IOError) as raised:
        fb.schema(tmp_path / "none.xlsx")
    assert raised.value.code == "FB-SRC-0101"
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active.append([1, 2])
    book.save(path)
    whole = path.read_bytes()
    for cut in (len(whole) // 3, len(whole) - 30):
        path.write_bytes(whole[:cut])
        with pytest.raises(fb.IOError) as raised:
            fb.schema(path)
        assert raised.value.code == "FB-SRC-0105"
    path.write_bytes(whole)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/bomb.xml", b" " * 3_000_000)
    with pytest.raises(fb.IOError) as raised:
        fb.schema(path, options={"unpack_limit": 1_000_000})
    assert raised.value.code == "FB-SRC-0107"
    assert len(fb.schema(path, options={"unpack_limit": 4_000_000})) == 2
