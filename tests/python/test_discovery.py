"""What a server has, joins and parallel reading, from Python and by the command."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import flatbed as fb
from conftest import ROOT, Command

sys.path.insert(0, str(ROOT / "tests" / "real"))
from clickhouse import ClickHouse


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    with ClickHouse() as running:
        for sql in (
            "CREATE DATABASE shop",
            "CREATE TABLE shop.customers (id UInt32 COMMENT 'number', name String CODEC(ZSTD(3)), since Date DEFAULT today()) "
            "ENGINE = MergeTree ORDER BY id",
            "CREATE TABLE shop.orders (id UInt64, customer_id UInt32) ENGINE = MergeTree ORDER BY (customer_id, id)",
            "INSERT INTO shop.customers (id, name) VALUES (1, 'ann'), (2, 'bob')",
            "INSERT INTO shop.orders VALUES (10, 1), (11, 1), (12, 9)",
        ):
            running.query(sql)
        yield running


@pytest.fixture
def shop(server: ClickHouse) -> str:
    return f"clickhouse://127.0.0.1:{server.http_port}/shop"


def test_what_a_server_has(shop: str, command: Command) -> None:
    assert {one.name: one.tables for one in fb.databases(shop)}["shop"] == 2
    orders = next(one for one in fb.tables(shop) if one.name == "orders")
    assert (orders.rows, orders.sorting_key, orders.engine) == (3, "customer_id, id", "MergeTree")
    columns = {one.name: one for one in fb.columns(f"{shop}/customers")}
    assert columns["id"].comment == "number" and columns["id"].in_primary_key
    assert columns["name"].codec == "CODEC(ZSTD(3))"
    assert (columns["since"].default_kind, columns["since"].default_expression) == ("DEFAULT", "today()")

    told = json.loads(command("columns", f"{shop}/customers", "--json").stdout)
    assert [one["name"] for one in told] == ["id", "name", "since"]
    assert "shop.orders" in command("tables", shop).stdout
    assert "shop" in command("databases", shop).stdout
    done = command("columns", f"{shop}/custmers")
    assert done.returncode == 4 and 'did you mean "shop.customers"?' in done.stderr


def test_a_join_is_shown_and_read(shop: str, command: Command, tmp_path: Path) -> None:
    join = fb.Join().table("orders AS o").table("left customers AS c").column("o.id").column("c.name AS customer")
    join.look_up(shop)
    key, score, why = join.proposals()[0]
    assert key == "`o`.`customer_id` = `c`.`id`" and score == pytest.approx(1.0) and "primary key" in why
    join.on(key)
    join.order_by = "o.id"
    fb.copy(f"{shop}/", tmp_path / "out.csv", source_options={"query": join.sql()})
    assert (tmp_path / "out.csv").read_text() == "id,customer\n10,ann\n11,ann\n12,\n"

    tables = ("orders AS o", "left customers AS c")
    done = command("join", shop, *tables, "--propose")
    assert done.stdout.splitlines()[1].split("\t")[:2] == [key, "1.0"]
    done = command("join", shop, *tables, "--on", "o.customer_id = c.id", "--column", "c.name", "--limit", "2")
    assert done.returncode == 0 and "LEFT JOIN `shop`.`customers` AS `c`" in done.stdout
    assert command("join", shop, *tables).returncode == 1
    assert command("join", shop, *tables, "--on", "o.customer = c.id").returncode == 1


def test_connections_share_the_rows_of_a_table(server: ClickHouse, shop: str, tmp_path: Path) -> None:
    server.query("CREATE TABLE shop.big ENGINE = MergeTree ORDER BY n AS SELECT number AS n FROM numbers(300000)")
    receipt = fb.copy(f"{shop}/big", tmp_path / "big.csv", source_options={"connections": 4})
    assert receipt.loaded == 300_000
    lines = (tmp_path / "big.csv").read_text().splitlines()[1:]
    assert sorted(map(int, lines)) == list(range(300_000))
    server.query("SYSTEM FLUSH LOGS")
    queries = server.query(
        "SELECT count() FROM system.query_log WHERE type = 'QueryFinish' AND query LIKE 'SELECT%shop%big%WHERE%'"
    )
    assert int(queries) == 4
