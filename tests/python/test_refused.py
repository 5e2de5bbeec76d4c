"""Rows that a table refuses: each one is found, told with its place in the file, and the rest is loaded."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import flatbed as fb

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "real"))
from clickhouse import ClickHouse

ROWS = 20_000
BAD = [0, 1234, 1235, 19_999]
RULES = {
    "a constraint": "CONSTRAINT small CHECK amount < 1000",
    "a default": "made UInt8 DEFAULT throwIf(amount >= 1000, 'no default for this')",
}
SMALL = {"target_options": {"block_rows": 1000}, "memory": "2M"}


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    with ClickHouse() as running:
        yield running


@pytest.fixture(params=RULES.values(), ids=list(RULES))
def table(request: pytest.FixtureRequest, server: ClickHouse) -> str:
    server.query(
        f"CREATE OR REPLACE TABLE t (id UInt64, name String, amount UInt32, {request.param}) ENGINE = MergeTree ORDER BY id"
    )
    return f"clickhouse://127.0.0.1:{server.http_port}/default/t"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Names of two lines each, so that lines and records are not the same."""
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as file:
        file.write("id,name,amount\r\n")
        for i in range(ROWS):
            file.write(f'{i},"name\n{i}",{9999 if i in BAD else i % 1000}\r\n')
    return path


def check_places(rejects: list[fb.Error], source: Path) -> None:
    text = source.read_bytes()
    assert [reject.record for reject in rejects] == BAD
    for reject in rejects:
        assert reject.code == "FB-CH-0107" and reject.uri == str(source)
        assert reject.line == 2 + 2 * reject.record
        assert text[reject.byte :].startswith(b'%d,"name\n%d",9999\r\n' % (reject.record, reject.record))


@pytest.mark.parametrize("ledger", [False, True], ids=["without a ledger", "with a ledger"])
def test_skipped(ledger: bool, table: str, source: Path, server: ClickHouse, tmp_path: Path) -> None:
    more = {"ledger": tmp_path / "ledger.sqlite"} if ledger else {}
    receipt = fb.copy(source, table, on_reject="skip", **SMALL, **more)  # type: ignore[arg-type]
    assert (receipt.read, receipt.loaded, receipt.rejected) == (ROWS, ROWS - len(BAD), len(BAD)) and receipt.balanced
    check_places(receipt.first_rejects, source)
    assert server.query("SELECT count(), uniqExact(id), max(amount) FROM t") == f"{ROWS - 4}\t{ROWS - 4}\t999\n"
    assert fb.verify(receipt).holds


def test_diverted(table: str, source: Path, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    receipt = fb.copy(source, table, rejects=rejects, **SMALL)  # type: ignore[arg-type]
    assert (receipt.loaded, receipt.rejected) == (ROWS - len(BAD), len(BAD)) and receipt.balanced
    with rejects.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["record"]) for row in rows] == BAD
    assert [row["raw"] for row in rows] == [f'{i},"name\n{i}",9999' for i in BAD]
    assert [int(row["line"]) for row in rows] == [2 + 2 * i for i in BAD]


@pytest.mark.parametrize("ledger", [False, True], ids=["without a ledger", "with a ledger"])
def test_quarantined_and_replayed(ledger: bool, table: str, source: Path, server: ClickHouse, tmp_path: Path) -> None:
    folder = tmp_path / "quarantine"
    more = {"ledger": tmp_path / "ledger.sqlite"} if ledger else {}
    receipt = fb.copy(source, table, quarantine=folder, **SMALL, **more)  # type: ignore[arg-type]
    assert (receipt.loaded, receipt.rejected) == (ROWS - len(BAD), len(BAD)) and receipt.balanced
    kept = fb.quarantine(folder)
    check_places([row.reject for row in kept.rows], source)
    rows = Path(kept.rows_file)
    rows.write_bytes(rows.read_bytes().replace(b",9999", b",7"))
    replayed = fb.replay(folder)
    assert (replayed.loaded, replayed.rejected) == (len(BAD), 0) and replayed.balanced
    assert server.query("SELECT count(), uniqExact(id) FROM t") == f"{ROWS}\t{ROWS}\n"
    if ledger:  # all of the file is there, the refused rows by their replay
        again = fb.copy(source, table, on_reject="skip", **SMALL, **more)  # type: ignore[arg-type]
        assert (again.duplicate, again.rejected, again.loaded) == (ROWS - len(BAD), len(BAD), 0) and again.balanced


def test_a_row_of_one_of_several_files(server: ClickHouse, source: Path) -> None:
    """It is named by its file and its place there."""
    server.query(
        "CREATE OR REPLACE TABLE t (id UInt64, name String, amount UInt32, "
        f"{RULES['a constraint']}) ENGINE = MergeTree ORDER BY id"
    )
    text = source.read_bytes()
    (source.parent / "rows-0.csv").write_bytes(text.replace(b",9999", b",8"))
    source.rename(source.parent / "rows-1.csv")
    bad = b"".join(text.splitlines(keepends=True)[2 * row + 1 + line] for row in BAD for line in (0, 1))
    (source.parent / "rows-2.csv").write_bytes(b"id,name,amount\r\n" + bad)
    table = f"clickhouse://127.0.0.1:{server.http_port}/default/t"
    receipt = fb.copy(source.parent / "rows-*.csv", table, on_reject="skip", **SMALL)  # type: ignore[arg-type]
    assert receipt.balanced and receipt.loaded == 2 * ROWS - len(BAD)
    check_places(receipt.first_rejects[: len(BAD)], source.parent / "rows-1.csv")
    last = receipt.first_rejects[len(BAD) :]
    assert [(Path(one.uri).name, one.record, one.line) for one in last] == [
        ("rows-2.csv", i, 2 + 2 * i) for i in range(len(BAD))
    ]


def test_over_the_budget(table: str, source: Path, tmp_path: Path) -> None:
    with pytest.raises(fb.Error, match="4 rows were rejected and the budget is 3") as caught:
        fb.copy(source, table, on_reject="skip", max_rejects=3, **SMALL)  # type: ignore[arg-type]
    assert caught.value.code == "FB-RUN-0101" and caught.value.line == 2


def test_the_run_ends_with_the_row(server: ClickHouse, source: Path) -> None:
    """duckdb#12331: a constraint that fails is told as any other error. Under the policy fail, where the server names the
    row, so does the error."""
    server.query(
        "CREATE OR REPLACE TABLE t (id UInt64, name String, amount UInt32, "
        f"{RULES['a constraint']}) ENGINE = MergeTree ORDER BY id"
    )
    with pytest.raises(fb.Error) as caught:
        fb.copy(source, f"clickhouse://127.0.0.1:{server.http_port}/default/t", **SMALL)  # type: ignore[arg-type]
    assert caught.value.code == "FB-CH-0107" and caught.value.uri == str(source)
    assert (caught.value.record, caught.value.line, caught.value.byte) in [(0, 2, 16), (1234, 2470, 30_478)] or (
        caught.value.record in BAD and caught.value.line == 2 + 2 * caught.value.record
    )


def test_more_partitions_than_an_insert_may_touch(server: ClickHouse, tmp_path: Path) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("id\n" + "".join(f"{i}\n" for i in range(50_000)))
    server.query("CREATE OR REPLACE TABLE p (id UInt64) ENGINE = MergeTree PARTITION BY id % 300 ORDER BY id")
    target = f"clickhouse://127.0.0.1:{server.http_port}/default/p"
    receipt = fb.copy(source, target)
    assert receipt.loaded == 50_000 and receipt.balanced
    assert server.query("SELECT count(), uniqExact(id), uniqExact(_partition_id) FROM p") == "50000\t50000\t300\n"
    assert fb.verify(receipt).holds


def test_a_server_that_is_short_of_memory(server: ClickHouse, tmp_path: Path) -> None:
    """Blocks are sent in parts that it takes, down to 10 000 rows; the receipt says how."""
    source = tmp_path / "rows.csv"
    source.write_text("id,text\n" + "".join(f"{i},{'x' * 100}\n" for i in range(200_000)))
    server.query("CREATE OR REPLACE TABLE m (id UInt64, text String) ENGINE = MergeTree ORDER BY id")
    target = f"clickhouse://127.0.0.1:{server.http_port}/default/m"
    receipt = fb.copy(source, target, target_options={"settings": "max_memory_usage=20000000", "connections": 1})
    assert receipt.loaded == 200_000 and receipt.balanced
    assert any(block["split"] for block in receipt.block_list)
    assert server.query("SELECT count(), uniqExact(id) FROM m") == "200000\t200000\n"
    assert fb.verify(receipt, target_options={"settings": ""}).holds
