"""Loads and exports of lineitem with a real ClickHouse, Flatbed beside its peers; see bench/clickhouse.sh.

Each work is done once by every peer and its result compared; then the peers take turns, --runs times, each in a process of
its own. The medians of wall, of the client's CPU (getrusage) and of the server's (ProfileEvents of the queries in
system.query_log) are printed, and beside them the goals.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "real"))
from clickhouse import ClickHouse  # noqa: E402

COLUMNS = (
    "l_orderkey Int64, l_partkey Int64, l_suppkey Int64, l_linenumber Int32, l_quantity Decimal(15, 2), "
    "l_extendedprice Decimal(15, 2), l_discount Decimal(15, 2), l_tax Decimal(15, 2), l_returnflag String, "
    "l_linestatus String, l_shipdate Date, l_commitdate Date, l_receiptdate Date, l_shipinstruct String, "
    "l_shipmode String, l_comment String"
)
CREATE = (
    f"CREATE TABLE {{table}} ({COLUMNS}) ENGINE = MergeTree ORDER BY (l_orderkey, l_linenumber) "
    "SETTINGS non_replicated_deduplication_window = 10000"
)
LOADERS = [
    *(
        "flatbed",
        "flatbed ledger",
        "csv",
        "native",
        "connect insert_file",
        "polars insert_arrow",
        "duckdb insert_arrow",
    ),
    "pandas insert_df",
]
EXPORTERS = ["flatbed", "csv", "native"]
OWN_PYTHON = {"flatbed", "flatbed ledger", "csv", "native"}
SUMMARY = "count(), sum(cityHash64(*))"

Cost = dict[str, float]


class Bench:
    def __init__(self, server: ClickHouse, options: argparse.Namespace) -> None:
        self.server, self.options = server, options
        self.file = str((options.data_folder / "lineitem.csv").resolve())
        self.out = str(options.scratch / "flatbed-export.csv")
        server.query("DROP TABLE IF EXISTS source")
        server.query(CREATE.format(table="source"))
        with open(self.file, "rb") as data:
            subprocess.run(
                [
                    *("curl", "-sS", "--fail-with-body", "--noproxy", "*", "-X", "POST", "-T", "-"),
                    f"{server.url}/?query=INSERT+INTO+source+FORMAT+CSVWithNames",
                ],
                stdin=data,
                check=True,
            )
        self.expected = server.query(f"SELECT {SUMMARY} FROM source")
        with open(f"{self.file}.native", "wb") as native:
            sql = "SELECT * FROM source FORMAT Native"
            subprocess.run(
                ["curl", "-sS", "--noproxy", "*", server.url, "--data-binary", sql], stdout=native, check=True
            )

    def once(self, peer: str, what: str) -> Cost:
        """Does a work in a process of its own; adds the server's CPU."""
        table = "source" if what == "export" else "target"
        if what == "load":
            self.server.query("DROP TABLE IF EXISTS target SYNC")
            self.server.query(CREATE.format(table="target"))
        self.server.wait_until_idle()
        python = sys.executable if peer in OWN_PYTHON else str(self.options.peers_python)
        worker = [python, str(ROOT / "bench" / "clickhouse_worker.py"), peer, what, str(self.server.http_port)]
        since = self.server.query("SELECT now64(6)").strip()
        done = subprocess.run(
            [*worker, self.file if what == "load" else self.out, table], stdout=subprocess.PIPE, check=True, text=True
        )
        cost: Cost = json.loads(done.stdout.splitlines()[-1])
        self.server.query("SYSTEM FLUSH LOGS")
        cost["server_cpu"] = (
            float(
                self.server.query(
                    "SELECT sum(ProfileEvents['UserTimeMicroseconds'] + ProfileEvents['SystemTimeMicroseconds']) "
                    f"FROM system.query_log WHERE type = 'QueryFinish' AND event_time_microseconds >= '{since}'"
                )
            )
            / 1e6
        )
        return cost

    def check(self, peer: str, what: str) -> str:
        """Does the work once; returns what is wrong with its result, or ""."""
        self.once(peer, what)
        if what == "load":
            found = self.server.query(f"SELECT {SUMMARY} FROM target")
        elif peer == "native":
            return ""
        else:
            structure = COLUMNS.replace("'", "\\'")
            found = self.server.query(f"SELECT {SUMMARY} FROM file('{self.out}', 'CSVWithNames', '{structure}')")
        return "" if found == self.expected else f"{found.strip()} in place of {self.expected.strip()}"

    def measure(self, what: str, peers: list[str]) -> dict[str, Cost]:
        taking_part = []
        for peer in peers:
            try:
                wrong = self.check(peer, what)
            except subprocess.CalledProcessError as problem:
                wrong = f"exit code {problem.returncode}"
            if not wrong:
                taking_part.append(peer)
                continue
            print(f"{peer}: {what}: not the same result: {wrong}", file=sys.stderr)
            if peer in OWN_PYTHON:
                raise SystemExit(1)
        runs: dict[str, list[Cost]] = {peer: [] for peer in taking_part}
        for _ in range(self.options.runs):
            for peer in taking_part:
                runs[peer].append(self.once(peer, what))
        return {
            peer: {name: statistics.median(cost[name] for cost in costs) for name in costs[0]}
            for peer, costs in runs.items()
        }


def report(what: str, costs: dict[str, Cost]) -> None:
    print(f"\n## {what}, lineitem\n")
    print("| peer | wall s | client CPU s | server CPU s | both | peak MiB |\n|---|---|---|---|---|---|")
    for peer, cost in costs.items():
        both = cost["client_cpu"] + cost["server_cpu"]
        print(
            f"| {peer} | {cost['wall']:.2f} | {cost['client_cpu']:.2f} | {cost['server_cpu']:.2f} | {both:.2f} "
            f"| {cost['peak'] / 2**20:.0f} |"
        )
    own, csv, native = costs["flatbed"], costs["csv"], costs["native"]
    both = {name: cost["client_cpu"] + cost["server_cpu"] for name, cost in costs.items()}
    print(f"\nFaster than FORMAT CSVWithNames: {csv['wall'] / own['wall']:.2f} times")
    if what == "load":
        print(
            f"CPU of both sides over ready-made Native bytes: {both['flatbed'] / both['native']:.2f} (goals 2.2 and 1.3)"
        )
        slower = 100 * (costs["flatbed ledger"]["wall"] / own["wall"] - 1)
        print(f"With a ledger: {slower:.0f} % slower (goal 3)")
    else:
        print(f"CPU of both sides over FORMAT CSVWithNames: {both['flatbed'] / both['csv']:.2f} (goals 1.8 and 0.6)")
    print(f"Native alone: {native['wall']:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-folder", type=Path, required=True, help="holds lineitem.csv")
    parser.add_argument("--peers-python", type=Path, default=Path(sys.executable))
    parser.add_argument("--peers", help="names, comma-separated; Flatbed, csv and native always take part")
    parser.add_argument("--only", choices=["load", "export"])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scratch", type=Path, default=Path("/dev/shm"), help="folder of the exported file")
    parser.add_argument("--max-memory", type=int, default=8 << 30, help="of the server")
    options = parser.parse_args()
    if not (options.data_folder / "lineitem.csv").exists():
        make = "import sys, pathlib, make_data; make_data.ensure(pathlib.Path(sys.argv[1]), ['lineitem'])"
        folder = str(options.data_folder.resolve())
        subprocess.run([str(options.peers_python.absolute()), "-c", make, folder], cwd=ROOT / "bench", check=True)
    wanted = options.peers.split(",") if options.peers else LOADERS
    with ClickHouse(None, "--max-memory", str(options.max_memory)) as server:
        bench = Bench(server, options)
        for what, peers in (("load", LOADERS), ("export", EXPORTERS)):
            if options.only in (None, what):
                report(what, bench.measure(what, [one for one in peers if one in wanted or one in OWN_PYTHON]))
        for written in (bench.out, f"{bench.out}.native"):
            Path(written).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
