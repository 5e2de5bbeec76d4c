"""Errors as answers: one shape for the library's and the app's own."""

from __future__ import annotations

import flatbed
from flatbed_web.models import Place, Problem

RAW_SHOWN = 2000


class Refusal(Exception):
    """The app says no: `status` is HTTP's."""

    def __init__(self, status: int, code: str, message: str, *, expected: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.problem = Problem(code=code, message=message, expected=expected, hint=hint)


def not_found(what: str) -> Refusal:
    return Refusal(404, "FB-WEB-0404", f"there is no such {what}", hint="go back a step and choose it again")


def named(text: str, names: dict[str, str]) -> str:
    """The text, with names in place of the app's own paths."""
    for path, name in names.items():
        text = text.replace(path, name)
    return text


def problem_of(error: flatbed.Error, names: dict[str, str]) -> Problem:
    """An error of the library; `names` says what a visitor calls the app's own files."""

    def said(text: str) -> str:
        return named(text, names)

    return Problem(
        code=error.code,
        message=said(error.message),
        expected=said(error.expected),
        hint=said(error.hint),
        raw=error.raw[:RAW_SHOWN].decode("utf-8", "backslashreplace"),
        place=Place(
            uri=said(error.uri),
            byte=error.byte,
            line=error.line,
            record=error.record,
            column=error.column,
            column_name=error.column_name,
        ),
    )
