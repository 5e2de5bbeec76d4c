"""`flatbed preview`."""

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
    HeaderRowsFlag,
    NullsFlag,
    OptionFlag,
    PasswordFileFlag,
    QuoteFlag,
    SkipRowsFlag,
    SourceArgument,
    pairs_of,
    text_options,
    with_password,
)
from flatbed.command.output import print_grid


@app.command()
def preview(
    source: SourceArgument,
    rows: Annotated[int, typer.Option("-n", "--rows", min=1, help="Rows to show.")] = 20,
    query: Annotated[str | None, typer.Option(metavar="SQL", help="Rows of this query.")] = None,
    delimiter: DelimiterFlag = None,
    quote: QuoteFlag = None,
    escape: EscapeFlag = None,
    header: HeaderFlag = None,
    header_rows: HeaderRowsFlag = None,
    skip_rows: SkipRowsFlag = None,
    encoding: EncodingFlag = None,
    nulls: NullsFlag = None,
    option: OptionFlag = None,
    password_file: PasswordFileFlag = None,
) -> None:
    """Show the first rows of a source."""
    with reported():
        options = text_options(delimiter, quote, escape, header, header_rows, skip_rows, encoding, nulls)
        options.update({"query": query} if query else {}, **pairs_of(option, "=", "--option"))
        batch = flatbed.preview(source, rows, options=with_password(source, options, password_file))
        cells = [["NULL" if cell is None else cell for cell in row] for row in batch.texts()]
        print_grid(batch.column_names, cells)
