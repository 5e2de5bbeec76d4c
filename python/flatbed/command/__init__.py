"""The command `flatbed`. It turns flags into a call of the library, and the result into text and an exit code."""

from __future__ import annotations

import importlib
import sys
from typing import Annotated

import typer

import flatbed
from flatbed.command.app import INTERRUPTED, USAGE, app

# The modules, in the order of help, and the commands that importing one registers.
_COMMANDS = {
    "copy": ["check", "copy"],
    "resume": ["resume", "loads"],
    "proof": ["verify", "undo"],
    "sniff": ["sniff"],
    "schema": ["schema"],
    "preview": ["preview"],
    "tables": ["databases", "tables", "columns"],
    "join": ["join"],
    "connectors": ["connectors"],
    "explain": ["explain"],
    "quarantine": ["quarantine"],
}


def _register(wanted: str) -> None:
    """Imports the module of a command, as a start of all would take twice as long; without a command's name, all."""
    found = [module for module, commands in _COMMANDS.items() if wanted in commands]
    for module in found or _COMMANDS:
        importlib.import_module(f"flatbed.command.{module}")


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
    _register(sys.argv[1] if len(sys.argv) > 1 else "")
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
