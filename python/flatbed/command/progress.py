"""How a run shows its progress on stderr."""

from __future__ import annotations

import enum
import json
import shutil
import sys
import time

import flatbed
from flatbed.command.output import in_bytes, in_rows


class ProgressStyle(str, enum.Enum):
    auto = "auto"
    plain = "plain"
    json = "json"
    none = "none"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _share(progress: flatbed.Progress) -> float | None:
    return min(progress.bytes_read / progress.bytes_total, 1.0) if progress.bytes_total else None


def _line(progress: flatbed.Progress) -> str:
    """Words and numbers alone: a screen reader reads it, and a log keeps it."""
    share = _share(progress)
    read = in_bytes(progress.bytes_read)
    parts = [
        f"{share:4.0%}  {read} of {in_bytes(progress.bytes_total or 0)}" if share is not None else read,
        f"read {in_rows(progress.rows_read)}",
        f"acknowledged {in_rows(progress.rows_acknowledged)}",
    ]
    if progress.seconds > 0:
        parts.append(f"{in_rows(progress.rows_read / progress.seconds)} rows/s")
    if share and progress.seconds > 0:
        parts.append(f"left {_clock(progress.seconds / share - progress.seconds)}")
    if progress.rows_rejected:
        parts.append(f"rejected {in_rows(progress.rows_rejected)}")
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
        line = _line(progress)[: max(shutil.get_terminal_size().columns - 1, 20)]
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


def shower_of(style: ProgressStyle) -> _Silent:
    if style is ProgressStyle.auto:
        return _Live() if sys.stderr.isatty() else _Plain()
    return {ProgressStyle.plain: _Plain, ProgressStyle.json: _Json, ProgressStyle.none: _Silent}[style]()
