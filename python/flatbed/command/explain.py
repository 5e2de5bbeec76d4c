"""`flatbed explain`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

import flatbed
from flatbed.command.app import USAGE, app
from flatbed.command.options import JsonFlag
from flatbed.command.output import print_grid


def _as_dict(entry: flatbed.CodeEntry) -> dict[str, str]:
    return {"code": entry.name, "summary": entry.summary, "cause": entry.cause, "action": entry.action}


@app.command()
def explain(
    code: Annotated[str | None, typer.Argument(help="A code, as FB-TYPE-0103; all of them if none is given.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Tell what a code means, how it comes about and what to do."""
    entries = flatbed.catalogue()
    if code is None:
        if as_json:
            print(json.dumps([_as_dict(entry) for entry in entries]))
        else:
            print_grid(["code", "meaning"], [[entry.name, entry.summary] for entry in entries])
        return
    entry = next((entry for entry in entries if entry.name == code.upper()), None)
    if entry is None:
        typer.echo(f"no code has this name: {code}; `flatbed explain` lists all", err=True)
        raise typer.Exit(USAGE)
    if as_json:
        print(json.dumps(_as_dict(entry)))
    else:
        print(f"{entry.name}: {entry.summary}\n  cause: {entry.cause}\n  what to do: {entry.action}")
