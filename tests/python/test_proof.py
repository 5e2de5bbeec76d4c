"""What a load has brought is proven in the table, and taken out of it again."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import flatbed as fb
from conftest import Command

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "real"))
from clickhouse import ClickHouse

COLUMNS = "id UInt64, name String, amount Nullable(Decimal(12, 2)), day Nullable(Date)"
CONTENT = "SELECT count(), sum(cityHash64(tuple(id, name, amount, day))) FROM "
# Little memory makes small chunks, and so several blocks of a small file.
SMALL = {"target_options": {"block_rows": 1000}, "memory": "2M"}
Load = Callable[..., fb.Receipt]


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    with ClickHouse() as running:
        yield running


@pytest.fixture
def table(server: ClickHouse) -> Iterator[str]:
    server.query(f"CREATE OR REPLACE TABLE t ({COLUMNS}) ENGINE = MergeTree PARTITION BY id % 2 ORDER BY id")
    yield f"clickhouse://127.0.0.1:{server.http_port}/default/t"
    left = server.query("SELECT name FROM system.tables WHERE name LIKE 'flatbed%'")
    assert left == "", f"left behind: {left}"


def write(path: Path, first: int, rows: int, name: str = "name") -> Path:
    with path.open("w") as file:
        file.write("id,name,amount,day\n")
        for i in range(first, first + rows):
            amount = "" if i % 5 == 0 else f"{i % 1000}.{i % 100:02}"
            day = "" if i % 7 == 0 else f"20{i % 100:02}-0{1 + i % 9}-1{i % 10}"
            file.write(f"{i},{name} {i},{amount},{day}\n")
    return path


@pytest.fixture
def load(table: str, tmp_path: Path) -> Load:
    """Loads a file with a ledger of the test's own."""

    def run(source: Path, **more: object) -> fb.Receipt:
        return fb.copy(source, table, **{**SMALL, "ledger": tmp_path / "ledger.sqlite", **more})  # type: ignore[arg-type]

    return run


def test_a_load_among_others_holds(server: ClickHouse, load: Load, tmp_path: Path) -> None:
    receipts = [load(write(tmp_path / f"{n}.csv", n * 15_000, 20_000)) for n in range(3)]
    server.query("OPTIMIZE TABLE t FINAL")
    for receipt in receipts:
        assert receipt.blocks > 5
        proof = fb.verify(receipt)
        assert proof.holds and (proof.rows, proof.missing, proof.target_rows) == (20_000, 0, 60_000)
        assert proof.blocks == receipt.blocks
        assert fb.verify(receipt.to_json()).holds
        assert fb.verify(receipt.load, ledger=tmp_path / "ledger.sqlite").holds


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE name = 'other'",
        "UPDATE amount = NULL",
        "UPDATE amount = toDecimal64('579.80', 2)",
        "UPDATE day = '2000-01-01'",
        "DELETE",
    ],
)
def test_one_cell_is_named_by_its_block(change: str, server: ClickHouse, load: Load, tmp_path: Path) -> None:
    load(write(tmp_path / "a.csv", 50_000, 20_000))
    receipt = load(write(tmp_path / "b.csv", 0, 20_000))
    server.query(f"ALTER TABLE t {change} WHERE id = 13579 SETTINGS mutations_sync = 1")
    proof = fb.verify(receipt)
    assert not proof.holds and proof.missing == 1
    [block] = proof.differing
    assert block["first_missing_record"] == block["last_missing_record"] == 13579
    assert block["first_record"] <= 13579 < block["first_record"] + block["records"]
    text = (tmp_path / "b.csv").read_bytes()
    assert block["byte_begin"] <= text.index(b"\n13579,") < block["byte_end"]


def test_rows_that_came_twice_must_be_there_twice(server: ClickHouse, load: Load, tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", 0, 3000)
    with source.open("a") as file:
        file.write("7,seven,1.00,\n" * 3)
    receipt = load(source)
    assert fb.verify(receipt).holds
    server.query("INSERT INTO t VALUES (7, 'seven', 1, NULL)")
    assert fb.verify(receipt).holds
    server.query("ALTER TABLE t DELETE WHERE name = 'seven' SETTINGS mutations_sync = 1")
    server.query("INSERT INTO t VALUES (7, 'seven', 1, NULL), (7, 'seven', 1, NULL)")
    assert fb.verify(receipt).missing == 1


def test_a_source_that_is_another_one_now(load: Load, tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", 0, 20_000)
    receipt = load(source)
    moved = source.rename(tmp_path / "moved.csv")
    with pytest.raises(fb.Error) as caught:
        fb.verify(receipt)
    assert caught.value.code == "FB-SRC-0101"
    assert fb.verify(receipt, source=moved).holds
    moved.write_text(moved.read_text().replace("name 13579", "name 1357x"))
    with pytest.raises(fb.Error, match=r"block \d+ \(records \d+ to \d+, bytes \d+ to \d+\) has other rows") as caught:
        fb.verify(receipt, source=moved)
    assert caught.value.code == "FB-LED-0104"


def test_no_ledger_is_needed(table: str, tmp_path: Path) -> None:
    receipt = fb.copy(write(tmp_path / "a.csv", 0, 5000), table, **SMALL)  # type: ignore[arg-type]
    assert fb.verify(receipt.to_json()).holds


def test_rejected_rows_are_not_looked_for(server: ClickHouse, load: Load, tmp_path: Path) -> None:
    server.query("ALTER TABLE t ADD CONSTRAINT c CHECK id % 1000 != 3")
    source = write(tmp_path / "a.csv", 0, 20_000)
    source.write_text(source.read_text().replace("\n44,", "\nx44,"))
    receipt = load(source, on_reject="skip")
    assert (receipt.loaded, receipt.rejected) == (19_979, 21) and receipt.balanced
    proof = fb.verify(receipt)
    assert proof.holds and proof.rows == 19_979
    server.query("ALTER TABLE t DELETE WHERE id = 2002 SETTINGS mutations_sync = 1")
    assert [block["first_missing_record"] for block in fb.verify(receipt).differing] == [2002]


def test_types_that_the_server_rewrites(server: ClickHouse, tmp_path: Path) -> None:
    server.query(
        "CREATE OR REPLACE TABLE types (id UInt8, j JSON, l LowCardinality(Nullable(String)), a Array(Nullable(Int32)), "
        "m Map(String, Float64), e Enum('x' = 1), t Tuple(a UInt8, b String), f Float64, s FixedString(4), "
        "d UInt8 DEFAULT 9, made UInt16 MATERIALIZED id * 2, p UInt8 EPHEMERAL) ENGINE = MergeTree ORDER BY id"
    )
    source = tmp_path / "types.tsv"
    source.write_text(
        "id\tj\tl\ta\tm\te\tt\tf\ts\tp\n"
        "1\t{\"b\" : 2,  \"a\":[1, null]}\tlow\t[1,NULL,3]\t{'k':1.5}\tx\t(1,'y')\t-0.0\tab\t5\n"
        "2\t{}\t\t[]\t{}\tx\t(0,'')\tnan\tabcd\t6\n"
    )
    receipt = fb.copy(source, f"clickhouse://127.0.0.1:{server.http_port}/default/types")
    assert receipt.loaded == 2
    assert fb.verify(receipt).holds
    server.query("ALTER TABLE types UPDATE f = 0.0 WHERE id = 1 SETTINGS mutations_sync = 1")
    assert fb.verify(receipt).missing == 1


def test_the_embedded_engine(tmp_path: Path) -> None:
    target = f"chdb:{tmp_path}/data/default/t"
    create = {"create": True, "order_by": ["id"], "block_rows": 1000}
    receipt = fb.copy(write(tmp_path / "a.csv", 0, 5000), target, target_options=create, memory="2M")
    assert fb.verify(receipt).holds
    assert fb.undo(receipt).rows == 5000
    assert fb.verify(receipt).missing == 5000


def test_undo_leaves_the_other_loads(server: ClickHouse, load: Load, tmp_path: Path) -> None:
    a = write(tmp_path / "a.csv", 0, 20_000)
    b = write(tmp_path / "b.csv", 10_000, 20_000)  # half of its rows equal rows of A
    c = write(tmp_path / "c.csv", 40_000, 20_000)
    load(a)
    load(c)
    expected = server.query(CONTENT + "t")
    server.query("TRUNCATE TABLE t")
    first, second, third = load(a, again=True), load(b), load(c, again=True)
    server.query("OPTIMIZE TABLE t FINAL")
    ledger = tmp_path / "ledger.sqlite"
    before = server.query(CONTENT + "t")
    would = fb.undo(second, dry=True, ledger=ledger)
    assert (would.removed, would.rows, would.equal) == (False, 20_000, 10_000)
    assert server.query(CONTENT + "t") == before
    done = fb.undo(second, ledger=ledger)
    assert (done.removed, done.rows, done.equal) == (True, 20_000, 10_000)
    assert server.query(CONTENT + "t") == expected
    assert fb.verify(first).holds and fb.verify(third).holds
    states = {one["load"]: one["state"] for one in fb.loads(ledger)}
    assert (states[second.load], states[first.load]) == ("undone", "finished")
    assert fb.undo(second, ledger=ledger).rows == 0  # and nothing more goes
    assert server.query(CONTENT + "t") == expected
    # Its name is free again: the file may be loaded once more.
    assert load(b).loaded == 20_000
    assert server.query(CONTENT + "t") == before


def test_undo_of_what_is_not_there(server: ClickHouse, load: Load, tmp_path: Path) -> None:
    receipt = load(write(tmp_path / "a.csv", 0, 20_000))
    ledger = tmp_path / "ledger.sqlite"
    server.query("ALTER TABLE t UPDATE name = 'other' WHERE id = 13579 SETTINGS mutations_sync = 1")
    before = server.query(CONTENT + "t")
    with pytest.raises(fb.Error, match="1 rows of the load are not in the table as they were loaded") as caught:
        fb.undo(receipt, ledger=ledger)
    assert caught.value.code == "FB-LED-0104"
    assert server.query(CONTENT + "t") == before
    with pytest.raises(fb.Error, match="name the ledger"):
        fb.undo(receipt)


def test_rows_that_cannot_be_told_apart(server: ClickHouse, load: Load, tmp_path: Path) -> None:
    server.query("ALTER TABLE t ADD COLUMN by String DEFAULT toString(rand())")
    first = load(write(tmp_path / "a.csv", 0, 1000))
    ledger = tmp_path / "ledger.sqlite"
    assert fb.undo(first, dry=True, ledger=ledger).rows == 1000
    load(tmp_path / "a.csv", again=True)
    with pytest.raises(fb.Error, match="1000 rows of the load equal rows of others"):
        fb.undo(first, ledger=ledger)
    assert server.query("SELECT count() FROM t") == "2000\n"


@pytest.mark.parametrize("engine", ["ReplacingMergeTree ORDER BY id", "Log"])
def test_engines_that_cannot_give_rows_back(engine: str, server: ClickHouse, load: Load, tmp_path: Path) -> None:
    server.query(f"CREATE OR REPLACE TABLE t ({COLUMNS}) ENGINE = {engine}")
    receipt = load(write(tmp_path / "a.csv", 0, 1000))
    assert fb.verify(receipt).holds
    with pytest.raises(fb.Error, match="plain MergeTree alone"):
        fb.undo(receipt, ledger=tmp_path / "ledger.sqlite")


def test_views_keep_what_they_have_taken(server: ClickHouse, load: Load, tmp_path: Path) -> None:
    server.query("CREATE MATERIALIZED VIEW v ENGINE = MergeTree ORDER BY id AS SELECT id FROM t")
    try:
        receipt = load(write(tmp_path / "a.csv", 0, 1000))
        with pytest.raises(fb.Error, match='view "v" has taken the rows'):
            fb.undo(receipt, ledger=tmp_path / "ledger.sqlite")
    finally:
        server.query("DROP TABLE v SYNC")


def test_an_undo_that_is_killed_goes_on(server: ClickHouse, load: Load, tmp_path: Path) -> None:
    """The mutation is held up until the client has gone; merges meanwhile take the rows elsewhere."""
    load(write(tmp_path / "a.csv", 0, 5000))
    expected = server.query(CONTENT + "t")
    receipt = load(write(tmp_path / "b.csv", 3000, 5000))
    ledger = tmp_path / "ledger.sqlite"
    server.query("SYSTEM STOP MERGES t")  # and mutations
    with pytest.raises(fb.Error):
        fb.undo(receipt, ledger=ledger, target_options={"timeout": 1})
    server.query("SYSTEM START MERGES t")
    server.query("OPTIMIZE TABLE t FINAL")
    done = fb.undo(receipt, ledger=ledger)
    assert done.rows == 5000
    assert server.query(CONTENT + "t") == expected


def test_the_command(table: str, tmp_path: Path, command: Command, server: ClickHouse) -> None:
    source = write(tmp_path / "a.csv", 0, 5000)
    done = command("copy", source, table, "-t", "block_rows=1000", "--memory", "2M", "--json")
    assert done.returncode == 0, done.stderr
    receipt = tmp_path / "receipt.json"
    receipt.write_text(done.stdout)
    load = json.loads(done.stdout)["load"]
    done = command("verify", receipt)
    assert done.returncode == 0 and done.stdout.startswith("holds: ") and "all 5 000 rows" in done.stdout, done
    server.query("ALTER TABLE t UPDATE name = 'other' WHERE id = 777 SETTINGS mutations_sync = 1")
    done = command("verify", load)
    assert done.returncode == 1 and "1 of 2 239 rows" in done.stdout and "record 777" in done.stdout, done
    assert json.loads(command("verify", load, "--json").stdout)["differing"][0]["first_missing_record"] == 777
    server.query("ALTER TABLE t UPDATE name = 'name 777' WHERE id = 777 SETTINGS mutations_sync = 1")
    done = command("undo", receipt)
    assert done.returncode == 0 and done.stdout.startswith("would remove 5 000 rows"), done
    assert server.query("SELECT count() FROM t") == "5000\n"
    done = command("undo", receipt, "--yes")
    assert done.returncode == 0 and done.stdout.startswith("removed 5 000 rows"), done
    assert server.query("SELECT count() FROM t") == "0\n"
    done = command("verify", tmp_path / "missing.json")
    assert done.returncode == 5 or "FB-LED-0103" in done.stderr, done
