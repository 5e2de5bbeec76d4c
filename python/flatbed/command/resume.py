"""`flatbed resume` and `flatbed loads`."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer

import flatbed
from flatbed.command.app import LOADED_WITH_REJECTS, app
from flatbed.command.errors import reported
from flatbed.command.options import JsonFlag, LedgerFlag, OptionFlag, PasswordFileFlag, ledger_of, pairs_of
from flatbed.command.output import in_bytes, print_grid, print_receipt
from flatbed.command.progress import ProgressStyle, shower_of


@app.command()
def resume(
    load: Annotated[
        str, typer.Argument(help="The load, as `flatbed loads` names it; without it, the newest one.")
    ] = "",
    ledger: LedgerFlag = None,
    option: OptionFlag = None,
    password_file: PasswordFileFlag = None,
    progress: Annotated[ProgressStyle, typer.Option(help="How progress is shown on stderr.")] = ProgressStyle.auto,
    as_json: JsonFlag = False,
) -> None:
    """Go on with a load that was interrupted.

    What the server has acknowledged is not sent again, and what it may have is settled by asking it. Options (-o) and
    the password are for the target: a ledger keeps no secrets.
    """
    with reported():
        options = dict(pairs_of(option, "=", "--option"))
        if password_file:
            options["password"] = password_file.read_text(encoding="utf-8").rstrip("\r\n")
        shower = shower_of(progress)
        try:
            receipt = flatbed.resume(ledger_of(ledger), load, target_options=options, progress=shower)
        finally:
            shower.end()
        if as_json:
            print(receipt.to_json())
        elif progress is not ProgressStyle.none:
            print_receipt(receipt, None)
        if receipt.rejected:
            raise typer.Exit(LOADED_WITH_REJECTS)


@app.command()
def loads(ledger: LedgerFlag = None, as_json: JsonFlag = False) -> None:
    """List the loads that the ledger knows, newest first."""
    with reported():
        known = flatbed.loads(ledger_of(ledger))
        if as_json:
            print(json.dumps(known))
            return
        rows = [
            [
                load["load"],
                load["state"],
                time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(load["begun"])),
                in_bytes(load["bytes"]),
                load["source"],
                load["target"],
            ]
            for load in known
        ]
        print_grid(["load", "state", "begun", "size", "source", "target"], rows, right=(3,))
