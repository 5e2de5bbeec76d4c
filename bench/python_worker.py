"""One peer that lives in Python, as a process: polars, duckdb, pyarrow, clickhouse (chDB) or pandas.

    python python_worker.py PEER WORK THREADS INPUT OUTPUT NULL NAME=TYPE ...

Speaks the protocol of README.md: answers each line "check" or "run" on standard input with one JSON line. Every peer is
told the types and the dialect, so that none spends time on finding them out.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import Any

PEER, WORK, INPUT, OUTPUT, NULL = sys.argv[1], sys.argv[2], *sys.argv[4:7]
THREADS = int(sys.argv[3])
SCHEMA = [(part.split("=", 1)[0], part.split("=", 1)[1]) for part in sys.argv[7:]]
os.environ["POLARS_MAX_THREADS"] = str(THREADS)  # read when polars is loaded

import pyarrow as pa  # noqa: E402
import pyarrow.csv  # noqa: E402
from answer import answer, arrow_type, base, digits_of, scale_of  # noqa: E402


class Polars:
    def __init__(self) -> None:
        import polars

        self.pl = polars
        self.schema = {name: self.type(kind) for name, kind in SCHEMA}

    def type(self, kind: str) -> Any:
        pl, name = self.pl, base(kind)
        if name == "Decimal":
            return pl.Decimal(digits_of(kind), scale_of(kind))
        return pl.Datetime("us", "UTC") if name == "DateTime" else getattr(pl, name)

    def typed(self) -> Any:
        return self.pl.read_csv(INPUT, schema=self.schema, null_values=NULL or None)

    def stream(self) -> int:
        lazy = self.pl.scan_csv(INPUT, schema=self.schema, null_values=NULL or None)
        counts = lazy.select(self.pl.len().alias(" rows"), self.pl.all().null_count())
        return int(counts.collect(engine="streaming").item(0, 0))

    def arrow(self, table: Any) -> pa.Table:
        return table.to_arrow()

    def write(self, table: Any) -> None:
        table.write_csv(OUTPUT)


class DuckDB:
    def __init__(self) -> None:
        import duckdb

        self.db = duckdb.connect()
        self.db.execute(f"SET threads = {THREADS}; SET TimeZone = 'UTC'")
        columns = {name: self.type(kind) for name, kind in SCHEMA}
        self.file = (
            f"read_csv('{INPUT}', auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', "
            f"nullstr = '{NULL}', columns = {columns!r})"
        )

    def type(self, kind: str) -> str:
        name = base(kind)
        if name == "Decimal":
            return f"DECIMAL({digits_of(kind)}, {scale_of(kind)})"
        names = {"String": "VARCHAR", "Float64": "DOUBLE", "Date": "DATE", "DateTime": "TIMESTAMPTZ"}
        widths = {"8": "TINYINT", "16": "SMALLINT", "32": "INTEGER", "64": "BIGINT"}
        return names.get(name) or ("U" if name[0] == "U" else "") + widths[name.split("t")[1]]

    def typed(self) -> str:
        self.db.execute(f"CREATE OR REPLACE TABLE held AS FROM {self.file}")
        return "held"

    def stream(self) -> int:
        counts = ", ".join(f'count("{name}")' for name, _ in SCHEMA)
        return int(self.db.execute(f"SELECT count(*), {counts} FROM {self.file}").fetchall()[0][0])

    def arrow(self, table: str) -> pa.Table:
        return self.db.sql(f"FROM {table}").to_arrow_table()

    def write(self, table: str) -> None:
        self.db.execute(f"COPY {table} TO '{OUTPUT}' (FORMAT csv, HEADER)")


class PyArrow:
    def __init__(self) -> None:
        pa.set_cpu_count(THREADS)
        self.options = {
            "read_options": pa.csv.ReadOptions(use_threads=THREADS > 1),
            "parse_options": pa.csv.ParseOptions(newlines_in_values="quoted" in INPUT),
            "convert_options": pa.csv.ConvertOptions(
                column_types={name: arrow_type(kind) for name, kind in SCHEMA},
                null_values=[NULL],
                strings_can_be_null=NULL != "",
                quoted_strings_can_be_null=False,
            ),
        }

    def typed(self) -> pa.Table:
        return pa.csv.read_csv(INPUT, **self.options)

    def stream(self) -> int:
        return sum(batch.num_rows for batch in pa.csv.open_csv(INPUT, **self.options))

    def arrow(self, table: pa.Table) -> pa.Table:
        return table

    def write(self, table: pa.Table) -> None:
        pa.csv.write_csv(table, OUTPUT)


class ClickHouse:
    def __init__(self) -> None:
        import chdb

        self.db = chdb.connect(":memory:")
        columns = ", ".join(f"`{name}` {kind}" for name, kind in SCHEMA)
        structure = columns.replace("'", "''")
        self.file = f"file('{INPUT}', CSVWithNames, '{structure}')"
        times = any(base(kind) == "DateTime" for _, kind in SCHEMA)
        self.settings = (
            f"SETTINGS max_threads = {THREADS}, max_insert_threads = {THREADS}, max_parsing_threads = {THREADS}, "
            f"input_format_parallel_parsing = {int(THREADS > 1)}, "
            f"output_format_parallel_formatting = {int(THREADS > 1)}, "
            "engine_file_truncate_on_insert = 1"
            + (", date_time_input_format = 'best_effort'" if times else "")
            + (f", format_csv_null_representation = '{NULL}'" if NULL else "")
        )
        self.db.query(f"CREATE TABLE held ({columns}) ENGINE = Memory")

    def typed(self) -> str:
        self.db.query("TRUNCATE TABLE held")
        self.db.query(f"INSERT INTO held SELECT * FROM {self.file} {self.settings}")
        return "held"

    def stream(self) -> int:
        # ignore() takes every column and costs nothing; a plain count() would read no column at all.
        return int(self.db.query(f"SELECT count() FROM {self.file} WHERE NOT ignore(*) {self.settings}", "CSV").bytes())

    def arrow(self, table: str) -> pa.Table:
        return pa.ipc.open_stream(self.db.query(f"SELECT * FROM {table}", "ArrowStream").bytes()).read_all()

    def write(self, table: str) -> None:
        self.db.query(f"INSERT INTO FUNCTION file('{OUTPUT}', CSVWithNames) SELECT * FROM {table} {self.settings}")


class Pandas:
    """Has no decimals and one thread; integers with NULLs are its nullable ones."""

    def __init__(self) -> None:
        import pandas

        self.pd = pandas
        self.types = {name: self.type(kind) for name, kind in SCHEMA if base(kind) not in ("Date", "DateTime")}
        self.days = [name for name, kind in SCHEMA if base(kind) == "Date"]
        self.times = [name for name, kind in SCHEMA if base(kind) == "DateTime"]

    def type(self, kind: str) -> str:
        name = base(kind)
        names = {"String": "str", "Float64": "float64", "Decimal": "float64"}
        return names.get(name) or (name if kind.startswith("Nullable") else name.lower())

    def typed(self) -> Any:
        formats = dict.fromkeys(self.days, "%Y-%m-%d") | dict.fromkeys(self.times, "%Y-%m-%dT%H:%M:%SZ")
        times = {"parse_dates": self.days + self.times, "date_format": formats}
        return self.pd.read_csv(INPUT, dtype=self.types, keep_default_na=False, na_values=[NULL], **times)

    def stream(self) -> int:
        raise NotImplementedError

    def arrow(self, table: Any) -> pa.Table:
        held = pa.Table.from_pandas(table, preserve_index=False)
        for name in self.days:
            index = held.schema.get_field_index(name)
            held = held.set_column(index, name, held.column(name).cast(pa.date32()))
        return held

    def write(self, table: Any) -> None:
        table.to_csv(OUTPUT, index=False)


PEERS = {"polars": Polars, "duckdb": DuckDB, "pyarrow": PyArrow, "clickhouse": ClickHouse, "pandas": Pandas}


class Job:
    def __init__(self) -> None:
        self.peer: Any = PEERS[PEER]()
        self.table = self.peer.typed() if WORK == "write" else None

    def once(self) -> Any:
        if WORK == "write":
            return self.peer.write(self.table)
        return getattr(self.peer, WORK)()

    def check(self) -> dict[str, Any]:
        result = self.once()
        if WORK == "write":
            return {"file": OUTPUT}
        return {"rows": result} if WORK == "stream" else answer(self.peer.arrow(result), SCHEMA)

    def run(self) -> dict[str, Any]:
        before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        result = self.once()
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
        del result
        user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
        return {"wall": wall, "user": user, "system": system, "peak_kib": peak_kib()}


def peak_kib() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


if __name__ == "__main__":
    job = Job()
    base_kib = peak_kib()
    for line in sys.stdin:
        reply = job.check() if line.strip() == "check" else {**job.run(), "base_kib": base_kib}
        print(json.dumps(reply), flush=True)
