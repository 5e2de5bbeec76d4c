"""Errors of the library as text on stderr and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

import flatbed
from flatbed.command.app import INTERRUPTED


@contextmanager
def reported() -> Iterator[None]:
    """Prints errors of the library to stderr and ends with their exit code."""
    try:
        yield
    except flatbed.Error as error:
        if getattr(error, "errno", None) == errno.EPIPE:
            raise typer.Exit(error.exit_code) from None  # whoever read the output has gone, as `head` does
        print(error, file=sys.stderr)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        print("interrupted: a table keeps what it acknowledged, a file that was written is gone", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        # Whoever read standard output has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
