"""`flatbed tables`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

import flatbed
from flatbed.command.app import app
from flatbed.command.errors import reported
from flatbed.command.options import JsonFlag, OptionFlag, PasswordFileFlag, pairs_of, with_password
from flatbed.command.output import in_bytes, in_rows, print_grid


@app.command()
def tables(
    address: Annotated[str, typer.Argument(help="An address such as clickhouse://host or chdb:folder.")],
    option: OptionFlag = None,
    password_file: PasswordFileFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """List the tables behind an address."""
    with reported():
        options = with_password(address, pairs_of(option, "=", "--option"), password_file)
        found = flatbed.tables(address, options=options)
        if as_json:
            members = ("database", "name", "engine", "rows", "bytes", "comment")
            print(json.dumps([{name: getattr(table, name) for name in members} for table in found]))
            return
        rows = [
            [
                f"{table.database}.{table.name}",
                table.engine,
                "" if table.rows is None else in_rows(table.rows),
                "" if table.bytes is None else in_bytes(table.bytes),
                table.comment,
            ]
            for table in found
        ]
        print_grid(["table", "engine", "rows", "size", "comment"], rows, right=(2, 3))
