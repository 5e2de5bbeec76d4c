#!/usr/bin/env python3
"""Runs a command beside a real ClickHouse server: python tests/real/with_clickhouse.py -- ctest --preset dev

The command finds the server in FLATBED_TEST_CLICKHOUSE (http://127.0.0.1:PORT), and in FLATBED_PYTHON the Python that can
run the embedded engine.
"""

from __future__ import annotations

import os
import subprocess
import sys

from clickhouse import ClickHouse


def main() -> int:
    command = sys.argv[1:]
    if command[:1] == ["--"]:
        command = command[1:]
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    with ClickHouse() as server:
        environment = {"FLATBED_PYTHON": sys.executable, **os.environ, "FLATBED_TEST_CLICKHOUSE": server.url}
        return subprocess.run(command, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
