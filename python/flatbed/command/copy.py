"""`flatbed copy`."""

from __future__ import annotations

import enum
import json
import sys
from typing import Annotated, Any

import typer

import flatbed
from flatbed._core import is_json, scheme
from flatbed.command.app import LOADED_WITH_REJECTS, app
from flatbed.command.errors import reported
from flatbed.command.options import (
    DateOrderFlag,
    DelimiterFlag,
    EncodingFlag,
    EndpointOptions,
    EscapeFlag,
    FlattenFlag,
    HeaderFlag,
    HeaderRowsFlag,
    LedgerFlag,
    NullsFlag,
    PasswordFileFlag,
    QuoteFlag,
    RepairFlag,
    SkipRowsFlag,
    SourceArgument,
    ledger_of,
    names,
    pairs_of,
    takes,
    text_options,
    with_password,
)
from flatbed.command.output import print_check, print_receipt
from flatbed.command.progress import ProgressStyle, shower_of


class OnReject(str, enum.Enum):
    fail = "fail"
    skip = "skip"
    divert = "divert"


class Format(str, enum.Enum):
    csv = "csv"
    tsv = "tsv"
    ndjson = "ndjson"
    json = "json"
    psv = "psv"
    fixed = "fixed"
    parquet = "parquet"
    arrow = "arrow"


# The same flags: a check is the load without the write.
@app.command("check", help="Do all of a copy from SOURCE to TARGET but the write, and show what does not fit.")
@app.command("copy")
def copy(
    context: typer.Context,
    source: SourceArgument,
    target: Annotated[
        str | None,
        typer.Argument(
            help="A path, - or an address such as chdb:folder/db/table. A check of the file alone has none."
        ),
    ] = None,
    columns: Annotated[str | None, typer.Option(metavar="A,B,C", help="Columns to carry, in this order.")] = None,
    rename: Annotated[list[str] | None, typer.Option(metavar="OLD:NEW", help="Rename a column.")] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", metavar="COLUMN:TYPE", help="ClickHouse type of a column.")
    ] = None,
    create: Annotated[bool, typer.Option("--create", help="Create the table if it is missing.")] = False,
    order_by: Annotated[str | None, typer.Option(metavar="A,B", help="Sorting key of a new table.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the target file if it is there.")] = False,
    query: Annotated[str | None, typer.Option(metavar="SQL", help="Read this query instead of the table.")] = None,
    from_format: Annotated[Format | None, typer.Option("--from", help="Format of the source file.")] = None,
    to_format: Annotated[Format | None, typer.Option("--to", help="Format of the target file.")] = None,
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
    as_is: Annotated[
        bool,
        typer.Option("--as-is", help="Carry every field as text; from file to file rows and names as they stand, too."),
    ] = False,
    on_reject: Annotated[OnReject | None, typer.Option(help="What happens to a row that cannot be carried.")] = None,
    rejects: Annotated[str | None, typer.Option(metavar="FILE", help="Where rejected rows go.")] = None,
    max_rejects: Annotated[
        str | None,
        typer.Option(metavar="N,P%,COLUMN=N,CODE=P%", help="Rejects allowed, in all or of a kind; one more fails."),
    ] = None,
    quarantine: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Folder to make for rejected rows, to repair and replay them.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Reject rows whose values are read leniently or need a repair.")
    ] = False,
    threads: Annotated[int | None, typer.Option(min=0, help="Threads that work; 0: one a core.")] = None,
    memory: Annotated[str | None, typer.Option(metavar="SIZE", help="Most memory for data, as 256M.")] = None,
    ledger: LedgerFlag = None,
    no_ledger: Annotated[
        bool, typer.Option("--no-ledger", help="Keep no record: a load that is interrupted cannot go on.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Load a file once more that the ledger knows as loaded.")
    ] = False,
    source_option: Annotated[
        list[str] | None, typer.Option("-s", "--source-option", metavar="NAME=VALUE", help="Option of the source.")
    ] = None,
    target_option: Annotated[
        list[str] | None, typer.Option("-t", "--target-option", metavar="NAME=VALUE", help="Option of the target.")
    ] = None,
    password_file: PasswordFileFlag = None,
    progress: Annotated[ProgressStyle, typer.Option(help="How progress is shown on stderr.")] = ProgressStyle.auto,
    as_json: Annotated[bool, typer.Option("--json", help="Print the receipt as JSON on stdout.")] = False,
) -> None:
    """Copy rows from SOURCE to TARGET.

    A load into a table is kept in the ledger: the same command goes on where it was interrupted, and a file that is in
    the table already is not loaded a second time.

    The flags about text (--delimiter, --quote, ...) describe the source when it is a file, else the target.
    """
    with reported():
        alone = target is None
        as_json_text = alone and is_json(source, from_format.value if from_format else "auto")
        if target is None:
            if context.info_name != "check":
                raise typer.BadParameter("a copy needs a TARGET")
            # Without columns to fill JSON is well-formed or not; other text has the types that are found in it.
            target = "-"
            as_is = as_is or as_json_text
        text = text_options(delimiter, quote, escape, header, header_rows, skip_rows, encoding, nulls)
        from_file = scheme(source) == "file"
        source_options: EndpointOptions = text if from_file else {}
        target_options: EndpointOptions = {} if from_file else text
        given: list[tuple[EndpointOptions, str, Any]] = [
            (source_options, "format", from_format.value if from_format else None),
            (target_options, "format", to_format.value if to_format else None),
            (source_options, "query", query),
            (source_options, "repair", repair),
            (source_options, "date_order", date_order),
            (source_options, "flatten", True if flatten else None),
            (source_options, "as_is" if takes(target, "as_is") else "all_text", True if as_is else None),
            (target_options, "as_is", True if as_is and takes(target, "as_is") else None),
            (target_options, "create", True if create else None),
            (target_options, "order_by", names(order_by) or None),
            (target_options, "overwrite", True if overwrite else None),
        ]
        for options, name, value in given:
            if value is not None:
                options[name] = value
        source_options.update(pairs_of(source_option, "=", "--source-option"))
        target_options.update(pairs_of(target_option, "=", "--target-option"))
        shower = shower_of(progress)
        try:
            receipt = flatbed.copy(
                source,
                target,
                columns=names(columns) or None,
                rename=pairs_of(rename, ":", "--rename"),
                types=pairs_of(types, ":", "--type"),
                source_options=with_password(source, source_options, password_file),
                target_options=with_password(target, target_options, password_file),
                rejects=rejects,
                on_reject=on_reject.value if on_reject else None,
                max_rejects=max_rejects,
                quarantine=quarantine,
                check=context.info_name == "check",
                strict=strict,
                threads=threads,
                memory=memory,
                ledger=None if no_ledger or scheme(target) == "file" else ledger_of(ledger),
                again=True if again else None,
                progress=shower,
            )
        finally:
            shower.end()
        if as_json:
            print(receipt.to_json())
        elif progress is ProgressStyle.json:
            print(json.dumps({"event": "finished", "receipt": json.loads(receipt.to_json())}), file=sys.stderr)
        elif receipt.checked:
            print_check(receipt, alone, as_json_text)
        elif progress is not ProgressStyle.none:
            print_receipt(receipt, quarantine or rejects)
        if receipt.rejected:
            raise typer.Exit(LOADED_WITH_REJECTS)
