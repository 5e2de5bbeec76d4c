"""The command `flatbed`. It turns flags into a call of the library, and the result into text and an exit code."""

from __future__ import annotations

import enum
import errno
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

import flatbed
from flatbed._core import scheme

app = typer.Typer(
    name="flatbed",
    help="Carries rows between flat files and ClickHouse, and proves the load.",
    epilog="Exit codes: 0 all loaded, 1 usage, 2 loaded with rejects, 3 too many rejects, 4 source, 5 target, "
    "6 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

USAGE, LOADED_WITH_REJECTS, INTERRUPTED = 1, 2, 6


class ProgressStyle(str, enum.Enum):
    auto = "auto"
    plain = "plain"
    json = "json"
    none = "none"


class OnReject(str, enum.Enum):
    fail = "fail"
    skip = "skip"
    divert = "divert"


class Format(str, enum.Enum):
    csv = "csv"
    tsv = "tsv"


# ---- Options ----

_EndpointOptions = dict[str, Any]

SourceArgument = Annotated[
    str, typer.Argument(help="A path, a glob, - or an address such as clickhouse://host/db/table.")
]
OptionFlag = Annotated[
    list[str] | None,
    typer.Option("-o", "--option", metavar="NAME=VALUE", help="Option, as `flatbed connectors` lists them."),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
DelimiterFlag = Annotated[str | None, typer.Option(help="Text between fields; \\t is a tab.")]
QuoteFlag = Annotated[str | None, typer.Option(help="Character around fields; empty: none.")]
EscapeFlag = Annotated[str | None, typer.Option(help="Character before a quote in a quoted field.")]
HeaderFlag = Annotated[bool | None, typer.Option("--header/--no-header", help="The first record names the columns.")]
SkipRowsFlag = Annotated[int | None, typer.Option(min=0, help="Lines to leave out before the header.")]
EncodingFlag = Annotated[str | None, typer.Option(help="Encoding of the file.")]
NullsFlag = Annotated[
    str | None, typer.Option(metavar="A,B", help="Unquoted fields that are NULL: ,NA is empty and NA.")
]
PasswordFileFlag = Annotated[
    Path | None, typer.Option(metavar="FILE", help="File that holds the password of the ClickHouse side.")
]


def _names(text: str | None) -> list[str]:
    """Splits a list of names as the library does: commas, and quotes around names that hold one."""
    import csv

    return next(csv.reader([text])) if text else []


def _pairs(given: list[str] | None, separator: str, flag: str) -> dict[str, str]:
    pairs = {}
    for item in given or []:
        name, found, value = item.partition(separator)
        if not found or not name:
            raise typer.BadParameter(f"{item!r} is not NAME{separator}VALUE", param_hint=flag)
        pairs[name] = value
    return pairs


def _text_options(
    delimiter: str | None,
    quote: str | None,
    escape: str | None,
    header: bool | None,
    skip_rows: int | None,
    encoding: str | None,
    nulls: str | None,
) -> _EndpointOptions:
    given = {
        "delimiter": delimiter,
        "quote": quote,
        "escape": escape,
        "header": header,
        "skip_rows": skip_rows,
        "encoding": encoding,
        "nulls": nulls,
    }
    return {name: value for name, value in given.items() if value is not None}


def _connector(address: str) -> flatbed.Connector | None:
    wanted = scheme(address)
    return next((known for known in flatbed.connectors() if wanted in known.schemes), None)


def _takes(address: str, option: str) -> bool:
    connector = _connector(address)
    return connector is not None and any(known.name == option for known in connector.options)


def _with_password(address: str, options: _EndpointOptions, password_file: Path | None) -> _EndpointOptions:
    """Adds the password of a file to the options of an address that takes one."""
    if password_file is None or not _takes(address, "password"):
        return options
    return {"password": password_file.read_text(encoding="utf-8").rstrip("\r\n"), **options}


# ---- Errors ----


@contextmanager
def _reported() -> Iterator[None]:
    """Prints errors of the library to stderr and ends with their exit code."""
    try:
        yield
    except flatbed.Error as error:
        if getattr(error, "errno", None) == errno.EPIPE:
            raise typer.Exit(error.exit_code) from None  # whoever read the output has gone, as `head` does
        Console(stderr=True, highlight=False, soft_wrap=True).print(Text(str(error)))
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        print("interrupted: a table keeps what it acknowledged, a file that was written is gone", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        # Whoever read standard output has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


# ---- Progress ----


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def _rows(count: float) -> str:
    return f"{count:,.0f}".replace(",", " ")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _share(progress: flatbed.Progress) -> float | None:
    return min(progress.bytes_read / progress.bytes_total, 1.0) if progress.bytes_total else None


def _line(progress: flatbed.Progress) -> str:
    """Words and numbers alone: a screen reader reads it, and a log keeps it."""
    share = _share(progress)
    read = _bytes(progress.bytes_read)
    parts = [
        f"{share:4.0%}  {read} of {_bytes(progress.bytes_total or 0)}" if share is not None else read,
        f"read {_rows(progress.rows_read)}",
        f"acknowledged {_rows(progress.rows_acknowledged)}",
    ]
    if progress.seconds > 0:
        parts.append(f"{_rows(progress.rows_read / progress.seconds)} rows/s")
    if share and progress.seconds > 0:
        parts.append(f"left {_clock(progress.seconds / share - progress.seconds)}")
    if progress.rows_rejected:
        parts.append(f"rejected {_rows(progress.rows_rejected)}")
    return "  ".join(parts)


class _Silent:
    """Shows nothing. The other styles show a run's progress on stderr."""

    def __call__(self, progress: flatbed.Progress) -> None: ...
    def end(self) -> None: ...


class _Live(_Silent):
    """One line that is written over."""

    def __init__(self) -> None:
        self.width = 0

    def __call__(self, progress: flatbed.Progress) -> None:
        line = _line(progress)[: max(Console(stderr=True).width - 1, 20)]
        sys.stderr.write("\r" + line.ljust(self.width))
        sys.stderr.flush()
        self.width = len(line)

    def end(self) -> None:
        if self.width:
            sys.stderr.write("\r" + " " * self.width + "\r")
            sys.stderr.flush()


class _Plain(_Silent):
    """A line every ten seconds and at each tenth of the way, but not more than one a second."""

    def __init__(self) -> None:
        self.shown_at = time.monotonic()
        self.tenth = 0

    def __call__(self, progress: flatbed.Progress) -> None:
        tenth = int((_share(progress) or 0) * 10)
        since = time.monotonic() - self.shown_at
        if since >= 10 or (since >= 1 and tenth > self.tenth):
            print(_line(progress), file=sys.stderr, flush=True)
            self.tenth, self.shown_at = tenth, time.monotonic()


class _Json(_Silent):
    """One JSON object a line, once a second."""

    def __init__(self) -> None:
        self.shown_at = 0.0

    def __call__(self, progress: flatbed.Progress) -> None:
        if time.monotonic() - self.shown_at < 1:
            return
        self.shown_at = time.monotonic()
        members = ("rows_read", "rows_acknowledged", "rows_rejected", "bytes_read", "bytes_total", "seconds")
        event = {"event": "progress", **{name: getattr(progress, name) for name in members}}
        print(json.dumps(event), file=sys.stderr, flush=True)


def _shower(style: ProgressStyle) -> _Silent:
    if style is ProgressStyle.auto:
        return _Live() if sys.stderr.isatty() else _Plain()
    return {ProgressStyle.plain: _Plain, ProgressStyle.json: _Json, ProgressStyle.none: _Silent}[style]()


# ---- Results ----


def _print_receipt(receipt: flatbed.Receipt, rejects: str | None) -> None:
    rate = f", {_rows(receipt.read / receipt.seconds)} rows/s" if receipt.seconds > 0.01 else ""
    lines = [
        f"done: {_rows(receipt.loaded)} rows in {receipt.seconds:.1f} s{rate}: {receipt.source} -> {receipt.target}",
        f"  read {_rows(receipt.read)} = loaded {_rows(receipt.loaded)} + rejected {_rows(receipt.rejected)}"
        f" + duplicate {_rows(receipt.duplicate)} + filtered {_rows(receipt.filtered)}",
        f"  {_bytes(receipt.bytes_read)} read, {_bytes(receipt.bytes_written)} written, blocks {receipt.blocks}",
    ]
    if receipt.target_rows_after is not None:
        before = receipt.target_rows_before
        lines.append(f"  the table holds {_rows(receipt.target_rows_after)} rows, {_rows(before or 0)} before")
    for code, count in receipt.rejects_by_code.items():
        first = next((reject for reject in receipt.first_rejects if reject.code == code), None)
        lines.append(f"  rejected {_rows(count)}: {code}" + (f", first: {first.message}" if first else ""))
    if receipt.rejected and rejects:
        lines.append(f"  rejected rows are in {rejects}")
    print("\n".join(lines), file=sys.stderr)


def _console() -> Console:
    return Console(highlight=False, soft_wrap=False)


def _print_grid(titles: list[str], rows: list[list[str]], right: tuple[int, ...] = ()) -> None:
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


# ---- Commands ----


@app.command()
def copy(
    source: SourceArgument,
    target: Annotated[str, typer.Argument(help="A path, - or an address such as chdb:folder/db/table.")],
    columns: Annotated[str | None, typer.Option(metavar="A,B,C", help="Columns to carry, in this order.")] = None,
    rename: Annotated[list[str] | None, typer.Option(metavar="OLD:NEW", help="Rename a column.")] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", metavar="COLUMN:TYPE", help="ClickHouse type of a column.")
    ] = None,
    create: Annotated[bool, typer.Option("--create", help="Create the table if it is missing.")] = False,
    order_by: Annotated[str | None, typer.Option(metavar="A,B", help="Sorting key of a new table.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the target file if it is there.")] = False,
    query: Annotated[str | None, typer.Option(metavar="SQL", help="Read this query instead of the table.")] = None,
    from_format: Annotated[Format | None, typer.Option("--from", help="Format of the source file.")] = None,
    to_format: Annotated[Format | None, typer.Option("--to", help="Format of the target file.")] = None,
    delimiter: DelimiterFlag = None,
    quote: QuoteFlag = None,
    escape: EscapeFlag = None,
    header: HeaderFlag = None,
    skip_rows: SkipRowsFlag = None,
    encoding: EncodingFlag = None,
    nulls: NullsFlag = None,
    as_is: Annotated[bool, typer.Option("--as-is", help="Carry every field as text, unchanged.")] = False,
    on_reject: Annotated[OnReject | None, typer.Option(help="What happens to a row that cannot be carried.")] = None,
    rejects: Annotated[str | None, typer.Option(metavar="FILE", help="Where rejected rows go.")] = None,
    max_rejects: Annotated[int | None, typer.Option(min=0, help="Rejects allowed; one more fails the run.")] = None,
    threads: Annotated[int | None, typer.Option(min=0, help="Threads that work; 0: one a core.")] = None,
    memory: Annotated[str | None, typer.Option(metavar="SIZE", help="Most memory for data, as 256M.")] = None,
    source_option: Annotated[
        list[str] | None, typer.Option("-s", "--source-option", metavar="NAME=VALUE", help="Option of the source.")
    ] = None,
    target_option: Annotated[
        list[str] | None, typer.Option("-t", "--target-option", metavar="NAME=VALUE", help="Option of the target.")
    ] = None,
    password_file: PasswordFileFlag = None,
    progress: Annotated[ProgressStyle, typer.Option(help="How progress is shown on stderr.")] = ProgressStyle.auto,
    as_json: Annotated[bool, typer.Option("--json", help="Print the receipt as JSON on stdout.")] = False,
) -> None:
    """Copy rows from SOURCE to TARGET.

    The flags about text (--delimiter, --quote, ...) describe the source when it is a file, else the target.
    """
    with _reported():
        text = _text_options(delimiter, quote, escape, header, skip_rows, encoding, nulls)
        from_file = scheme(source) == "file"
        source_options: _EndpointOptions = text if from_file else {}
        target_options: _EndpointOptions = {} if from_file else text
        given: list[tuple[_EndpointOptions, str, Any]] = [
            (source_options, "format", from_format.value if from_format else None),
            (target_options, "format", to_format.value if to_format else None),
            (source_options, "query", query),
            (source_options, "all_text", True if as_is else None),
            (target_options, "create", True if create else None),
            (target_options, "order_by", _names(order_by) or None),
            (target_options, "overwrite", True if overwrite else None),
        ]
        for options, name, value in given:
            if value is not None:
                options[name] = value
        source_options.update(_pairs(source_option, "=", "--source-option"))
        target_options.update(_pairs(target_option, "=", "--target-option"))
        shower = _shower(progress)
        try:
            receipt = flatbed.copy(
                source,
                target,
                columns=_names(columns) or None,
                rename=_pairs(rename, ":", "--rename"),
                types=_pairs(types, ":", "--type"),
                source_options=_with_password(source, source_options, password_file),
                target_options=_with_password(target, target_options, password_file),
                rejects=rejects,
                on_reject=on_reject.value if on_reject else None,
                max_rejects=max_rejects,
                threads=threads,
                memory=memory,
                progress=shower,
            )
        finally:
            shower.end()
        if as_json:
            print(receipt.to_json())
        elif progress is ProgressStyle.json:
            print(json.dumps({"event": "finished", "receipt": json.loads(receipt.to_json())}), file=sys.stderr)
        elif progress is not ProgressStyle.none:
            _print_receipt(receipt, rejects)
        if receipt.rejected:
            raise typer.Exit(LOADED_WITH_REJECTS)


@app.command()
def sniff(
    file: Annotated[str, typer.Argument(help="A text file.")],
    delimiter: DelimiterFlag = None,
    quote: QuoteFlag = None,
    escape: EscapeFlag = None,
    header: HeaderFlag = None,
    skip_rows: SkipRowsFlag = None,
    encoding: EncodingFlag = None,
    nulls: NullsFlag = None,
    option: OptionFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Find the dialect of a text file: delimiter, quote, header, encoding."""
    with _reported():
        options = _text_options(delimiter, quote, escape, header, skip_rows, encoding, nulls)
        dialect = flatbed.sniff(file, options={**options, **_pairs(option, "=", "--option")})
        if as_json:
            print(dialect.to_json())
            return
        print(str(dialect).replace("), ", ")\n"))


@app.command()
def schema(
    source: SourceArgument,
    ddl: Annotated[str | None, typer.Option(metavar="TABLE", help="Print the CREATE TABLE of this table.")] = None,
    order_by: Annotated[str | None, typer.Option(metavar="A,B", help="Sorting key of the statement.")] = None,
    query: Annotated[str | None, typer.Option(metavar="SQL", help="Columns of this query.")] = None,
    delimiter: DelimiterFlag = None,
    quote: QuoteFlag = None,
    escape: EscapeFlag = None,
    header: HeaderFlag = None,
    skip_rows: SkipRowsFlag = None,
    encoding: EncodingFlag = None,
    nulls: NullsFlag = None,
    option: OptionFlag = None,
    password_file: PasswordFileFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the columns of a source and who decided their types; those of a file come from every row."""
    with _reported():
        options = _text_options(delimiter, quote, escape, header, skip_rows, encoding, nulls)
        options.update({"query": query} if query else {}, **_pairs(option, "=", "--option"))
        columns = flatbed.schema(source, options=_with_password(source, options, password_file))
        if ddl is not None:
            print(columns.ddl(ddl, _names(order_by)))
        elif as_json:
            print(columns.to_json())
        else:
            _print_grid(
                ["column", "type", "decided by"], [[field.name, field.type, field.decided_by] for field in columns]
            )


@app.command()
def preview(
    source: SourceArgument,
    rows: Annotated[int, typer.Option("-n", "--rows", min=1, help="Rows to show.")] = 20,
    query: Annotated[str | None, typer.Option(metavar="SQL", help="Rows of this query.")] = None,
    delimiter: DelimiterFlag = None,
    quote: QuoteFlag = None,
    escape: EscapeFlag = None,
    header: HeaderFlag = None,
    skip_rows: SkipRowsFlag = None,
    encoding: EncodingFlag = None,
    nulls: NullsFlag = None,
    option: OptionFlag = None,
    password_file: PasswordFileFlag = None,
) -> None:
    """Show the first rows of a source."""
    with _reported():
        options = _text_options(delimiter, quote, escape, header, skip_rows, encoding, nulls)
        options.update({"query": query} if query else {}, **_pairs(option, "=", "--option"))
        batch = flatbed.preview(source, rows, options=_with_password(source, options, password_file))
        cells = [["NULL" if cell is None else cell for cell in row] for row in batch.texts()]
        _print_grid(batch.column_names, cells)


@app.command()
def tables(
    address: Annotated[str, typer.Argument(help="An address such as clickhouse://host or chdb:folder.")],
    option: OptionFlag = None,
    password_file: PasswordFileFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """List the tables behind an address."""
    with _reported():
        options = _with_password(address, _pairs(option, "=", "--option"), password_file)
        found = flatbed.tables(address, options=options)
        if as_json:
            members = ("database", "name", "engine", "rows", "bytes", "comment")
            print(json.dumps([{name: getattr(table, name) for name in members} for table in found]))
            return
        rows = [
            [
                f"{table.database}.{table.name}",
                table.engine,
                "" if table.rows is None else _rows(table.rows),
                "" if table.bytes is None else _bytes(table.bytes),
                table.comment,
            ]
            for table in found
        ]
        _print_grid(["table", "engine", "rows", "size", "comment"], rows, right=(2, 3))


@app.command()
def connectors(
    name: Annotated[str | None, typer.Argument(help="Show the options of this connector.")] = None,
) -> None:
    """List the connectors, or the options of one."""
    with _reported():
        known = flatbed.connectors()
        if name is None:
            _print_grid(
                ["connector", "schemes", "use", "summary"],
                [[one.name, ", ".join(one.schemes), _uses(one), one.summary] for one in known],
            )
            return
        found = next((one for one in known if one.name == name or name in one.schemes), None)
        if found is None:
            names = ", ".join(one.name for one in known)
            print(f"no connector has the name {name!r}\n  expected: one of {names}", file=sys.stderr)
            raise typer.Exit(USAGE)
        _print_grid(
            ["option", "type", "default", "use", "help"],
            [
                [option.name, option.choices or option.type, option.default, _uses(option), option.help]
                for option in found.options
            ],
        )


def _uses(thing: flatbed.Connector | flatbed.Option) -> str:
    return ", ".join([*(["read"] if thing.reads else []), *(["write"] if thing.writes else [])])


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


if __name__ == "__main__":
    main()
