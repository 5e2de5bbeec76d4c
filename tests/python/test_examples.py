"""The examples in Python print what they promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from conftest import ROOT


def test_copy(tmp_path: Path) -> None:
    arguments = [sys.executable, "examples/python/copy.py", "examples/flights.csv", str(tmp_path / "data")]
    done = subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (ROOT / "examples/flights.stdout").read_text()
