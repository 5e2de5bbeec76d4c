"""`flatbed sniff`."""

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
    JsonFlag,
    NullsFlag,
    OptionFlag,
    QuoteFlag,
    SkipRowsFlag,
    pairs_of,
    text_options,
)


@app.command()
def sniff(
    file: Annotated[str, typer.Argument(help="A text file.")],
    delimiter: DelimiterFlag = None,
    quote: QuoteFlag = None,
    escape: EscapeFlag = None,
    header: HeaderFlag = None,
    header_rows: HeaderRowsFlag = None,
    skip_rows: SkipRowsFlag = None,
    encoding: EncodingFlag = None,
    nulls: NullsFlag = None,
    option: OptionFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Find the dialect of a text file: delimiter, quote, header, encoding."""
    with reported():
        options = text_options(delimiter, quote, escape, header, header_rows, skip_rows, encoding, nulls)
        dialect = flatbed.sniff(file, options={**options, **pairs_of(option, "=", "--option")})
        if as_json:
            print(dialect.to_json())
            return
        print(str(dialect).replace("), ", ")\n"))
