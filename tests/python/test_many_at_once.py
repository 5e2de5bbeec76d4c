"""Many connections in one process, dropped at random: nothing is lost, and nothing is left open."""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import flatbed as fb

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "real"))
from clickhouse import ClickHouse
from proxy import Proxy

ROWS = 3000


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    with ClickHouse() as running:
        yield running


def open_things() -> tuple[int, int]:
    """Threads and files, sockets included, of this process."""
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))


def test_connections_dropped_at_random(server: ClickHouse, tmp_path: Path) -> None:
    """64 loads into one table, each through a link that is cut somewhere, until each has come through."""
    chance = random.Random(6)
    server.query("CREATE TABLE t (id UInt64, name String) ENGINE = MergeTree ORDER BY id")
    ledger = tmp_path / "ledger.sqlite"
    failed: list[BaseException] = []

    def load(number: int, seed: int) -> None:
        mine = random.Random(seed)
        source = tmp_path / f"{number}.csv"
        source.write_text("id,name\n" + "".join(f"{number * ROWS + i},name\n" for i in range(ROWS)))
        try:
            for attempt in range(6):
                with Proxy(server.http_port) as proxy:
                    if attempt < 4:
                        proxy.cut_after(mine.randrange(1, 60_000))
                    try:
                        target = f"clickhouse://127.0.0.1:{proxy.port}/default/t"
                        receipt = fb.copy(source, target, ledger=ledger, target_options={"block_rows": 500})
                    except fb.Error:
                        continue
                    assert receipt.balanced and receipt.read == ROWS
                    return
            raise AssertionError(f"load {number} never came through")
        except BaseException as problem:
            failed.append(problem)

    # One of them first: what a process opens once does not count.
    load(64, 64)
    before = open_things()
    loaders = [threading.Thread(target=load, args=(number, chance.randrange(1 << 30))) for number in range(64)]
    for loader in loaders:
        loader.start()
    for loader in loaders:
        loader.join()
    assert not failed, failed
    rows = 65 * ROWS
    held = server.query("SELECT count(), uniqExact(id), min(id), max(id) FROM t")
    assert held == f"{rows}\t{rows}\t0\t{rows - 1}\n"
    assert_nothing_left(before)


def test_a_link_cut_before_a_partition_moves(server: ClickHouse, tmp_path: Path) -> None:
    """The rows stand in the load's own table, which is dropped only when they have left it."""
    server.query("CREATE TABLE moved (id UInt64, name String) ENGINE = MergeTree PARTITION BY id % 2 ORDER BY id")
    source = tmp_path / "rows.csv"
    source.write_text("id,name\n" + "".join(f"{i},name\n" for i in range(ROWS)))
    for words in (b"max_block_number", b"uptime()", b"MOVE PARTITION", b"partition_id"):
        server.query("TRUNCATE TABLE moved")
        with Proxy(server.http_port) as proxy:
            proxy.cut_at(words)
            target = f"clickhouse://127.0.0.1:{proxy.port}/default/moved"
            for attempt in range(2):
                try:
                    receipt = fb.copy(source, target, ledger=tmp_path / f"{words.decode()[:4]}.sqlite")
                    break
                except fb.Error:
                    assert attempt == 0
            assert proxy.struck == 1
        assert receipt.balanced and receipt.loaded + receipt.duplicate == ROWS
        assert server.query("SELECT count(), uniqExact(id) FROM moved") == f"{ROWS}\t{ROWS}\n", words


def assert_nothing_left(before: tuple[int, int]) -> None:
    """The threads of the proxies end a moment after they are told to."""
    for _ in range(100):
        threads, files = open_things()
        if threads <= before[0] and files <= before[1]:
            return
        time.sleep(0.1)
    raise AssertionError(f"left open: {open_things()} instead of {before}")


def test_readers_dropped_at_random(server: ClickHouse) -> None:
    """Answers of which only the head is taken; the rest is never asked for."""
    chance = random.Random(7)
    server.query("CREATE TABLE r (id UInt64, text String) ENGINE = MergeTree ORDER BY id")
    server.query("INSERT INTO r SELECT number, repeat('x', 100) FROM numbers(200000)")
    address = f"clickhouse://127.0.0.1:{server.http_port}/default/r"
    before = open_things()
    for number in range(64):
        assert len(fb.preview(address, rows=chance.randrange(1, 1000))) > 0
        if number == 0:
            before = open_things()  # what a process opens once does not count
    assert_nothing_left(before)
