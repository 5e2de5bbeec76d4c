"""What goes wrong, as exceptions. Every error has a published code, a place and a way out."""

from __future__ import annotations

import builtins
from typing import Any

__all__ = ["ConvertError", "Error", "IOError", "ParseError", "RunError", "SchemaError", "ServerError", "UsageError"]


class Error(Exception):
    """What Flatbed raises. `str(error)` is the whole text that the command prints."""

    code: str
    """Published code, such as "FB-TYPE-0103"; its meaning never changes."""
    message: str
    """What happened, in one line."""
    uri: str
    """The file or address concerned, without passwords, or ""."""
    byte: int | None
    """From 0, in the unpacked bytes."""
    line: int | None
    """Physical line, from 1."""
    record: int | None
    """Record after the header, from 0."""
    column: int | None
    """From 0."""
    column_name: str
    expected: str
    """What would have been right, or ""."""
    found: str
    """The field as it was read, or ""."""
    hint: str
    """What to do, or ""."""
    raw: bytes
    """The bytes of the data concerned."""
    native_code: int
    """errno, curl's or ClickHouse's own number; 0 when there is none."""
    exit_code: int
    """Exit code of a command that ends by this error."""

    def __init__(self, text: str, **fields: Any) -> None:
        super().__init__(text)
        self.__dict__.update(fields)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args[0], dict(self.__dict__))

    def __str__(self) -> str:
        return str(self.args[0])


class UsageError(Error, ValueError):
    """The call cannot work as it was given."""


class ParseError(Error):
    """The text of a file cannot be split into records and fields."""


class ConvertError(Error):
    """A value does not fit its column."""


class SchemaError(Error):
    """Columns or tables are missing, or differ."""


class ServerError(Error):
    """ClickHouse refused, or its answer makes no sense."""


class RunError(Error):
    """A run ended early: too many rejects, cancelled, out of memory."""


class IOError(Error, OSError):
    """A file or a connection failed. `errno` is set where the system gave one."""

    def __init__(self, text: str, **fields: Any) -> None:
        super().__init__(text, **fields)
        if fields.get("native_code") and fields.get("code", "").startswith(("FB-SRC", "FB-TGT")):
            self.errno = fields["native_code"]


_BY_CODE: dict[str, type[Error]] = {
    "FB-USE-0106": SchemaError,
    "FB-USE-0107": SchemaError,
    "FB-CH-0102": SchemaError,
    "FB-CH-0103": SchemaError,
}
_BY_GROUP: dict[str, type[Error]] = {
    "USE": UsageError,
    "SRC": IOError,
    "DIA": ParseError,
    "CSV": ParseError,
    "TYPE": ConvertError,
    "NET": IOError,
    "CH": ServerError,
    "TGT": IOError,
    "RUN": RunError,
}


def _restore(kind: type[Error], text: str, fields: dict[str, Any]) -> Error:
    return kind(text, **fields)


def _from_record(text: str, fields: dict[str, Any]) -> Error:
    code: str = fields["code"]
    kind = _BY_CODE.get(code) or _BY_GROUP.get(code.split("-")[1], Error)
    return kind(text, **fields)


# The builtin of this name is a base of IOError above; code that catches it catches both.
assert issubclass(IOError, builtins.OSError)
