"""`flatbed connectors`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import flatbed
from flatbed.command.app import USAGE, app
from flatbed.command.errors import reported
from flatbed.command.output import print_grid


@app.command()
def connectors(
    name: Annotated[str | None, typer.Argument(help="Show the options of this connector.")] = None,
) -> None:
    """List the connectors, or the options of one."""
    with reported():
        known = flatbed.connectors()
        if name is None:
            print_grid(
                ["connector", "schemes", "use", "summary"],
                [[one.name, ", ".join(one.schemes), _uses(one), one.summary] for one in known],
            )
            return
        found = next((one for one in known if one.name == name or name in one.schemes), None)
        if found is None:
            names = ", ".join(one.name for one in known)
            print(f"no connector has the name {name!r}\n  expected: one of {names}", file=sys.stderr)
            raise typer.Exit(USAGE)
        print_grid(
            ["option", "type", "default", "use", "help"],
            [
                [option.name, option.choices or option.type, option.default, _uses(option), option.help]
                for option in found.options
            ],
        )


def _uses(thing: flatbed.Connector | flatbed.Option) -> str:
    return ", ".join([*(["read"] if thing.reads else []), *(["write"] if thing.writes else [])])
