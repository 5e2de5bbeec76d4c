"""`flatbed quarantine list`, `show` and `replay`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import flatbed
from flatbed.command.app import LOADED_WITH_REJECTS, app
from flatbed.command.errors import reported
from flatbed.command.options import JsonFlag, PasswordFileFlag, pairs_of, with_password
from flatbed.command.output import print_grid, print_receipt
from flatbed.command.progress import ProgressStyle, shower_of

STATES = ("open", "loaded", "missing", "unclear")

FolderArgument = Annotated[str, typer.Argument(metavar="FOLDER", help="A folder that --quarantine made.")]

quarantines = typer.Typer(help="List, show and replay rejected rows that a load put aside.", no_args_is_help=True)
app.add_typer(quarantines, name="quarantine")


def _count(quarantine: flatbed.Quarantine, state: str) -> int:
    return sum(row.state == state for row in quarantine.rows)


@quarantines.command("list")
def list_(
    folder: Annotated[Path, typer.Argument(help="A quarantine, or a folder of quarantines.")] = Path("."),
    as_json: JsonFlag = False,
) -> None:
    """List the quarantines in FOLDER, and how many rows of each are open."""
    with reported():
        inside = sorted(file.parent for file in folder.glob("*/load.json"))
        found = [flatbed.quarantine(path) for path in inside or [folder]]
        if as_json:
            print("[" + ", ".join(quarantine.to_json() for quarantine in found) + "]")
            return
        rows = [
            [one.folder, *(str(_count(one, state)) for state in STATES), "yes" if one.finished else "no", one.target]
            for one in found
        ]
        print_grid(["quarantine", *STATES, "finished", "target"], rows, right=(1, 2, 3, 4))


@quarantines.command()
def show(folder: FolderArgument, as_json: JsonFlag = False) -> None:
    """Show each row that is not loaded, where it stands in the file of rows and why it was rejected."""
    with reported():
        quarantine = flatbed.quarantine(folder)
        if as_json:
            print(quarantine.to_json())
            return
        rows = [
            [
                "" if row.line is None else str(row.line),
                row.state + (", edited" if row.edited else ""),
                row.reject.code,
                row.reject.column_name,
                f"{row.reject.uri}:{row.reject.line}",
                row.reject.message,
            ]
            for row in quarantine.rows
            if row.state != "loaded"
        ]
        print_grid(["line", "state", "code", "column", "source", "message"], rows, right=(0,))
        if quarantine.added:
            lines = ", ".join(map(str, quarantine.added))
            typer.echo(f"lines that belong to no row, and are not loaded: {lines}", err=True)
        typer.echo(f"edit {quarantine.rows_file}, then: flatbed quarantine replay {quarantine.folder}", err=True)


@quarantines.command()
def replay(
    folder: FolderArgument,
    to: Annotated[str | None, typer.Option(metavar="TARGET", help="Another target than that of the load.")] = None,
    target_option: Annotated[
        list[str] | None, typer.Option("-t", "--target-option", metavar="NAME=VALUE", help="Option of the target.")
    ] = None,
    password_file: PasswordFileFlag = None,
    progress: Annotated[ProgressStyle, typer.Option(help="How progress is shown on stderr.")] = ProgressStyle.auto,
    as_json: Annotated[bool, typer.Option("--json", help="Print the receipt as JSON on stdout.")] = False,
) -> None:
    """Load the rows that are open, as they stand in the file of rows now. A row is loaded once, however often."""
    with reported():
        before = flatbed.quarantine(folder)
        options = with_password(
            to or before.target, dict(pairs_of(target_option, "=", "--target-option")), password_file
        )
        shower = shower_of(progress)
        try:
            receipt = flatbed.replay(folder, target=to, target_options=options, progress=shower)
        finally:
            shower.end()
        if as_json:
            print(receipt.to_json())
        elif progress is not ProgressStyle.none:
            print_receipt(receipt, folder)
        after = flatbed.quarantine(folder)
        left = len(after.rows) - _count(after, "loaded")
        if after.added or _count(after, "unclear") or _count(after, "missing"):
            typer.echo(
                f"{_count(after, 'missing')} rows are missing, {_count(after, 'unclear')} are unclear and "
                f"{len(after.added)} lines belong to no row: see `flatbed quarantine show {folder}`",
                err=True,
            )
        if left:
            raise typer.Exit(LOADED_WITH_REJECTS)
