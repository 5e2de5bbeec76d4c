"""The command `flatbed`. It turns flags into a call of the library, and the result into text and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import flatbed

# Importing a command registers it; help lists them in this order.
# isort: off
from flatbed.command import (  # noqa: F401
    copy,
    resume,
    sniff,
    schema,
    preview,
    tables,
    join,
    connectors,
    explain,
    quarantine,
)

# isort: on
from flatbed.command.app import INTERRUPTED, USAGE, app


def _version(wanted: bool) -> None:
    if wanted:
        print(f"flatbed {flatbed.__version__} (kernel {flatbed.kernel()})")
        raise typer.Exit


@app.callback()
def _flatbed(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and the kernel.")
    ] = False,
) -> None: ...


def main() -> None:
    """Runs the command. Usage errors end with 1, not with the 2 that the library of the command line would choose."""
    try:
        code = app(standalone_mode=False)
    except typer.Abort:
        code = INTERRUPTED
    except Exception as problem:
        show = getattr(problem, "show", None)  # a usage error of the command line
        if show is None:
            raise
        show()
        code = USAGE
    sys.exit(code)
