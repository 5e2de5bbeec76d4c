"""The n-th read, write, fsync, rename or connect fails: a clean end each time, nothing left open, and it goes on."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "real"))
from clickhouse import ClickHouse

REAL = Path(__file__).resolve().parents[1] / "real"
MOST = os.environ.get("FLATBED_FAULTS", "16")  # numbers that are tried; tests/chaos.sh tries many more
SHORT = 0
CALLS = [
    ("read", errno.EIO),
    ("read", errno.EINTR),
    ("read", SHORT),
    ("write", errno.ENOSPC),
    ("write", errno.EINTR),
    ("write", SHORT),
    ("fsync", errno.EIO),
    ("rename", errno.EIO),
    ("connect", errno.EINTR),
    ("connect", errno.ETIMEDOUT),
]


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("shim") / "failing_calls.so"
    subprocess.run(
        ["cc", "-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o", library, REAL / "failing_calls.c", "-ldl"],
        check=True,
    )
    return library


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    with ClickHouse() as running:
        yield running


@pytest.mark.parametrize("action", ["load", "export"])
@pytest.mark.parametrize(("call", "failure"), CALLS, ids=[f"{call}-{failure}" for call, failure in CALLS])
def test_calls_that_fail(action: str, call: str, failure: int, shim: Path, server: ClickHouse, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, REAL / "failing_loads.py", action, call, str(failure), str(server.http_port), tmp_path, MOST],
        env={**os.environ, "LD_PRELOAD": str(shim)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    print(action, call, failure, told)
    assert "FB-RUN-0106" not in told["outcomes"], told  # no failure of the system is a mistake of Flatbed's
    assert told["struck"] > 0 or (action, call) == ("load", "rename"), told
    left = server.query("SELECT name FROM system.tables WHERE name LIKE 'flatbed%'")
    assert left == "", left
