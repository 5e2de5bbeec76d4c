"""Numbers, tables and receipts for people."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

import flatbed


def in_bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def in_rows(count: float) -> str:
    return f"{count:,.0f}".replace(",", " ")


def print_receipt(receipt: flatbed.Receipt, rejects: str | None) -> None:
    rate = f", {in_rows(receipt.read / receipt.seconds)} rows/s" if receipt.seconds > 0.01 else ""
    lines = [
        f"done: {in_rows(receipt.loaded)} rows in {receipt.seconds:.1f} s{rate}: {receipt.source} -> {receipt.target}",
        f"  read {in_rows(receipt.read)} = loaded {in_rows(receipt.loaded)} + rejected {in_rows(receipt.rejected)}"
        f" + duplicate {in_rows(receipt.duplicate)} + filtered {in_rows(receipt.filtered)}",
        f"  {in_bytes(receipt.bytes_read)} read, {in_bytes(receipt.bytes_written)} written, blocks {receipt.blocks}",
    ]
    if receipt.target_rows_after is not None:
        before = receipt.target_rows_before
        lines.append(f"  the table holds {in_rows(receipt.target_rows_after)} rows, {in_rows(before or 0)} before")
    for code, count in receipt.rejects_by_code.items():
        first = next((reject for reject in receipt.first_rejects if reject.code == code), None)
        lines.append(f"  rejected {in_rows(count)}: {code}" + (f", first: {first.message}" if first else ""))
    if receipt.rejected and rejects:
        lines.append(f"  rejected rows are in {rejects}")
    print("\n".join(lines), file=sys.stderr)


def _console() -> Console:
    return Console(highlight=False, soft_wrap=False)


def print_grid(titles: list[str], rows: list[list[str]], right: tuple[int, ...] = ()) -> None:
    """A table for a person; tab-separated lines when the output is not a terminal."""
    if not sys.stdout.isatty():
        print("\n".join("\t".join(row) for row in [titles, *rows]))
        return
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    for index, title in enumerate(titles):
        grid.add_column(title, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    _console().print(grid)
