"""Loads or exports again and again, each time with another system call that fails: run by test_failing_calls.py.

python failing_loads.py ACTION CALL ERRNO PORT FOLDER MOST, with failing_calls.so preloaded. Prints the outcomes as JSON.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import flatbed

ROWS = 5000
OPTIONS: dict[str, object] = {"block_rows": 1000}


class Trials:
    """One kind of call that fails in one kind of work."""

    def __init__(self, call: str, failure: int, port: int, folder: Path) -> None:
        self.shim = ctypes.CDLL(None)
        self.call, self.failure, self.port, self.folder = call, failure, port, folder
        self.source = folder / "rows.csv"
        self.source.write_text("id,name\n" + "".join(f"{i},name {i}\n" for i in range(ROWS)))
        self.outcomes: dict[str, int] = {}

    def query(self, sql: str, data: bytes = b"") -> str:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/", data=sql.encode() + b"\n" + data)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            return str(answer.read().decode())

    def address(self, table: str) -> str:
        return f"clickhouse://127.0.0.1:{self.port}/default/{table}"

    def attempt(self, number: int, source: object, target: object, **more: object) -> bool:
        """Copies while a call fails; tells whether that came about. No thread and no file may be left."""
        before = self.open_things()
        self.shim.fail_at(self.call.encode(), ctypes.c_long(number), self.failure)
        try:
            receipt = flatbed.copy(source, target, **more)  # type: ignore[arg-type]
            assert receipt.balanced
            outcome = "ok"
        except flatbed.Error as error:
            outcome = error.code
        struck = bool(self.shim.fail_happened())
        self.shim.fail_at(b"", ctypes.c_long(0), 0)
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        self.outcome = outcome
        end = time.monotonic() + 5
        while self.open_things() > before and time.monotonic() < end:
            time.sleep(0.01)
        assert self.open_things() <= before, f"{self.call} {number}: left open, {outcome}"
        return struck

    def open_things(self) -> tuple[int, int]:
        return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))

    def load(self, number: int) -> bool:
        table = f"t_{self.call}_{self.failure}_{number}"
        self.query(f"CREATE TABLE {table} (id UInt64, name String) ENGINE = MergeTree ORDER BY id")
        ledger = self.folder / f"{table}.sqlite"
        more = {"ledger": ledger, "memory": "2M", "target_options": OPTIONS}
        struck = self.attempt(number, self.source, self.address(table), **more)
        for _ in range(3):  # the same command until it works, as a person would
            try:
                receipt = flatbed.copy(self.source, self.address(table), **more)  # type: ignore[arg-type]
                assert receipt.balanced and receipt.read == ROWS
                break
            except flatbed.Error as error:
                print(error, file=sys.stderr)
        held = self.query(f"SELECT count(), uniqExact(id), sum(id) FROM {table}")
        assert held == f"{ROWS}\t{ROWS}\t{ROWS * (ROWS - 1) // 2}\n", f"{table}: {self.outcome}, {held}"
        self.query(f"DROP TABLE {table} SYNC")
        return struck

    def export(self, number: int) -> bool:
        target = self.folder / "out.csv"
        struck = self.attempt(number, self.address("out"), target)
        # One that cannot be told to be durable is there all the same, and whole.
        assert target.exists() or self.outcome != "ok", f"{self.call} {number}"
        if target.exists():
            assert sorted(target.read_text().split("\n")) == sorted(self.source.read_text().split("\n"))
            target.unlink()
        left = [path.name for path in self.folder.iterdir() if path != self.source]
        assert left == [], f"{self.call} {number}: {left}"
        return struck


def numbers(most: int) -> Iterator[int]:
    """Every one at first, then further and further apart."""
    number = 1
    for count in range(most):
        yield number
        number += 1 if count < most // 2 else 1 + number // 6


def main() -> None:
    action, call, failure, port, folder, most = sys.argv[1:]
    trials = Trials(call, int(failure), int(port), Path(folder))
    if action == "export":
        trials.query("CREATE OR REPLACE TABLE out (id UInt64, name String) ENGINE = MergeTree ORDER BY id")
        trials.query("INSERT INTO out FORMAT CSVWithNames", trials.source.read_bytes())
    trial = getattr(trials, action)
    trial(0)  # what a process opens once does not count
    trials.outcomes.clear()
    struck = 0
    for number in numbers(int(most)):
        if not trial(number):
            break
        struck += 1
    print(json.dumps({"struck": struck, "outcomes": trials.outcomes}))


if __name__ == "__main__":
    main()
