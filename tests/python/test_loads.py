"""Loads that a ledger keeps: twice the same, at the same time, interrupted, and of files that change."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import flatbed as fb
from conftest import Command

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "real"))
import chaos
from clickhouse import LOADER, ClickHouse
from proxy import Proxy

TRIALS = int(os.environ.get("FLATBED_CHAOS", "6"))


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    with ClickHouse() as running:
        yield running


@pytest.fixture(scope="module")
def trials(server: ClickHouse, tmp_path_factory: pytest.TempPathFactory) -> chaos.Chaos:
    return chaos.Chaos(server, tmp_path_factory.mktemp("chaos"), seed=1)


@pytest.fixture
def load(trials: chaos.Chaos, tmp_path: Path) -> Callable[..., fb.Receipt]:
    """Loads the file of the trials with a ledger of the test's own."""

    def run(table: str, source: Path = trials.source, **more: object) -> fb.Receipt:
        given = {"target_options": chaos.OPTIONS, "memory": chaos.MEMORY, "ledger": tmp_path / "ledger.sqlite", **more}
        return fb.copy(source, trials.address(table), **given)  # type: ignore[arg-type]

    return run


@pytest.mark.parametrize("kind", ["kill_client", "cut_link", "swallow", "kill_server"])
def test_exact_after(kind: str, trials: chaos.Chaos) -> None:
    trials.many(kind, TRIALS // 2 if kind == "kill_server" else TRIALS)


@pytest.mark.parametrize("settings", chaos.WINDOW.values(), ids=list(chaos.WINDOW))
def test_twice_the_same_file(
    settings: str, trials: chaos.Chaos, load: Callable[..., fb.Receipt], tmp_path: Path
) -> None:
    table = trials.table(settings)
    first = load(table)
    assert (first.read, first.loaded, first.duplicate) == (chaos.ROWS, chaos.ROWS, 0)
    assert first.files[0]["sha256"] == subprocess.check_output(["sha256sum", trials.source], text=True).split()[0]
    assert sum(block["rows"] for block in first.block_list) == chaos.ROWS
    assert len({block["token"] for block in first.block_list}) == first.blocks > 5
    second = load(table)
    assert (second.read, second.loaded, second.duplicate) == (chaos.ROWS, 0, chaos.ROWS)
    assert second.balanced and second.load == first.load
    # The name does not matter, the content does.
    copied = tmp_path / "copied.csv"
    copied.write_bytes(trials.source.read_bytes())
    assert load(table, copied).duplicate == chaos.ROWS
    copied.write_bytes(trials.source.read_bytes().replace(b"name 1,", b"name 2,"))
    assert load(table, copied).loaded == chaos.ROWS
    assert load(table, again=True).loaded == chaos.ROWS
    assert trials.server.query(f"SELECT count() FROM {table}") == f"{3 * chaos.ROWS}\n"
    # A table that was emptied has nothing of it, and one that has lost rows is not guessed about.
    trials.server.query(f"DELETE FROM {table} WHERE id >= 10")
    with pytest.raises(fb.Error, match="rows were deleted"):
        load(table)
    trials.server.query(f"TRUNCATE TABLE {table}")
    assert load(table).loaded == chaos.ROWS
    trials.verify(table)


@pytest.mark.parametrize("settings", chaos.WINDOW.values(), ids=list(chaos.WINDOW))
def test_loaders_of_one_file_at_once(settings: str, trials: chaos.Chaos, tmp_path: Path) -> None:
    table = trials.table(settings)
    command = [sys.executable, "-c", chaos.LOAD, trials.source, trials.address(table), tmp_path / "ledger.sqlite"]
    loaders = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    errors = [loader.communicate(timeout=100)[1] for loader in loaders]
    assert any(loader.returncode == 0 for loader in loaders)
    for loader, error in zip(loaders, errors, strict=True):
        assert loader.returncode == 0 or "FB-LED-0102" in error, error
    trials.verify(table)


@pytest.mark.parametrize("settings", chaos.WINDOW.values(), ids=list(chaos.WINDOW))
def test_many_files_at_once_into_one_table(settings: str, trials: chaos.Chaos, tmp_path: Path) -> None:
    table = trials.table(settings)
    ledger = tmp_path / "ledger.sqlite"
    loaders = []
    for number in range(8):
        source = tmp_path / f"{number}.csv"
        source.write_text("id,name\n" + "".join(f"{number * 3000 + i},x\n" for i in range(3000)))
        command = [sys.executable, "-c", chaos.LOAD, source, trials.address(table), ledger]
        loaders.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    for loader in loaders:
        error = loader.communicate(timeout=100)[1]
        assert loader.returncode == 0, error
    assert (
        trials.server.query(f"SELECT count(), uniqExact(id), min(id), max(id) FROM {table}")
        == "24000\t24000\t0\t23999\n"
    )
    trials.server.query(f"DROP TABLE {table} SYNC")


def test_every_insert_has_a_token_and_waits(trials: chaos.Chaos, load: Callable[..., fb.Receipt]) -> None:
    trials.server.query("SYSTEM FLUSH LOGS query_log")
    trials.server.query("TRUNCATE TABLE system.query_log")
    for settings in chaos.WINDOW.values():
        load(trials.table(settings))
    trials.server.query("SYSTEM FLUSH LOGS query_log")
    condition = "query_kind = 'Insert' AND type = 'QueryFinish' AND Settings['insert_deduplication_token'] != ''"
    found = trials.server.query(
        f"SELECT count(), countIf(Settings['async_insert'] = '0' AND {condition}) "
        "FROM system.query_log WHERE query_kind = 'Insert' AND type = 'QueryFinish'"
    )
    inserts, proper = map(int, found.split())
    assert inserts == proper > 10


@pytest.mark.parametrize("part", ["1", "id % 3 = 1"], ids=["a block", "one partition of a block"])
def test_rows_that_the_server_has_confirmed_and_lost_are_sent_again(
    part: str, trials: chaos.Chaos, load: Callable[..., fb.Receipt], tmp_path: Path
) -> None:
    """As after a server's death: two blocks were sent again and dropped by their tokens, rows of one are gone."""
    table = trials.table(chaos.WINDOW["with a window"])
    trials.server.query(f"ALTER TABLE {table} ADD CONSTRAINT last CHECK id != {chaos.ROWS - 1}")
    with Proxy(trials.server.http_port) as proxy:
        proxy.swallow_answers(2)
        with pytest.raises(fb.Error, match="refused the row"):
            fb.copy(
                trials.source,
                trials.address(table, proxy.port),
                target_options=chaos.OPTIONS,
                memory=chaos.MEMORY,
                ledger=tmp_path / "ledger.sqlite",
            )
    trials.server.query(f"ALTER TABLE {table} DROP CONSTRAINT last")
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as ledger:
        [[note]] = ledger.execute("SELECT note FROM loads")
        words = note.split()
        assert words[0] == "doubtful" and len(words) == 3
        [[first, rows]] = ledger.execute("SELECT first_record, records FROM blocks WHERE number = ?", [int(words[2])])
    lost = f"id >= {first} AND id < {first + rows} AND {part}"
    count = trials.server.query(f"SELECT count() FROM {table} WHERE {lost}").strip()
    trials.server.query(f"DELETE FROM {table} WHERE {lost}")
    with pytest.raises(fb.Error, match=f"{count} rows fewer than the server has acknowledged"):
        load(table)
    assert load(table).balanced
    trials.verify(table)


def append(path: Path) -> None:
    with path.open("a") as file:
        file.write("99999,late,1.00,\n")


def cut(path: Path) -> None:
    os.truncate(path, 1000)


def replace(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    os.replace(other, path)


def rewrite(path: Path) -> None:
    """The same size, and the time put back: only the system's own note of the change is left."""
    times = path.stat()
    with path.open("r+b") as file:
        file.seek(times.st_size - 3)
        file.write(b"9")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize("change", [append, cut, replace, rewrite])
def test_a_file_that_changes(change: Callable[[Path], None], trials: chaos.Chaos, tmp_path: Path) -> None:
    source = tmp_path / "source.csv"
    source.write_bytes(trials.source.read_bytes())
    table = trials.table("")
    changed = False

    def step(batch: fb.Batch) -> list[bool]:
        nonlocal changed
        if len(batch) and not changed:
            changed = True
            change(source)
        return [True] * len(batch)

    pipeline = fb.Pipeline(source).then(step).sink(trials.address(table), options=chaos.OPTIONS)
    with pytest.raises(fb.Error) as caught:
        pipeline.run(memory=chaos.MEMORY, ledger=tmp_path / "ledger.sqlite")
    assert caught.value.code == "FB-SRC-0106", caught.value
    # It was noticed before anything was made visible.
    assert trials.server.query(f"SELECT count() FROM {table}") == "0\n"
    # An interrupted load of a file that is another one now does not go on.
    with pytest.raises(fb.Error) as caught:
        fb.resume(tmp_path / "ledger.sqlite")
    assert caught.value.code == "FB-LED-0104", caught.value


def test_the_command_goes_on(trials: chaos.Chaos, tmp_path: Path, command: Command) -> None:
    table = trials.table("")
    flags = ("-t", "block_rows=1000", "--ledger", tmp_path / "l.sqlite", "--json")
    with Proxy(trials.server.http_port) as proxy:
        proxy.cut_after(300_000)
        done = command("copy", trials.source, trials.address(table, proxy.port), *flags)
    assert done.returncode == 0, done.stderr
    listed = command("loads", "--ledger", tmp_path / "l.sqlite", "--json")
    assert [one["state"] for one in json.loads(listed.stdout)] == ["finished"]
    nothing = command("resume", "--ledger", tmp_path / "l.sqlite")
    assert "FB-LED-0103" in nothing.stderr


def test_no_secret_is_kept(trials: chaos.Chaos, tmp_path: Path) -> None:
    table = trials.table("")
    user, secret = LOADER
    written_secret = secret.replace(" ", "%20")
    ledger = tmp_path / "ledger.sqlite"
    address = f"clickhouse://{user}:{written_secret}@127.0.0.1:{trials.server.http_port}/default/{table}"
    receipt = fb.copy(trials.source, address, ledger=ledger)
    assert receipt.loaded == chaos.ROWS
    other = fb.copy(
        trials.source,
        address.replace(f":{written_secret}", ""),
        target_options={"password": secret},
        ledger=ledger,
        again=True,
    )
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for text in (
        receipt.to_json(),
        other.to_json(),
        repr(receipt),
        json.dumps(fb.loads(ledger)),
        written.decode("latin-1"),
    ):
        assert secret not in text and written_secret not in text
    assert f"{user}@127.0.0.1" in receipt.to_json()
