"""`flatbed tables`, `flatbed columns` and `flatbed databases`: what a server has."""

from __future__ import annotations

import json
from typing import Annotated

import typer

import flatbed
from flatbed.command.app import app
from flatbed.command.errors import reported
from flatbed.command.options import JsonFlag, OptionFlag, PasswordFileFlag, pairs_of, with_password
from flatbed.command.output import in_bytes, in_rows, print_grid

AddressArgument = Annotated[str, typer.Argument(help="An address such as clickhouse://host/db or chdb:folder.")]


def _print_json(found: list[object], members: tuple[str, ...]) -> None:
    print(json.dumps([{name: getattr(one, name) for name in members} for one in found]))


def _size(count: int | None) -> str:
    return "" if count is None else in_bytes(count)


def _rows(count: int | None) -> str:
    return "" if count is None else in_rows(count)


@app.command()
def databases(
    address: AddressArgument,
    option: OptionFlag = None,
    password_file: PasswordFileFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """List the databases behind an address."""
    with reported():
        options = with_password(address, pairs_of(option, "=", "--option"), password_file)
        found = flatbed.databases(address, options=options)
        if as_json:
            _print_json([*found], ("name", "engine", "tables", "rows", "bytes", "comment"))
            return
        rows = [
            [one.name, one.engine, str(one.tables), _rows(one.rows), _size(one.bytes), one.comment] for one in found
        ]
        print_grid(["database", "engine", "tables", "rows", "size", "comment"], rows, right=(2, 3, 4))


@app.command()
def tables(
    address: AddressArgument,
    option: OptionFlag = None,
    password_file: PasswordFileFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """List the tables behind an address."""
    with reported():
        options = with_password(address, pairs_of(option, "=", "--option"), password_file)
        found = flatbed.tables(address, options=options)
        if as_json:
            keys = ("sorting_key", "primary_key", "partition_key")
            _print_json([*found], ("database", "name", "engine", "rows", "bytes", "comment", *keys))
            return
        rows = [
            [f"{one.database}.{one.name}", one.engine, _rows(one.rows), _size(one.bytes), one.sorting_key, one.comment]
            for one in found
        ]
        print_grid(["table", "engine", "rows", "size", "ordered by", "comment"], rows, right=(2, 3))


@app.command()
def columns(
    address: AddressArgument,
    option: OptionFlag = None,
    password_file: PasswordFileFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """List the columns of a table, or of every table of a database."""
    with reported():
        options = with_password(address, pairs_of(option, "=", "--option"), password_file)
        found = flatbed.columns(address, options=options)
        if as_json:
            default = ("default_kind", "default_expression")
            keys = ("in_sorting_key", "in_primary_key", "in_partition_key")
            _print_json(
                [*found],
                ("database", "table", "name", "type", *default, "comment", "codec", *keys, "bytes", "unpacked_bytes"),
            )
            return
        rows = [
            [
                f"{one.database}.{one.table}",
                one.name,
                one.type,
                f"{one.default_kind} {one.default_expression}".strip(),
                "primary" if one.in_primary_key else "sorting" if one.in_sorting_key else "",
                one.codec,
                _size(one.bytes),
                one.comment,
            ]
            for one in found
        ]
        print_grid(["table", "column", "type", "default", "key", "codec", "size", "comment"], rows, right=(6,))
