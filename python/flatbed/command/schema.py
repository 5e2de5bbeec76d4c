"""`flatbed schema`."""

from __future__ import annotations

from typing import Annotated

import typer

import flatbed
from flatbed.command.app import app
from flatbed.command.errors import reported
from flatbed.command.options import (
    DelimiterFlag,
    EncodingFlag,
    EscapeFlag,
    HeaderFlag,
    JsonFlag,
    NullsFlag,
    OptionFlag,
    PasswordFileFlag,
    QuoteFlag,
    SkipRowsFlag,
    SourceArgument,
    names,
    pairs_of,
    text_options,
    with_password,
)
from flatbed.command.output import print_grid


@app.command()
def schema(
    source: SourceArgument,
    ddl: Annotated[str | None, typer.Option(metavar="TABLE", help="Print the CREATE TABLE of this table.")] = None,
    order_by: Annotated[str | None, typer.Option(metavar="A,B", help="Sorting key of the statement.")] = None,
    query: Annotated[str | None, typer.Option(metavar="SQL", help="Columns of this query.")] = None,
    delimiter: DelimiterFlag = None,
    quote: QuoteFlag = None,
    escape: EscapeFlag = None,
    header: HeaderFlag = None,
    skip_rows: SkipRowsFlag = None,
    encoding: EncodingFlag = None,
    nulls: NullsFlag = None,
    option: OptionFlag = None,
    password_file: PasswordFileFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the columns of a source and who decided their types; those of a file come from every row."""
    with reported():
        options = text_options(delimiter, quote, escape, header, skip_rows, encoding, nulls)
        options.update({"query": query} if query else {}, **pairs_of(option, "=", "--option"))
        columns = flatbed.schema(source, options=with_password(source, options, password_file))
        if ddl is not None:
            print(columns.ddl(ddl, names(order_by)))
        elif as_json:
            print(columns.to_json())
        else:
            print_grid(
                ["column", "type", "decided by"], [[field.name, field.type, field.decided_by] for field in columns]
            )
