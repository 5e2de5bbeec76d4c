"""Ctrl-C ends a running copy in under a second and leaves the target as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ENDLESS = """
import sys, time
import pyarrow as pa, flatbed as fb

def batches():
    while True:
        time.sleep(0.01)
        yield pa.record_batch({"a": list(range(100))})

reader = pa.RecordBatchReader.from_batches(pa.schema({"a": pa.int64()}), batches())
print("running", flush=True)
try:
    fb.copy(reader, sys.argv[1])
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def interrupted(arguments: list[str], target: Path, feed: bytes = b"") -> tuple[float, subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=target.parent
    )
    assert process.stdin is not None
    process.stdin.write(feed)
    process.stdin.flush()
    deadline = time.monotonic() + 30
    while not [path for path in target.parent.iterdir() if target.name in path.name] and time.monotonic() < deadline:
        time.sleep(0.02)  # until the target has begun to be written, beside its name
    time.sleep(0.2)
    began = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    process.wait(timeout=30)
    return time.monotonic() - began, process


def test_interrupt_of_a_program(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    seconds, process = interrupted([sys.executable, "-c", ENDLESS, str(target)], target)
    output, errors = process.communicate()
    assert output == b"running\ninterrupted\n", errors
    assert process.returncode == 0
    assert seconds < 1
    assert list(tmp_path.iterdir()) == []


def test_interrupt_of_the_command_that_waits_for_input(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    arguments = [sys.executable, "-m", "flatbed.cli", "copy", "-", str(target)]
    rows = b"a,b\n" + b"1,2\n" * 1_000_000
    seconds, process = interrupted(arguments, target, rows)
    errors = process.communicate()[1].decode()
    assert process.returncode == 6, errors
    assert "interrupted" in errors
    assert seconds < 1
    assert list(tmp_path.iterdir()) == []
