"""`flatbed schema`."""

from __future__ import annotations

from typing import Annotated

import typer

import flatbed
from flatbed.command.app import app
from flatbed.command.errors import reported
from flatbed.command.options import (
    DateOrderFlag,
    DelimiterFlag,
    EncodingFlag,
    EscapeFlag,
    FlattenFlag,
    HeaderFlag,
    HeaderRowsFlag,
    JsonFlag,
    NullsFlag,
    OptionFlag,
    PasswordFileFlag,
    QuoteFlag,
    RepairFlag,
    SkipRowsFlag,
    SourceArgument,
    names,
    pairs_of,
    text_options,
    with_password,
)
from flatbed.command.output import print_grid, print_profile


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
    header_rows: HeaderRowsFlag = None,
    skip_rows: SkipRowsFlag = None,
    encoding: EncodingFlag = None,
    nulls: NullsFlag = None,
    repair: RepairFlag = None,
    date_order: DateOrderFlag = None,
    flatten: FlattenFlag = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Tell the rows that decided, what the values are, and a better table.")
    ] = False,
    enums: Annotated[
        bool, typer.Option("--enums", help="With --explain: propose enums for a few short texts.")
    ] = False,
    option: OptionFlag = None,
    password_file: PasswordFileFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the columns of a source and who decided their types; those of a file come from every row."""
    with reported():
        options = text_options(delimiter, quote, escape, header, header_rows, skip_rows, encoding, nulls)
        given = {"query": query, "repair": repair, "date_order": date_order, "flatten": flatten}
        options.update({name: value for name, value in given.items() if value}, **pairs_of(option, "=", "--option"))
        options = with_password(source, options, password_file)
        if explain:
            profile = flatbed.profile(source, options=options, enums=enums)
            if ddl is not None:
                print(profile.proposed.ddl(ddl, names(order_by) or profile.order_by))
            elif as_json:
                print(profile.to_json())
            else:
                print_profile(profile)
            return
        columns = flatbed.schema(source, options=options)
        if ddl is not None:
            print(columns.ddl(ddl, names(order_by)))
        elif as_json:
            print(columns.to_json())
        else:
            print_grid(
                ["column", "type", "decided by"], [[field.name, field.type, field.decided_by] for field in columns]
            )
