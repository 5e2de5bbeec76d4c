"""Runs Flatbed and its peers side by side over the same files, and writes what was measured.

    python peers.py --workers BUILD --data-folder FOLDER [--only WORK,...] [--data NAME,...] [--peers NAME,...]
                    [--runs N] [--threads one,all] [--sizes 10M,...] [--stages PROGRAM ...] [--out FOLDER]

Each peer is a process of its own. All of one comparison are alive together and run in turn (A B C A B C ...), pinned to
one core with one thread, or free on all cores with as many threads. Before the clock starts each does the work once and
tells what it read; two that disagree stop the benchmark. See README.md for the method.

Without --data each work takes the data sets that tell most about it, and all cores only lineitem; so a whole run
fits into twelve minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas
import pyarrow
import pyarrow.csv
import report
from answer import answer, arrow_type, base, differences
from make_data import DATASETS, Dataset, ensure

HERE = Path(__file__).parent
CORES = sorted(os.sched_getaffinity(0))
BUDGET_SECONDS = 8  # a peer is run --runs times, or as often as fits into this; once at least
LARGE_BYTES = 2 * 10**9  # files for which Flatbed alone is measured as they grow
TABLES = ["polars", "duckdb", "pyarrow", "clickhouse"]
FIELDS = ["rust_csv", "simd_csv", "fast_cpp_csv"]
NOT_ABLE = {("fast_cpp_csv", "quoted"): "takes no line end inside quotes"}


@dataclass(frozen=True)
class Work:
    about: str
    peers: list[str]
    able: list[str]  # data sets
    usual: list[str]  # those that are taken unless --data names others
    threads: tuple[str, ...] = ("one",)


EVERY = list(DATASETS)
FILES = [name for name in EVERY if name != "lineitem_float"]
BOTH = ("one", "all")
WORKS = {
    "typed": Work("the whole file as typed columns held in memory", [*TABLES, "pandas"], EVERY, EVERY, BOTH),
    "stream": Work("every column typed, block by block, none kept", TABLES, EVERY, ["lineitem"], BOTH),
    "write": Work("the table in memory written as a CSV file", TABLES, FILES, FILES, BOTH),
    "fields": Work("every field of every record seen, no types", FIELDS, FILES, ["lineitem", "wide", "quoted", "text"]),
    "bytes": Work("the same, and every byte of every field added up", FIELDS, FILES, ["lineitem"]),
    "native": Work("CSV to ClickHouse Native bytes", [], FILES, ["lineitem"]),
    "memcpy": Work("memcpy of the file, what memory allows", [], ["lineitem"], ["lineitem"]),
}
GROWTH = "growth"  # stream, over files of growing size, each in a fresh process


class Disagreement(Exception):
    pass


class Worker:
    """One peer's process, which waits for "check" and "run"."""

    def __init__(self, peer: str, work: str, threads: int, source: Path, dataset: Dataset, build: Path) -> None:
        self.peer = peer
        self.target = Path("/dev/shm") / f"flatbed-bench-{os.getpid()}-{peer}.csv"
        arguments = [peer, work, str(threads), str(source), str(self.target), dataset.null]
        arguments += [f"{name}={kind}" for name, kind in dataset.schema]
        cores = set(CORES[-1:] if threads == 1 else CORES)
        self.process = subprocess.Popen(
            [*self.program(peer, build), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )

    @staticmethod
    def program(peer: str, build: Path) -> list[str]:
        if peer in ("rust_csv", "simd_csv"):
            return [str(build / "rust/release/rust_worker")]
        if peer in ("flatbed", "fast_cpp_csv"):
            return [str(build / f"{peer}_worker")]
        return [sys.executable, str(HERE / "python_worker.py")]

    def ask(self, word: str) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(word + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(f"{self.peer} ended with {self.process.wait()} instead of an answer")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.target.unlink(missing_ok=True)


@dataclass
class Measured:
    """What one peer needed for one work: a number a run."""

    work: str
    data: str
    threads: int
    peer: str
    bytes: int
    wall: list[float] = field(default_factory=list)
    user: list[float] = field(default_factory=list)
    system: list[float] = field(default_factory=list)
    peak_kib: int = 0
    base_kib: int = 0

    def add(self, reply: dict[str, Any]) -> None:
        self.wall.append(reply["wall"])
        self.user.append(reply["user"])
        self.system.append(reply["system"])
        self.peak_kib = reply.get("peak_kib", 0)
        self.base_kib = reply.get("base_kib", 0)


def read_back(path: Path, dataset: Dataset) -> dict[str, Any]:
    """The answer of a CSV file that a peer wrote. Times are written in many ways, so pandas reads them."""
    times = [name for name, kind in dataset.schema if base(kind) == "DateTime"]
    kinds = {name: arrow_type("String" if name in times else kind) for name, kind in dataset.schema}
    options = pyarrow.csv.ConvertOptions(
        column_types=kinds,
        null_values=["", "\\N", dataset.null],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
    # In one block: pyarrow 26 can lose a byte of a quoted field that lies across two.
    read = pyarrow.csv.ReadOptions(block_size=min(path.stat().st_size + 1, 2**31 - 1))
    table = pyarrow.csv.read_csv(path, read_options=read, parse_options=parse, convert_options=options)
    for name in times:
        values = pandas.to_datetime(table.column(name).to_pandas(), utc=True, format="ISO8601")
        table = table.set_column(table.schema.get_field_index(name), name, pyarrow.array(values))
    return answer(table, dataset.schema)


def check(workers: list[Worker], dataset: Dataset) -> None:
    """Stops the benchmark unless all answers are the same."""
    first = None
    for worker in workers:
        given = worker.ask("check")
        if "file" in given:
            given = read_back(worker.target, dataset)
            worker.target.unlink()
        if first is None:
            first = (worker.peer, given)
        elif found := differences(first[1], given):
            raise Disagreement(f"{first[0]} and {worker.peer} did not read the same:\n  " + "\n  ".join(found))


def able(peers: list[str], data: str, threads: int) -> list[str]:
    return [peer for peer in peers if (peer, data) not in NOT_ABLE and not (peer == "pandas" and threads > 1)]


class Bench:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.measured: list[Measured] = []

    def compare(self, work: str, data: str, threads: int) -> None:
        dataset, options = DATASETS[data], self.options
        peers = [peer for peer in able(["flatbed", *WORKS[work].peers], data, threads) if peer in options.peers]
        source = options.data_folder / dataset.file
        with ExitStack() as stack:
            workers = [
                stack.enter_context(Worker(peer, work, threads, source, dataset, options.workers)) for peer in peers
            ]
            say(f"{work} {data} {threads} thread(s): check")
            check(workers, dataset)
            found = {peer: Measured(work, data, threads, peer, source.stat().st_size) for peer in peers}
            for turn in range(options.runs):
                for worker in workers:
                    wall = found[worker.peer].wall
                    if turn == 0 or sum(wall) + wall[-1] < BUDGET_SECONDS:
                        found[worker.peer].add(worker.ask("run"))
                        worker.target.unlink(missing_ok=True)
        self.measured += found.values()
        say("  " + ", ".join(f"{peer} {report.cpu(one):.3f}" for peer, one in found.items()) + " CPU s")

    def grow(self, size: int) -> None:
        """Streams a file of `size` bytes, each peer in a fresh process, for its peak memory and its bytes a second."""
        options, dataset = self.options, DATASETS["lineitem"]
        path = options.data_folder / "growth.csv"
        if shutil.disk_usage(options.data_folder).free < size * 1.2:
            return say(f"growth {size}: left out, the disk has no room")
        repeat_records(options.data_folder / dataset.file, path, size)
        others = TABLES if size < LARGE_BYTES else []
        peers = [("flatbed", 1)] + [(peer, len(CORES)) for peer in ["flatbed", *others]]
        for peer, threads in [pair for pair in peers if pair[0] in options.peers]:
            with Worker(peer, "stream", threads, path, dataset, options.workers) as worker:
                one = Measured(GROWTH, "lineitem", threads, peer, path.stat().st_size)
                # Small files take milliseconds, so they are read more often.
                runs = max(options.runs, min(50, 10**9 // size)) if size <= 10**9 else 1
                while len(one.wall) < runs and (len(one.wall) < 1 or sum(one.wall) < BUDGET_SECONDS):
                    one.add(worker.ask("run"))
                self.measured.append(one)
                say(f"growth {size}: {peer} {threads} thread(s), {report.cpu(one):.3f} CPU s, {one.peak_kib} KiB")
        path.unlink()


def repeat_records(source: Path, target: Path, size: int) -> None:
    """Writes the header of `source` and its records, over and over, up to about `size` bytes, through to the disk."""
    data = source.read_bytes()
    begin = data.index(b"\n") + 1
    with target.open("wb") as out:
        out.write(data[:begin])
        while (room := size - out.tell()) >= len(data) - begin:
            out.write(data[begin:])
        out.write(data[begin : data.rindex(b"\n", 0, begin + room) + 1] if room > 0 else b"")
        out.flush()
        os.fsync(out.fileno())


def stages(programs: list[Path], lineitem: Path) -> Iterator[dict[str, Any]]:
    """Runs the Google Benchmark programs on one core; those that read text read lineitem."""
    for program in programs:
        say(f"stage {program.name}")
        command = ["taskset", "-c", str(CORES[-1]), str(program), "--benchmark_format=json"]
        done = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "BENCH_FILE": str(lineitem)}
        )
        for one in json.loads(done.stdout)["benchmarks"]:
            rate = one.get("bytes_per_second", 0)
            yield {
                "program": program.name,
                "name": one["name"],
                "cpu": one["cpu_time"],
                "unit": one["time_unit"],
                "bytes_per_second": rate,
            }


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def size_of(text: str) -> int:
    return int(float(text[:-1]) * {"K": 10**3, "M": 10**6, "G": 10**9}[text[-1]])


def parse_options() -> argparse.Namespace:
    def names(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(description="Runs Flatbed and its peers side by side.")
    parser.add_argument("--workers", type=Path, required=True, help="folder of the built workers")
    parser.add_argument("--data-folder", type=Path, required=True)
    parser.add_argument("--only", type=names, default=[*WORKS, GROWTH, "stages"])
    parser.add_argument("--data", type=names, default=[])
    parser.add_argument("--peers", type=names, default=["flatbed", *TABLES, "pandas", *FIELDS])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=names, default=["one", "all"])
    parser.add_argument("--sizes", type=names, default=["1M", "10M", "100M", "1G", "10G"])
    parser.add_argument("--stages", type=Path, nargs="*", default=[], help="Google Benchmark programs to run too")
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    options = parser.parse_args()
    for given, known in [
        (options.only, [*WORKS, GROWTH, "stages"]),
        (options.data, EVERY),
        (options.threads, ["one", "all"]),
    ]:
        if unknown := set(given) - set(known):
            parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return options


def main() -> int:
    options = parse_options()
    ensure(options.data_folder, options.data or EVERY)
    bench, machine = Bench(options), report.machine()
    try:
        for work in [name for name in WORKS if name in options.only]:
            for data in [name for name in WORKS[work].able if name in (options.data or WORKS[work].usual)]:
                for given in [name for name in BOTH if name in options.threads and name in WORKS[work].threads]:
                    if given == "one" or options.data or data == "lineitem":
                        bench.compare(work, data, 1 if given == "one" else len(CORES))
        for size in options.sizes if GROWTH in options.only else []:
            bench.grow(size_of(size))
    except (Disagreement, RuntimeError) as problem:
        say(f"\nSTOPPED: {problem}")
        return 1
    lineitem = options.data_folder / DATASETS["lineitem"].file
    staged = list(stages(options.stages, lineitem)) if "stages" in options.only else []
    facts = report.collect(machine, bench.measured, staged, options.data_folder, options.runs)
    report.write(facts, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
