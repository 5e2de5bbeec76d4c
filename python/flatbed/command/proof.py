"""`flatbed verify` and `flatbed undo`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import flatbed
from flatbed.command.app import USAGE, app
from flatbed.command.errors import reported
from flatbed.command.options import (
    EndpointOptions,
    JsonFlag,
    LedgerFlag,
    OptionFlag,
    PasswordFileFlag,
    ledger_of,
    pairs_of,
)
from flatbed.command.output import in_rows
from flatbed.command.progress import ProgressStyle, shower_of

ReceiptArgument = Annotated[
    str, typer.Argument(help="A file with the JSON of a receipt, or a load as `flatbed loads` names it.")
]
SourceFlag = Annotated[str | None, typer.Option(help="Where the file of the load is now.")]
ProgressFlag = Annotated[ProgressStyle, typer.Option(help="How progress is shown on stderr.")]


def _options(option: list[str] | None, password_file: PasswordFileFlag) -> EndpointOptions:
    options: EndpointOptions = dict(pairs_of(option, "=", "--option"))
    if password_file:
        options["password"] = password_file.read_text(encoding="utf-8").rstrip("\r\n")
    return options


@app.command()
def verify(
    receipt: ReceiptArgument,
    source: SourceFlag = None,
    ledger: LedgerFlag = None,
    option: OptionFlag = None,
    password_file: PasswordFileFlag = None,
    progress: ProgressFlag = ProgressStyle.auto,
    as_json: JsonFlag = False,
) -> None:
    """Prove that a table still holds what a load has brought.

    The file is read again, each block is compared with the hash of the receipt, and the table is asked for every row.
    Rows of others do not matter. Exit code 1: the table differs. Options (-o) and the password are for the table.
    """
    with reported():
        shower = shower_of(progress)
        try:
            proof = flatbed.verify(
                receipt,
                ledger=ledger_of(ledger),
                source=source,
                target_options=_options(option, password_file),
                progress=shower,
            )
        finally:
            shower.end()
        print(proof.to_json() if as_json else _told(proof))
        if not proof.holds:
            raise typer.Exit(USAGE)


def _told(proof: flatbed.Proof) -> str:
    if proof.holds:
        return (
            f"holds: {proof.target} has all {in_rows(proof.rows)} rows of {proof.source}, in {proof.blocks} blocks "
            f"({in_rows(proof.target_rows)} rows in the table, {proof.seconds:.1f} s)"
        )
    lines = [
        f"differs: {proof.target} lacks {in_rows(proof.missing)} of {in_rows(proof.rows)} rows as they were loaded "
        f"from {proof.source}"
    ]
    for block in proof.differing:
        last = block["first_record"] + block["records"] - 1
        first_missing, last_missing = block["first_missing_record"], block["last_missing_record"]
        records = f"record {first_missing}" if block["missing"] == 1 else f"records {first_missing} to {last_missing}"
        lines.append(
            f"  block {block['number']} (records {block['first_record']} to {last}, bytes {block['byte_begin']} to "
            f"{block['byte_end']}): {in_rows(block['missing'])} of {in_rows(block['rows'])} rows, {records}"
        )
    return "\n".join(lines)


@app.command()
def undo(
    receipt: ReceiptArgument,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove the rows; otherwise this only tells what would go.")
    ] = False,
    source: SourceFlag = None,
    ledger: LedgerFlag = None,
    option: OptionFlag = None,
    password_file: PasswordFileFlag = None,
    progress: ProgressFlag = ProgressStyle.auto,
    as_json: JsonFlag = False,
) -> None:
    """Take the rows of a load out of its table again.

    Only after every row was found as it was loaded. Where other rows equal them, as many stay as there are beside the
    load's own. The file may be loaded again afterwards.
    """
    with reported():
        shower = shower_of(progress)
        try:
            done = flatbed.undo(
                receipt,
                dry=not yes,
                ledger=ledger_of(ledger),
                source=source,
                target_options=_options(option, password_file),
                progress=shower,
            )
        finally:
            shower.end()
        if as_json:
            print(done.to_json())
            return
        print(f"{'removed' if yes else 'would remove'} {in_rows(done.rows)} rows of {done.source} from {done.target}")
        if done.equal:
            print(f"  {in_rows(done.equal)} equal rows that others have brought stay")
        if not yes:
            print("  nothing was changed: --yes removes them", file=sys.stderr)
