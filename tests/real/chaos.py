#!/usr/bin/env python3
"""Loads that are killed, cut off and lied to, at random points: python tests/real/chaos.py --client 300 --server 100 ...

After each one the load goes on, and count and checksum of the table must be exact. Trials that came too late for their
load are repeated, so that the numbers are of faults that struck. Prints lines as it goes. Exit code 1: a table was
wrong, or a load could not go on; 2: the server of the tests failed, which says nothing about loads.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path

from clickhouse import ClickHouse, ServerFailed, ended
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


class Moment:
    """A point of time in a load, by chance. Those that come too late tell that loads have become shorter."""

    def __init__(self, chance: random.Random, seconds: float) -> None:
        self.random, self.seconds = chance, seconds

    def wait(self) -> None:
        time.sleep(self.random.uniform(0, 1) * self.seconds)

    def struck(self, at_work: bool) -> bool:
        self.seconds *= 1.02 if at_work else 0.9
        return at_work


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
        self.moments = {settings: Moment(self.random, self.once(settings)) for settings in WINDOW.values()}

    def address(self, table: str, port: int | None = None) -> str:
        return f"clickhouse://127.0.0.1:{port or self.server.http_port}/default/{table}"

    def table(self, settings: str) -> str:
        self.number += 1
        partition = "PARTITION BY id % 3 " if self.number % 2 else ""
        name = f"t{self.number}"
        self.server.query(f"CREATE TABLE {name} ({COLUMNS}) ENGINE = MergeTree {partition}ORDER BY id {settings}")
        return name

    def once(self, settings: str) -> float:
        """How long a load takes that nobody disturbs."""
        table = self.table(settings)
        start = time.monotonic()
        receipt = flatbed.copy(
            self.source, self.address(table), target_options=OPTIONS, memory=MEMORY, ledger=self.ledger
        )
        self.blocks = receipt.blocks
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
            assert ended(process, 120), "the load did not end within 120 s"

    def kill_client(self, settings: str) -> bool:
        table = self.table(settings)
        with self.loader(table) as process:
            self.moments[settings].wait()
            process.send_signal(signal.SIGKILL)
        self.go_on(table)
        return self.moments[settings].struck(process.returncode == -signal.SIGKILL)

    def kill_server(self, settings: str) -> bool:
        table = self.table(settings)
        with self.loader(table) as process:
            self.moments[settings].wait()
            running = process.poll() is None
            self.server.kill9()
            self.start_server()
        self.go_on(table)
        return self.moments[settings].struck(running)

    def start_server(self) -> None:
        """On its port, which some connection may have taken meanwhile."""
        for pause in (1, 5, 30):
            try:
                self.server.start()
                return
            except ServerFailed as problem:
                print(f"once more in {pause} s: {problem}", file=sys.stderr, flush=True)
                time.sleep(pause)
        self.server.start()

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
            proxy.swallow_answers(self.random.randrange(1, 3), after=self.random.randrange(0, self.blocks))
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

    def many(self, kind: str, count: int) -> None:
        """Runs a kind of trial on both kinds of tables, until that many of them have hit a load at work."""
        for words, settings in WINDOW.items():
            until_struck(f"{kind}, table {words}", count, functools.partial(getattr(self, kind), settings))


def until_struck(words: str, count: int, trial: Callable[[], bool]) -> None:
    start = time.monotonic()
    struck = trials = 0
    while struck < count and trials < 5 * count:
        struck += trial()
        trials += 1
        if trials % 50 == 0 or struck == count:
            print(f"{words}: {trials} exact, {struck} struck at work, {time.monotonic() - start:.1f} s", flush=True)
    assert struck >= count, f"{words}: only {struck} of {trials} trials hit a load at work"


class Embedded:
    """The same with the embedded engine, which dies with its client, or alone."""

    def __init__(self, folder: Path, source: Path, chance: random.Random) -> None:
        self.folder, self.source = folder, source
        self.number = 0
        self.expected = ""
        start = time.monotonic()
        self.expected = self.go_on()
        self.moment = Moment(chance, time.monotonic() - start)

    def address(self) -> str:
        # The folder is the table's own, so that the engine starts from nothing.
        return f"chdb:{self.folder}/chdb{self.number}/default/t"

    def ledger(self) -> Path:
        return self.folder / f"chdb{self.number}.sqlite"

    def go_on(self) -> str:
        create = {"create": True, "order_by": ["id"], **OPTIONS}
        for attempt in range(60):
            try:
                flatbed.copy(self.source, self.address(), target_options=create, memory=MEMORY, ledger=self.ledger())
                break
            except flatbed.Error as problem:
                # The engine of a killed client holds the folder until it has noticed; a new one may start late.
                if problem.code != "FB-CH-0105" or attempt == 59:
                    raise
                time.sleep(0.5)
        answer = self.folder / f"answer{self.number}.csv"
        query = "SELECT count() AS rows, sum(cityHash64(*)) AS hash FROM default.t"
        flatbed.copy(self.address(), answer, source_options={"query": query})
        found = answer.read_text()
        assert found.splitlines()[1].startswith(f"{ROWS},"), found
        assert found == (self.expected or found), f"{found} in place of {self.expected}"
        shutil.rmtree(self.folder / f"chdb{self.number}")
        return found

    def kill(self, victims: Callable[[int], list[int]]) -> bool:
        self.number += 1
        code = LOAD.replace('"block_rows"', '"create": True, "order_by": "id", "block_rows"')
        command = [sys.executable, "-c", code, str(self.source), self.address(), str(self.ledger())]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            self.moment.wait()
            for victim in victims(process.pid):
                os.kill(victim, signal.SIGKILL)
            process.communicate()
        self.go_on()
        return self.moment.struck(process.returncode != 0)

    def kill_client(self) -> bool:
        return self.kill(lambda client: [client])

    def kill_engine(self) -> bool:
        return self.kill(children)


def children(parent: int) -> list[int]:
    """The processes that any thread of a process has started."""
    lists = Path(f"/proc/{parent}/task").glob("*/children")
    return [int(child) for one in lists for child in one.read_text().split()]


def run(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder, ClickHouse() as server:
        chaos = Chaos(server, Path(folder), options.seed)
        for kind in KINDS:
            if count := getattr(options, kind):
                chaos.many(KINDS[kind], count)
        if options.embedded or options.engine:
            embedded = Embedded(Path(folder), chaos.source, chaos.random)
            until_struck("kill_client, embedded", options.embedded, embedded.kill_client)
            until_struck("kill_engine, embedded", options.engine, embedded.kill_engine)


KINDS = {"client": "kill_client", "link": "cut_link", "swallow": "swallow", "server": "kill_server"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for kind in (*KINDS, "embedded", "engine"):
        parser.add_argument(f"--{kind}", type=int, default=0, metavar="TIMES")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    try:
        run(options)
    except AssertionError as problem:
        print(f"WRONG, seed {options.seed}: {problem}", flush=True)
        return 1
    except flatbed.Error as problem:
        print(f"the load did not go on, seed {options.seed}: {problem}", flush=True)
        return 1
    except (ServerFailed, urllib.error.URLError) as problem:
        print(f"not tested, seed {options.seed}: the harness failed: {problem}", flush=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
