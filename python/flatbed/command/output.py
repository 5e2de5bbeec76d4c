"""Numbers, tables and receipts for people."""

from __future__ import annotations

import sys

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
    if receipt.duplicate and not receipt.loaded:
        lines.append(f"  these files are in the table already, by load {receipt.load}; --again loads them once more")
    elif receipt.loaded_before:
        lines.append(f"  load {receipt.load} went on: {in_rows(receipt.loaded_before)} rows were there before")
    if receipt.target_rows_after is not None:
        before = receipt.target_rows_before
        lines.append(f"  the table holds {in_rows(receipt.target_rows_after)} rows, {in_rows(before or 0)} before")
    for finding in receipt.findings:
        lines.append(f"  rejected {in_rows(finding.count)}: {_group(finding)}, first: {finding.examples[0].message}")
    for finding in receipt.leniencies:
        lines.append(f"  lenient {in_rows(finding.count)}: {_group(finding)}, first: {finding.examples[0].message}")
    if receipt.rejected and rejects:
        lines.append(f"  rejected rows are in {rejects}")
    print("\n".join(lines), file=sys.stderr)


def _group(finding: flatbed.Finding) -> str:
    return finding.code + (f' in column "{finding.column}"' if finding.column else "")


def _print_finding(finding: flatbed.Finding, what: str) -> None:
    print(f"{_group(finding)}: {in_rows(finding.count)} {what}")
    for example in finding.examples:
        place = f"{example.uri}:{example.line}" if example.line else example.uri
        print(f"  {place}  {example.message}")
    first = finding.examples[0]
    for title, text in (("expected", first.expected), ("fix", first.hint)):
        if text:
            print(f"  {title}: {text}")


def print_check(receipt: flatbed.Receipt, alone: bool, as_json: bool) -> None:
    """What a load would do, in groups, on standard output; of a file `alone`, what can be read of it, `as_json` or
    as a table."""
    for finding in receipt.findings:
        _print_finding(finding, "rejected")
    for finding in receipt.leniencies:
        _print_finding(finding, "read leniently")
    rows, good, bad = in_rows(receipt.read), in_rows(receipt.loaded), in_rows(receipt.rejected)
    if alone and as_json:
        print(
            f"of {rows} records {good} are well-formed JSON and {bad} are not; against a TARGET values are checked too"
        )
    elif alone:
        print(f"of {rows} rows {good} can be read and {bad} are rejected")
    else:
        print(
            f"of {rows} rows {good} would be loaded and {bad} rejected; nothing was written\n"
            "constraints and defaults of a table are not evaluated: the server does that"
        )
    if receipt.findings or receipt.leniencies:
        print("`flatbed explain CODE` tells more about a code")


def _print_column(column: flatbed.ColumnProfile) -> None:
    print(f"{column.name}  {column.type}")
    for line, value, type_ in column.steps:
        print(f'  line {line} "{value}": {type_}')
    about = "" if column.distinct_is_exact else "about "
    facts = [f"{about}{in_rows(column.distinct)} values differ", f"{in_rows(column.nulls)} are NULL"]
    if column.null_texts:
        facts.append("NULL is written " + ", ".join(f"'{text}'" for text in column.null_texts))
    if column.longest_bytes:
        facts.append(f"the longest has {in_rows(column.longest_bytes)} bytes")
    print("  " + "; ".join(facts))
    if column.min or column.max:
        print(f"  from {column.min} to {column.max}")
    if column.samples:
        print("  such as " + ", ".join(column.samples))
    if column.why:
        print(f"  proposed: {column.proposed} ({column.why})")


def print_profile(profile: flatbed.Profile) -> None:
    """What a whole pass found, column by column, on standard output."""
    for column in profile.columns:
        _print_column(column)
    rejected = f", {in_rows(profile.rejected)} rejected" if profile.rejected else ""
    print(f"{in_rows(profile.rows)} rows{rejected}")
    if profile.order_by:
        print(f"a sorting key: {', '.join(profile.order_by)}")


def print_grid(titles: list[str], rows: list[list[str]], right: tuple[int, ...] = ()) -> None:
    """A table for a person; tab-separated lines when the output is not a terminal."""
    if not sys.stdout.isatty():
        print("\n".join("\t".join(row) for row in [titles, *rows]))
        return
    # Only a terminal is worth the time that importing these takes.
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(box=None, pad_edge=False, header_style="bold")
    for index, title in enumerate(titles):
        grid.add_column(title, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    Console(highlight=False, soft_wrap=False).print(grid)
