#!/usr/bin/env python3
"""Loads that are killed, cut off and lied to, at random points: python tests/real/chaos.py --client 300 --server 100 ...

After each one the load goes on, and count and checksum of the table must be exact. Prints one line a kind.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from clickhouse import ClickHouse
from proxy import Proxy

import flatbed

ROWS = 20_000
COLUMNS = "id UInt64, name String, amount Decimal(12, 2), day Nullable(Date)"
CHECK = "SELECT count(), sum(cityHash64(id, name, amount, toString(day))) FROM "
OPTIONS: dict[str, object] = {"block_rows": 1000, "connections": 2}
# Little memory makes small chunks, and so some ten blocks of a small file.
MEMORY = "2M"
WINDOW = {"without a window": "", "with a window": "SETTINGS non_replicated_deduplication_window = 1000"}

LOAD = """
import sys, flatbed
flatbed.kernel()
print("ready", flush=True)
flatbed.copy(sys.argv[1], sys.argv[2], target_options={"block_rows": 1000, "connections": 2},
             memory="2M", ledger=sys.argv[3])
"""


def write_source(path: Path, rows: int = ROWS) -> None:
    with path.open("w") as file:
        file.write("id,name,amount,day\n")
        for i in range(rows):
            day = "" if i % 7 == 0 else f"20{i % 100:02}-0{1 + i % 9}-1{i % 10}"
            file.write(f"{i},name {i * 7919 % 10007},{i % 1000}.{i % 100:02},{day}\n")


class Chaos:
    """One server, one file, and tables that are made anew for each trial."""

    def __init__(self, server: ClickHouse, folder: Path, seed: int) -> None:
        self.server = server
        self.folder = folder
        self.random = random.Random(seed)
        self.source = folder / "source.csv"
        self.ledger = folder / "ledger.sqlite"
        write_source(self.source)
        server.query(f"CREATE TABLE expected ({COLUMNS}) ENGINE = MergeTree ORDER BY id")
        # Read by the server itself: another reader than the one under test.
        server.query("INSERT INTO expected FORMAT CSVWithNames", self.source.read_bytes())
        self.expected = server.query(CHECK + "expected")
        self.number = 0
        self.seconds = self.once()

    def address(self, table: str, port: int | None = None) -> str:
        return f"clickhouse://127.0.0.1:{port or self.server.http_port}/default/{table}"

    def table(self, settings: str) -> str:
        self.number += 1
        partition = "PARTITION BY id % 3 " if self.number % 2 else ""
        name = f"t{self.number}"
        self.server.query(f"CREATE TABLE {name} ({COLUMNS}) ENGINE = MergeTree {partition}ORDER BY id {settings}")
        return name

    def once(self) -> float:
        """How long a load takes that nobody disturbs."""
        table = self.table(WINDOW["without a window"])
        start = time.monotonic()
        flatbed.copy(self.source, self.address(table), target_options=OPTIONS, memory=MEMORY, ledger=self.ledger)
        self.verify(table)
        return time.monotonic() - start

    def go_on(self, table: str) -> None:
        """Loads again until it works, as a person would; twice more changes nothing."""
        for attempt in range(5):
            try:
                receipt = flatbed.copy(
                    self.source, self.address(table), target_options=OPTIONS, memory=MEMORY, ledger=self.ledger
                )
                break
            except flatbed.Error:
                if attempt == 4:
                    raise
        assert receipt.balanced and receipt.read == ROWS, receipt
        self.verify(table)

    def verify(self, table: str) -> None:
        found = self.server.query(CHECK + table)
        assert found == self.expected, f"{table}: {found!r} instead of {self.expected!r}"
        left = self.server.query("SELECT name FROM system.tables WHERE name LIKE 'flatbed_load_%'")
        assert left == "", f"left behind: {left}"
        self.server.query(f"DROP TABLE {table} SYNC")

    @contextlib.contextmanager
    def loader(self, table: str) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-c", LOAD, str(self.source), self.address(table), str(self.ledger)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline() == "ready\n", process.stderr and process.stderr.read()
            yield process
            process.wait(120)

    def kill_client(self, settings: str) -> bool:
        table = self.table(settings)
        with self.loader(table) as process:
            time.sleep(self.random.uniform(0, 1.2) * self.seconds)
            process.send_signal(signal.SIGKILL)
        killed = process.returncode == -signal.SIGKILL
        self.go_on(table)
        return killed

    def kill_server(self, settings: str) -> bool:
        table = self.table(settings)
        with self.loader(table) as process:
            time.sleep(self.random.uniform(0, 1.2) * self.seconds)
            running = process.poll() is None
            self.server.kill9()
            self.server.start()
        self.go_on(table)
        return running

    def cut_link(self, settings: str) -> bool:
        table = self.table(settings)
        with Proxy(self.server.http_port) as proxy:
            proxy.cut_after(self.random.randrange(1, 700_000))
            with contextlib.suppress(flatbed.Error):
                flatbed.copy(
                    self.source,
                    self.address(table, proxy.port),
                    target_options=OPTIONS,
                    memory=MEMORY,
                    ledger=self.ledger,
                )
            struck = proxy.struck
        self.go_on(table)
        return struck > 0

    def swallow(self, settings: str) -> bool:
        table = self.table(settings)
        with Proxy(self.server.http_port) as proxy:
            timer = threading.Timer(
                self.random.uniform(0, 1) * self.seconds, proxy.swallow_answers, [self.random.randrange(1, 3)]
            )
            timer.start()
            with contextlib.suppress(flatbed.Error):
                flatbed.copy(
                    self.source,
                    self.address(table, proxy.port),
                    target_options=OPTIONS,
                    memory=MEMORY,
                    ledger=self.ledger,
                )
            timer.cancel()
            struck = proxy.struck
        self.go_on(table)
        return struck > 0

    def many(self, kind: str, count: int) -> None:
        """Runs a kind of trial on both kinds of tables, and says how many of them hit a load at work."""
        trial = getattr(self, kind)
        for words, settings in WINDOW.items():
            start = time.monotonic()
            struck = sum(trial(settings) for _ in range(count))
            seconds = time.monotonic() - start
            print(f"{kind}, table {words}: {count} exact, {struck} struck at work, {seconds:.1f} s", flush=True)


def kill_embedded(folder: Path, source: Path, count: int, chance: random.Random) -> None:
    """The same with the embedded engine, which dies with its client."""
    expected = ""
    struck = 0
    seconds = 0.0
    start = time.monotonic()
    for trial in range(count + 1):
        # The folder is the table's own, so that the engine starts from nothing.
        address = f"chdb:{folder}/chdb{trial}/default/t"
        create = {"create": True, "order_by": ["id"], **OPTIONS}
        ledger = folder / f"chdb{trial}.sqlite"
        if trial:
            code = LOAD.replace('"block_rows"', '"create": True, "order_by": "id", "block_rows"')
            command = [sys.executable, "-c", code, str(source), address, str(ledger)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                assert process.stdout
                process.stdout.readline()
                time.sleep(chance.uniform(0.3, 1.1) * seconds)
                process.kill()
            struck += process.returncode == -signal.SIGKILL
        began = time.monotonic()
        flatbed.copy(source, address, target_options=create, memory=MEMORY, ledger=ledger)
        seconds = time.monotonic() - began
        answer = folder / f"answer{trial}.csv"
        query = "SELECT count() AS rows, sum(cityHash64(*)) AS hash FROM default.t"
        flatbed.copy(address, answer, source_options={"query": query})
        expected = expected or answer.read_text()
        assert answer.read_text() == expected
        assert expected.splitlines()[1].startswith(f"{ROWS},"), expected
    print(
        f"kill_client, embedded: {count} exact, {struck} struck at work, {time.monotonic() - start:.1f} s", flush=True
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for kind in ("client", "server", "link", "swallow", "embedded"):
        parser.add_argument(f"--{kind}", type=int, default=0, metavar="TRIALS")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder, ClickHouse() as server:
        chaos = Chaos(server, Path(folder), options.seed)
        chaos.many("kill_client", options.client)
        chaos.many("cut_link", options.link)
        chaos.many("swallow", options.swallow)
        if options.embedded:
            kill_embedded(Path(folder), chaos.source, options.embedded, chaos.random)
        chaos.many("kill_server", options.server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
