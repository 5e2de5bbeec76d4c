"""Ctrl-C ends a running copy in under a second and leaves the target as it was."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import flatbed as fb

ENDLESS = """
import sys, time
import pyarrow as pa, flatbed as fb

def batches():
    while True:
        time.sleep(0.01)
        yield pa.record_batch({"a": list(range(100))})

reader = pa.RecordBatchReader.from_batches(pa.schema({"a": pa.int64()}), batches())
print("running", file=sys.stderr, flush=True)
try:
    fb.copy(reader, sys.argv[1])
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def interrupted(arguments: list[str], folder: Path) -> tuple[float, int, str, str]:
    """Starts a program, interrupts it a moment after its first line, and returns how long it took to end, and how."""
    process = subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, text=True
    )
    assert process.stdin and process.stdout and process.stderr
    process.stdin.write("a,b\n1,2\n")
    process.stdin.flush()  # and no end of it
    first = process.stderr.readline()
    time.sleep(0.5)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)
    seconds = time.monotonic() - began
    output, errors = process.communicate()
    return seconds, process.returncode, output, first + errors


def test_interrupt_of_a_program(tmp_path: Path) -> None:
    seconds, code, output, errors = interrupted([sys.executable, "-c", ENDLESS, "out.csv"], tmp_path)
    assert (code, output) == (0, "interrupted\n"), errors
    assert seconds < 1
    assert list(tmp_path.iterdir()) == []


def test_interrupt_of_the_command_that_waits_for_input(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "flatbed.command", "copy", "-", "out.csv", "--progress", "json"]
    seconds, code, _, errors = interrupted(arguments, tmp_path)
    assert code == 6, errors
    assert "interrupted" in errors
    assert seconds < 1
    assert list(tmp_path.iterdir()) == []


def test_who_ends_a_load_that_is_complete_gets_its_receipt(people: Path, tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    target = tmp_path / "out.csv"

    def end_when_done(_: fb.Progress) -> None:
        if target.exists():
            raise Enough

    with pytest.raises(Enough) as raised:
        fb.copy(people, target, progress=end_when_done)
    assert raised.value.receipt.loaded == 3  # type: ignore[attr-defined]
    assert target.read_text().count("\n") == 4
