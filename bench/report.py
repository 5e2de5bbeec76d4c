"""Writes what was measured: <date>.json (everything), <date>.md (tables of ratios, goals) and <date>.svg.

python report.py RESULT.json      writes the other two again
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from make_data import DATASETS

Facts = dict[str, Any]
PACKAGES = ["polars", "duckdb", "pyarrow", "chdb-core", "pandas"]
TABLES = ["polars", "duckdb", "pyarrow", "clickhouse"]
SHOWN = {
    "flatbed": "Flatbed",
    "polars": "Polars",
    "duckdb": "DuckDB",
    "pyarrow": "pyarrow",
    "clickhouse": "ClickHouse",
    "pandas": "pandas",
    "rust_csv": "Rust csv",
    "simd_csv": "Rust simd-csv",
    "fast_cpp_csv": "Fast C++ CSV Parser",
}
ABOUT = {
    "typed": "Typed columns, the whole table held in memory",
    "stream": "Typed columns, block by block, none kept",
    "write": "The table in memory written as CSV",
    "fields": "Every field seen, no types",
    "bytes": "Every byte of every field added up, no types",
    "native": "CSV to ClickHouse Native bytes",
    "memcpy": "memcpy of the file",
}


def cpu(one: Any) -> float:
    """Median seconds of CPU, user and system, of a measurement."""
    one = one if isinstance(one, dict) else asdict(one)
    return statistics.median(map(sum, zip(one["user"], one["system"], strict=True)))


def wall(one: Facts) -> float:
    return statistics.median(one["wall"])


def rate(one: Facts) -> float:
    """GB of the file a second of CPU."""
    return one["bytes"] / cpu(one) / 1e9


def further_rate(one: Facts, first: Facts) -> float | None:
    """GB a second of CPU of what `one` has more than the smallest file, whose cost is mostly opening and looking."""
    more = cpu(one) - cpu(first)
    return (one["bytes"] - first["bytes"]) / more / 1e9 if more > 0 else None


# What the machine is.


def line_of(path: str, start: str) -> str:
    for line in Path(path).read_text().splitlines():
        if line.startswith(start):
            return line.split(":", 1)[1].strip()
    return "unknown"


def output_of(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def instruction_sets() -> str:
    flags = line_of("/proc/cpuinfo", "flags").split()
    return " ".join(name for name in ("avx2", "pclmulqdq", "bmi2", "avx512bw", "avx512_vbmi2") if name in flags)


def machine() -> dict[str, str]:
    memory = int(line_of("/proc/meminfo", "MemTotal").split()[0]) / 2**20
    here = Path(__file__).parent
    return {
        "CPU": f"{line_of('/proc/cpuinfo', 'model name')}, {len(os.sched_getaffinity(0))} cores",
        "instructions": instruction_sets(),
        "memory": f"{memory:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "load before": f"{os.getloadavg()[2]:.2f} (15 minutes)",
        "compiler": output_of("c++", "--version").splitlines()[0],
        "Flatbed": output_of("git", "-C", str(here), "describe", "--always", "--dirty"),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
        **crates(here / "rust/Cargo.lock"),
        "libfccp-dev": output_of("dpkg-query", "-W", "-f", "${Version}", "libfccp-dev"),
        "Python": platform.python_version(),
    }


def crates(lock: Path) -> dict[str, str]:
    packages = lock.read_text().split("[[package]]")[1:] if lock.exists() else []
    found = {}
    for package in packages:
        name, version = (line.split('"')[1] for line in package.strip().splitlines()[:2])
        if name in ("csv", "simd-csv"):
            found[f"crate {name}"] = version
    return found


def collect(about: dict[str, str], measured: list[Any], stages: list[Facts], folder: Path, runs: int) -> Facts:
    used = {one.data for one in measured}
    data = [
        {"name": name, "about": one.about, "bytes": (folder / one.file).stat().st_size, "columns": len(one.schema)}
        for name, one in DATASETS.items()
        if name in used
    ]
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    return {
        "date": date,
        "machine": about,
        "runs": runs,
        "data": data,
        "measured": [asdict(one) for one in measured],
        "stages": stages,
    }


# The tables.


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in [head, ["---", *["---:"] * (len(head) - 1)], *rows]] + [""]


def cells(ones: dict[str, Facts], peers: list[str], seconds: Any) -> list[str]:
    ours = seconds(ones["flatbed"]) if "flatbed" in ones else None
    row = []
    for peer in peers:
        if peer not in ones:
            row.append("-")
        elif peer == "flatbed" or ours is None:
            row.append(f"{seconds(ones[peer]):.3f} s")
        else:
            row.append(f"{seconds(ones[peer]):.3f} s ({seconds(ones[peer]) / ours:.1f}x)")
    return row


def chosen(facts: Facts, work: str, threads: int) -> dict[str, dict[str, Facts]]:
    """By data set, by peer."""
    found: dict[str, dict[str, Facts]] = {}
    for one in facts["measured"]:
        if one["work"] == work and one["threads"] == threads:
            found.setdefault(one["data"], {})[one["peer"]] = one
    return found


def work_tables(facts: Facts) -> list[str]:
    lines = []
    for work, about in ABOUT.items():
        counts = sorted({one["threads"] for one in facts["measured"] if one["work"] == work})
        for threads in counts:
            found = chosen(facts, work, threads)
            peers = [peer for peer in SHOWN if any(peer in ones for ones in found.values())]
            clock, seconds = ("CPU seconds", cpu) if threads == 1 else ("wall-clock seconds", wall)
            lines += [f"## {about}, {threads} thread{'s' if threads > 1 else ''}: {clock}", ""]
            head = ["data", *[SHOWN[peer] for peer in peers]] + (["Flatbed, GB/s"] if threads == 1 else [])
            rows = []
            for name, ones in found.items():
                own = [f"{rate(ones['flatbed']):.2f}" if "flatbed" in ones else "-"] if threads == 1 else []
                rows.append([name, *cells(ones, peers, seconds), *own])
            lines += table(head, rows)
    return lines


def growth_table(facts: Facts) -> list[str]:
    ones = [one for one in facts["measured"] if one["work"] == "growth"]
    if not ones:
        return []
    lines = ["## Streaming files of growing size: peak memory and GB a second of CPU", ""]
    lines += ["The last column leaves out the start-up: it is the rate beyond what the smallest file costs.", ""]
    rows = []
    for one in ones:
        first = smallest(ones, one)
        further = further_rate(one, first) if one is not first else None
        rows.append(
            [
                f"{one['bytes'] / 1e6:,.0f} MB",
                SHOWN[one["peer"]],
                str(one["threads"]),
                f"{one['peak_kib'] / 1024:.0f} MiB",
                f"{one['base_kib'] / 1024:.0f} MiB",
                f"{cpu(one) * 1e3:,.1f} ms",
                f"{rate(one):.2f}",
                f"{further:.2f}" if further else "-",
            ]
        )
    head = ["file", "reader", "threads", "peak", "of it before the work", "CPU", "GB/s", "GB/s after the start-up"]
    return lines + table(head, rows)


def smallest(ones: list[Facts], like: Facts) -> Facts:
    """The smallest file that the same reader read with as many threads."""
    same = [one for one in ones if (one["peer"], one["threads"]) == (like["peer"], like["threads"])]
    return min(same, key=lambda one: one["bytes"])


def stage_table(facts: Facts) -> list[str]:
    if not facts["stages"]:
        return []
    copy = memcpy_rate(facts)
    rows = []
    for one in facts["stages"]:
        speed = one["bytes_per_second"] / 1e9
        share = f"{speed / copy:.3f}" if copy and speed else "-"
        rows.append([one["name"], f"{one['cpu']:.3g} {one['unit']}", f"{speed:.2f}" if speed else "-", share])
    return ["## Stages alone (Google Benchmark)", "", *table(["benchmark", "CPU", "GB/s", "of memcpy"], rows)]


def memcpy_rate(facts: Facts) -> float:
    found = chosen(facts, "memcpy", 1).get("lineitem", {})
    return rate(found["flatbed"]) if "flatbed" in found else 0


# The goals: each is a number that this run gives, and what it has to be.


def best_ratio(ones: dict[str, Facts], peers: list[str]) -> float | None:
    others = [cpu(ones[peer]) for peer in peers if peer in ones]
    return min(others) / cpu(ones["flatbed"]) if others and "flatbed" in ones else None


def index_share(facts: Facts) -> float | None:
    """The best kernel of bench_index, against memcpy in the same program."""
    rates = {one["name"]: one["bytes_per_second"] for one in facts["stages"] if one["program"] == "bench_index"}
    kernels = [rate for name, rate in rates.items() if name.startswith("index/")]
    return max(kernels) / rates["memcpy"] if kernels and "memcpy" in rates else None


def goals(facts: Facts) -> list[tuple[str, float, float, bool]]:
    """What is asked, measured, goal, and whether more is better."""
    found: list[tuple[str, float, float, bool]] = []

    def ask(name: str, value: float | None, goal: float, more: bool = True) -> None:
        if value:
            found.append((name, value, goal, more))

    copy = memcpy_rate(facts)
    for work, name, goal in [("typed", "held", 7), ("stream", "streamed", 7), ("write", "written", 4)]:
        ones = chosen(facts, work, 1).get("lineitem", {})
        ask(f"lineitem {name}, one thread: times less CPU than the best peer", best_ratio(ones, TABLES), goal)
    for work, name in [("typed", "held"), ("stream", "streamed")]:
        ratios = [best_ratio(ones, [*TABLES, "pandas"]) for ones in chosen(facts, work, 1).values()]
        ask(
            f"worst data set {name}, one thread: times less CPU than the best peer",
            min((ratio for ratio in ratios if ratio), default=None),
            1,
        )
    ask("lineitem index: share of memcpy's GB/s", index_share(facts), 0.35)
    for work, goal in [("fields", 0.25), ("native", 0.12)]:
        ours = chosen(facts, work, 1).get("lineitem", {}).get("flatbed")
        ask(f"lineitem {work}: share of memcpy's GB/s", rate(ours) / copy if ours and copy else None, goal)
    for work in ("typed", "stream"):
        ours, both = (chosen(facts, work, count).get("lineitem", {}).get("flatbed") for count in (1, 2))
        ask(f"lineitem {work}: two threads against one", wall(ours) / wall(both) if ours and both else None, 1.8)
    grown = [one for one in facts["measured"] if one["work"] == "growth" and one["peer"] == "flatbed"]
    if grown:
        ask("streaming: highest peak, MiB", max(one["peak_kib"] for one in grown) / 1024, 256, False)
        alone = sorted((one for one in grown if one["threads"] == 1), key=lambda one: one["bytes"])
        rates = [further for one in alone[1:] if (further := further_rate(one, alone[0]))]
        ask(
            "streaming, start-up left out: slowest GB/s of the fastest, over all sizes",
            min(rates) / max(rates) if len(rates) > 1 else None,
            0.9,
        )
    return found


def goal_table(facts: Facts) -> list[str]:
    rows = []
    for name, value, goal, more in goals(facts):
        met = value >= goal if more else value <= goal
        rows.append([name, f"{value:.3g}", f"{'at least' if more else 'at most'} {goal:g}", "yes" if met else "**no**"])
    return ["## Goals", "", *table(["what", "measured", "goal", "met"], rows)] if rows else []


def markdown(facts: Facts) -> str:
    lines = [
        f"# Benchmark of {facts['date']}",
        "",
        f"Medians of {facts['runs']} runs, all in turn; method: ../README.md.",
        "A number in brackets says how many times Flatbed's time a peer needs: below 1 the peer is ahead.",
        "",
        f"![Peers against Flatbed]({facts['date']}.svg)",
        "",
    ]
    lines += goal_table(facts) + work_tables(facts) + growth_table(facts) + stage_table(facts)
    lines += [
        "## Data",
        "",
        *table(
            ["name", "what", "MB", "columns"],
            [[one["name"], one["about"], f"{one['bytes'] / 1e6:.0f}", str(one["columns"])] for one in facts["data"]],
        ),
    ]
    lines += ["## Machine", "", *table(["what", "is"], [[name, value] for name, value in facts["machine"].items()])]
    return "\n".join(lines)


# The picture: one panel a work, one row a data set, one mark a peer, at its CPU time over Flatbed's.

COLOURS = {
    "polars": "#1f77b4",
    "duckdb": "#d9a400",
    "pyarrow": "#d62728",
    "clickhouse": "#2ca02c",
    "pandas": "#9467bd",
    "rust_csv": "#d95f02",
    "simd_csv": "#1b9e77",
    "fast_cpp_csv": "#7570b3",
}
MARKS = dict(zip(COLOURS, "osD^vosD", strict=True))
PANELS = ["typed", "stream", "write", "fields"]


def picture(facts: Facts, path: Path) -> None:
    panels = [work for work in PANELS if any("flatbed" in ones for ones in chosen(facts, work, 1).values())]
    if not panels:
        return
    heights = [len(chosen(facts, work, 1)) + 1.6 for work in panels]
    figure, axes = plt.subplots(
        len(panels),
        1,
        figsize=(9, 0.34 * sum(heights) + 0.8),
        squeeze=False,
        sharex=True,
        gridspec_kw={"height_ratios": heights},
        layout="constrained",
    )
    figure.suptitle(
        "CPU time of one thread, as a multiple of Flatbed's (right is slower)", fontsize=12, x=0.01, ha="left"
    )
    for axis, work in zip(axes[:, 0], panels, strict=True):
        panel(axis, work, chosen(facts, work, 1))
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def panel(axis: Any, work: str, found: dict[str, dict[str, Facts]]) -> None:
    found = {name: ones for name, ones in found.items() if "flatbed" in ones}
    for row, ones in enumerate(found.values()):
        for peer in [peer for peer in COLOURS if peer in ones]:
            axis.plot(
                cpu(ones[peer]) / cpu(ones["flatbed"]),
                row,
                MARKS[peer],
                color=COLOURS[peer],
                markersize=7,
                markeredgecolor="white",
                markeredgewidth=0.6,
                label=SHOWN[peer],
            )
    axis.axvline(1, color="#333333", linewidth=1.2)
    axis.text(1, -0.62, " Flatbed", fontsize=8, color="#333333", va="center")
    axis.set_title(ABOUT[work], loc="left", fontsize=10)
    axis.set_yticks(range(len(found)), [f"{name}  ({cpu(ones['flatbed']):.2f} s)" for name, ones in found.items()])
    axis.set_ylim(len(found) - 0.5, -0.9)
    axis.set_xscale("log", base=2)
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}x")
    axis.tick_params(length=0, labelsize=9, labelbottom=True)
    axis.grid(axis="both", color="#e4e4e4", linewidth=0.7)
    axis.set_axisbelow(True)
    for side in axis.spines.values():
        side.set_visible(False)
    legend = dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
    axis.legend(legend.values(), legend.keys(), loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=9)


def write(facts: Facts, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / facts["date"]
    stem.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n")
    stem.with_suffix(".md").write_text(markdown(facts))
    picture(facts, stem.with_suffix(".svg"))
    print(markdown(facts))
    print(f"wrote {stem}.md, .svg and .json", file=sys.stderr)


if __name__ == "__main__":
    given = Path(sys.argv[1])
    write(json.loads(given.read_text()), given.parent)
