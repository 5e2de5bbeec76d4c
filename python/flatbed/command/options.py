"""Flags that several commands have, and how they become options of the library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import flatbed
from flatbed._core import scheme

EndpointOptions = dict[str, Any]

SourceArgument = Annotated[
    str, typer.Argument(help="A path, a glob, - or an address such as clickhouse://host/db/table.")
]
OptionFlag = Annotated[
    list[str] | None,
    typer.Option("-o", "--option", metavar="NAME=VALUE", help="Option, as `flatbed connectors` lists them."),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
DelimiterFlag = Annotated[str | None, typer.Option(help="Text between fields; \\t is a tab.")]
QuoteFlag = Annotated[str | None, typer.Option(help="Character around fields; empty: none.")]
EscapeFlag = Annotated[str | None, typer.Option(help="Character before a quote in a quoted field.")]
HeaderFlag = Annotated[bool | None, typer.Option("--header/--no-header", help="The first record names the columns.")]
HeaderRowsFlag = Annotated[
    int | None, typer.Option(min=0, help="Records that name the columns, joined by a space; 0: none.")
]
SkipRowsFlag = Annotated[int | None, typer.Option(min=0, help="Lines to leave out before the header.")]
EncodingFlag = Annotated[str | None, typer.Option(help="Encoding of the file.")]
NullsFlag = Annotated[
    str | None, typer.Option(metavar="A,B", help="Unquoted fields that are NULL: ,NA is empty and NA.")
]
RepairFlag = Annotated[
    str | None,
    typer.Option(metavar="A,B", help="Repairs of what does not fit: pad, cut, trim, decimal-comma, thousands, names."),
]
DateOrderFlag = Annotated[
    str | None, typer.Option(metavar="dmy|mdy|text", help="Order of dates such as 03/04/2026; else by proof.")
]
FlattenFlag = Annotated[
    bool, typer.Option("--flatten", help="Members of JSON objects within objects are columns, named a.b.")
]
LedgerFlag = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Ledger of loads into tables; otherwise $FLATBED_LEDGER or one in ~/.local/state."
    ),
]
PasswordFileFlag = Annotated[
    Path | None, typer.Option(metavar="FILE", help="File that holds the password of the ClickHouse side.")
]


def ledger_of(given: Path | None) -> str:
    return str(given) if given else flatbed.default_ledger()


def names(text: str | None) -> list[str]:
    """Splits a list of names as the library does: commas, and quotes around names that hold one."""
    import csv

    return next(csv.reader([text])) if text else []


def pairs_of(given: list[str] | None, separator: str, flag: str) -> dict[str, str]:
    pairs = {}
    for item in given or []:
        name, found, value = item.partition(separator)
        if not found or not name:
            raise typer.BadParameter(f"{item!r} is not NAME{separator}VALUE", param_hint=flag)
        pairs[name] = value
    return pairs


def text_options(
    delimiter: str | None,
    quote: str | None,
    escape: str | None,
    header: bool | None,
    header_rows: int | None,
    skip_rows: int | None,
    encoding: str | None,
    nulls: str | None,
) -> EndpointOptions:
    given = {
        "delimiter": delimiter,
        "quote": quote,
        "escape": escape,
        "header": header,
        "header_rows": header_rows,
        "skip_rows": skip_rows,
        "encoding": encoding,
        "nulls": nulls,
    }
    return {name: value for name, value in given.items() if value is not None}


def connector_of(address: str) -> flatbed.Connector | None:
    wanted = scheme(address)
    return next((known for known in flatbed.connectors() if wanted in known.schemes), None)


def takes(address: str, option: str) -> bool:
    connector = connector_of(address)
    return connector is not None and any(known.name == option for known in connector.options)


def with_password(address: str, options: EndpointOptions, password_file: Path | None) -> EndpointOptions:
    """Adds the password of a file to the options of an address of ClickHouse; a web server has another one."""
    if password_file is None or not (takes(address, "password") and takes(address, "query")):
        return options
    return {"password": password_file.read_text(encoding="utf-8").rstrip("\r\n"), **options}
