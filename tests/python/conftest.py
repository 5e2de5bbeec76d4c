"""What the Python tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = "id,name,born,score\n1,ann,2001-02-03,1.75\n2,bob,2002-03-04,\n3,O'Brien,2003-04-05,3.25\n"

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    return path


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs `flatbed` with arguments, as a shell would."""

    def run(*arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "flatbed.command", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "200", "FLATBED_LEDGER": str(tmp_path / "ledger.sqlite"), **more},
            timeout=120,
        )

    return run
