"""The command line application that the commands register with, and the exit codes."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="flatbed",
    help="Carries rows between flat files and ClickHouse, and proves the load.",
    epilog="Exit codes: 0 all loaded, 1 usage or a table that differs, 2 loaded with rejects, 3 too many rejects, "
    "4 source, 5 target, 6 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

USAGE, LOADED_WITH_REJECTS, INTERRUPTED = 1, 2, 6
