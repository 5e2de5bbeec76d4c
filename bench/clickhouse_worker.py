"""Does one work with ClickHouse and tells its cost: clickhouse_worker.py PEER load|export PORT FILE TABLE

Prints one line of JSON: wall and CPU seconds of the work, without start-up and imports, and the peak memory.
"""

from __future__ import annotations

import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Work = Callable[[], object]

# Peers are told that these are decimals: as floats, which they guess, the table would hold other values.
DECIMALS = ["l_quantity", "l_extendedprice", "l_discount", "l_tax"]


def curl(*arguments: str, source: str = "/dev/null") -> Work:
    command = ["curl", "-sS", "--fail-with-body", "--noproxy", "*", *arguments]

    def work() -> None:
        with open(source, "rb") as data:
            subprocess.run(command, stdin=data, check=True)

    return work


def posted(port: int, file: str, table: str, form: str) -> Work:
    from urllib.parse import quote

    sql = quote(f"INSERT INTO {table} FORMAT {form}")
    # From standard input: curl adds the name of a file to the path.
    arguments = ("-X", "POST", "-H", "Expect:", "-T", "-", f"http://127.0.0.1:{port}/?query={sql}")
    return curl(*arguments, source=file)


def fetched(port: int, file: str, table: str, form: str) -> Work:
    return curl("-o", file, f"http://127.0.0.1:{port}/", "--data-binary", f"SELECT * FROM {table} FORMAT {form}")


def client(port: int) -> Any:
    return importlib.import_module("clickhouse_connect").get_client(host="127.0.0.1", port=port)


def work_of(peer: str, what: str, port: int, file: str, table: str) -> Work:
    address = f"clickhouse://127.0.0.1:{port}/default/{table}"
    if peer == "flatbed":
        flatbed = importlib.import_module("flatbed")
        if what == "load":
            return lambda: flatbed.copy(file, address)
        return lambda: flatbed.copy(address, file, target_options={"overwrite": True})
    if peer == "flatbed ledger":
        flatbed = importlib.import_module("flatbed")
        # Beside the data: a disk where writing down has its price.
        folder = tempfile.TemporaryDirectory(dir=Path(file).parent)
        return lambda: flatbed.copy(file, address, ledger=f"{folder.name}/ledger.sqlite")
    if peer == "csv":
        return (posted if what == "load" else fetched)(port, file, table, "CSVWithNames")
    if peer == "native":
        return (posted if what == "load" else fetched)(port, f"{file}.native", table, "Native")
    connected = client(port)
    if peer == "connect insert_file":
        tools = importlib.import_module("clickhouse_connect.driver.tools")
        return lambda: tools.insert_file(connected, table, file, fmt="CSVWithNames")
    if peer == "polars insert_arrow":
        polars = importlib.import_module("polars")
        types = {name: polars.Decimal(15, 2) for name in DECIMALS}
        return lambda: connected.insert_arrow(
            table, polars.read_csv(file, try_parse_dates=True, schema_overrides=types).to_arrow()
        )
    if peer == "duckdb insert_arrow":
        duckdb = importlib.import_module("duckdb")
        types = dict.fromkeys(DECIMALS, "DECIMAL(15, 2)")
        sql = f"SELECT * FROM read_csv('{file}', types = {types})"
        return lambda: connected.insert_arrow(table, duckdb.sql(sql).to_arrow_table())
    if peer == "pandas insert_df":
        pandas = importlib.import_module("pandas")
        dates = ["l_shipdate", "l_commitdate", "l_receiptdate"]
        return lambda: connected.insert_df(table, pandas.read_csv(file, parse_dates=dates))
    raise SystemExit(f"no peer has the name {peer}")


def cpu() -> float:
    """Of this process and of the ones it waited for."""
    return sum(
        one.ru_utime + one.ru_stime
        for one in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def peak_bytes() -> int:
    own = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return max(int(own.split()[1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) * 1024


def main() -> None:
    peer, what, port, file, table = sys.argv[1:]
    work = work_of(peer, what, int(port), file, table)
    before, began = cpu(), time.monotonic()
    work()
    wall = time.monotonic() - began
    print(json.dumps({"wall": wall, "client_cpu": cpu() - before, "peak": peak_bytes()}))


if __name__ == "__main__":
    main()
