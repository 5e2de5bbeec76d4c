"""Every message as people read it: each code is provoked for real and its text compared with golden/messages.txt, which
FLATBED_WRITE_GOLDEN=1 writes anew. A message says what happened, where, what was expected, and what to do."""

from __future__ import annotations

import gzip
import os
import re
import resource
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import flatbed as fb
from conftest import ROOT, Command

sys.path.insert(0, str(ROOT / "tests" / "real"))
from clickhouse import ClickHouse

GOLDEN = Path(__file__).parent / "golden" / "messages.txt"
ORDERS = "id,who,day,amount\n1,ann,2026-01-31,1.50\n2,bob,2026-02-28,2.25\n"

# Messages of what only a program in C++ brings about: connectors that miscount or throw, and a cancelled run.
IN_CPP = ROOT / "tests" / "pipeline" / "messages.cpp"


class Place:
    """Where the files of one message are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, text: str | bytes, name: str = "orders.csv") -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def orders(self, row: str = "", **options: Any) -> fb.Receipt:
        """Copies orders with one more row."""
        return self.copy(ORDERS + row, **options)

    def copy(self, text: str | bytes, source: dict[str, Any] | None = None, **options: Any) -> fb.Receipt:
        return fb.copy(self.file(text), self.folder / "out.csv", source_options=source, **options)


Provoke = Callable[[Place], Any]
PROVOKED: dict[str, Provoke] = {}


def provokes(code: str) -> Callable[[Provoke], Provoke]:
    def keep(function: Provoke) -> Provoke:
        PROVOKED[code] = function
        return function

    return keep


def lenience(receipt: fb.Receipt) -> None:
    """Raises the first leniency of a receipt, which is an error that was not one."""
    raise receipt.leniencies[0].examples[0]


@contextmanager
def listening(answer: bytes | None) -> Iterator[int]:
    """A server that sends an answer to whatever comes, or none at all."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        held: list[socket.socket] = []

        def serve() -> None:
            try:
                while True:
                    connection, _ = listener.accept()
                    held.append(connection)
                    if answer is not None:
                        connection.recv(65536)
                        connection.sendall(answer)
                        connection.close()
            except OSError:
                pass

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            for connection in held:
                connection.close()


# ---- the call

PROVOKED["FB-USE-0101"] = lambda place: fb.sniff("clickhouse://localhost/shop/orders")
PROVOKED["FB-USE-0102"] = lambda place: place.orders(source={"delimeter": ";"})
PROVOKED["FB-USE-0103"] = lambda place: place.orders(source={"date_order": "ymd"})
PROVOKED["FB-USE-0104"] = lambda place: fb.schema("clickhouse://localhost:port/shop/orders")
PROVOKED["FB-USE-0105"] = lambda place: fb.schema("gopher://localhost/orders.csv")
PROVOKED["FB-USE-0106"] = lambda place: place.orders(columns=["id", "amont"])
PROVOKED["FB-USE-0107"] = lambda place: place.orders(types={"id": "UInt33"})

# ---- the source

PROVOKED["FB-SRC-0101"] = lambda place: fb.schema(place.folder / "order.csv")
PROVOKED["FB-SRC-0102"] = lambda place: fb.schema(place.folder)
PROVOKED["FB-SRC-0103"] = lambda place: place.copy("")
PROVOKED["FB-SRC-0105"] = lambda place: fb.schema(
    place.file(gzip.compress(ORDERS.encode(), mtime=0)[:-9], "orders.csv.gz")
)
PROVOKED["FB-SRC-0107"] = lambda place: fb.schema(
    place.file(gzip.compress(b"a\n" * 100_000, mtime=0), "orders.csv.gz"), options={"unpack_limit": "1K"}
)


@provokes("FB-SRC-0106")
def a_file_that_grows_while_it_is_read(place: Place) -> None:
    path = place.file("n\n" + "1\n" * 4_000_000)

    def step(batch: fb.Batch) -> list[bool]:
        with path.open("a") as file:
            file.write("2\n")
        return [True] * len(batch)

    fb.Pipeline(path).then(step).sink(place.folder / "out.csv").run(memory="4M")


# A file whose bytes cannot be read: nothing lies at the beginning of this process's memory.
PROVOKED["FB-SRC-0104"] = lambda place: fb.schema("/proc/self/mem")


# ---- the dialect and the text

PROVOKED["FB-DIA-0101"] = lambda place: place.copy("a,b;c\nd,e;f\ng,h;i\nj,k;l\n")
PROVOKED["FB-DIA-0102"] = lambda place: place.orders(source={"encoding": "klingon"})
PROVOKED["FB-DIA-0103"] = lambda place: place.copy("id,day\n1,03/04/2026\n2,05/06/2026\n")
PROVOKED["FB-CSV-0101"] = lambda place: place.orders("3,eve,2026-03-31\n")
PROVOKED["FB-CSV-0102"] = lambda place: place.orders("3,eve,2026-03-31,3,75\n")
PROVOKED["FB-CSV-0103"] = lambda place: place.orders('3,"eve,2026-03-31,3.75\n')
PROVOKED["FB-CSV-0104"] = lambda place: place.orders('3,"eve" the first,2026-03-31,3.75\n')
PROVOKED["FB-CSV-0105"] = lambda place: place.copy(
    ORDERS.encode() + b"3,\xe9ve,2026-03-31,3.75\n", source={"encoding": "utf-8"}
)
PROVOKED["FB-CSV-0106"] = lambda place: place.orders("3,e\0ve,2026-03-31,3.75\n")
PROVOKED["FB-CSV-0107"] = lambda place: place.orders("3," + "e" * 3_000_000 + ",2026-03-31,3.75\n", memory="4M")
PROVOKED["FB-CSV-0108"] = lambda place: place.copy("id,amount,amount\n1,2,3\n")

# ---- values

PROVOKED["FB-TYPE-0101"] = lambda place: place.orders("3,eve,2026-03-31,\n", types={"amount": "Decimal(9, 2)"})
PROVOKED["FB-TYPE-0102"] = lambda place: place.orders(
    '3,eve,2026-03-31,"1.234,50"\n', types={"amount": "Decimal(9, 2)"}
)
PROVOKED["FB-TYPE-0103"] = lambda place: place.orders("300,eve,2026-03-31,3.75\n", types={"id": "UInt8"})
PROVOKED["FB-TYPE-0104"] = lambda place: place.orders("3,eve,2026-03-31,3.755\n", types={"amount": "Decimal(9, 2)"})
PROVOKED["FB-TYPE-0105"] = lambda place: place.orders(types={"id": "Variant(UInt8, String)"})
PROVOKED["FB-TYPE-0106"] = lambda place: place.orders("007,eve,2026-03-31,3.75\n", types={"id": "UInt8"}, strict=True)

# ---- JSON


def lines_of_json(place: Place, text: str, **options: Any) -> None:
    fb.copy(place.file(text, "orders.ndjson"), place.folder / "out.csv", **options)


PROVOKED["FB-JSON-0101"] = lambda place: lines_of_json(place, '{"id": 1}\n{"id": 2,}\n')
PROVOKED["FB-JSON-0102"] = lambda place: lines_of_json(place, '{"id": 1}\n[2]\n')
PROVOKED["FB-JSON-0103"] = lambda place: lines_of_json(place, '{"id": 1}\n{"id": 2, "id": 3}\n')


@provokes("FB-JSON-0104")
def a_key_that_comes_late_on_standard_input(place: Place) -> None:
    """Of standard input the first records give the columns."""
    many = '{"id": 1, "who": "ann"}\n' * 400_000
    before = os.dup(0)
    with place.file(many + '{"id": 2, "wo": "bob"}\n').open("rb") as file:
        os.dup2(file.fileno(), 0)
        try:
            fb.copy("-", place.folder / "out.csv", source_options={"format": "ndjson"})
        finally:
            os.dup2(before, 0)
            os.close(before)


# ---- repairs and assumptions


def repaired(place: Place, row: str, repair: str, **options: Any) -> None:
    lenience(place.orders(row, source={"repair": repair}, **options))


PROVOKED["FB-FIX-0101"] = lambda place: repaired(place, "3,eve,2026-03-31\n", "pad")
PROVOKED["FB-FIX-0102"] = lambda place: repaired(place, "3,eve,2026-03-31,3.75,x\n", "cut")
PROVOKED["FB-FIX-0103"] = lambda place: repaired(place, "3,eve, 2026-03-31,3.75\n", "trim")
PROVOKED["FB-FIX-0104"] = lambda place: repaired(place, '3,eve,2026-03-31,"3,75"\n', "decimal-comma")
PROVOKED["FB-FIX-0105"] = lambda place: repaired(place, '3,eve,2026-03-31,"3,000.75"\n', "thousands")
PROVOKED["FB-FIX-0106"] = lambda place: lenience(
    place.copy(ORDERS.encode() + b"3,\xe9ve,2026-03-31,3.75\n", check=True)
)
PROVOKED["FB-FIX-0107"] = lambda place: lenience(place.copy("id,amount,amount\n1,2,3\n", source={"repair": "names"}))
PROVOKED["FB-FIX-0108"] = lambda place: lenience(
    place.copy(ORDERS + '3,"eve" the first,2026-03-31,3.75\n', source={"as_is": True}, target_options={"as_is": True})
)
PROVOKED["FB-FIX-0109"] = lambda place: lenience(place.copy("id, who\n1, ann\n2, bob\n3, eve\n4, joe\n", check=True))

# ---- the target and the run


@provokes("FB-RUN-0104")
def a_process_that_may_have_little_memory(place: Place) -> None:
    source = place.file("n,text\n" + "1,some text that is long enough\n" * 400_000)
    page = os.sysconf("SC_PAGE_SIZE")
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * page
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (mapped + (1 << 19), before[1]))
    try:
        fb.copy(source, place.folder / "out.csv", threads=1)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


PROVOKED["FB-RUN-0101"] = lambda place: place.orders(
    "x,eve,2026-03-31,3\ny,joe,2026-03-31,3\n", types={"id": "UInt8"}, on_reject="skip", max_rejects="1"
)


@provokes("FB-TGT-0101")
def a_file_that_is_there(place: Place) -> None:
    place.orders()
    place.orders()


PROVOKED["FB-TGT-0102"] = lambda place: fb.copy(place.file(ORDERS), place.folder / "none" / "out.csv")


PROVOKED["FB-QUA-0101"] = lambda place: fb.quarantine(place.folder)


PROVOKED["FB-LED-0101"] = lambda place: fb.loads(
    place.file("no ledger at all, but a text of some length\n" * 9, "ledger")
)
PROVOKED["FB-LED-0103"] = lambda place: fb.resume(place.folder / "ledger.sqlite", "fb_none")

# ---- the way to a server


def table_at(port: int, **options: Any) -> Any:
    return fb.schema(f"clickhouse://127.0.0.1:{port}/shop/orders", options=options)


def on_a_port(answer: bytes | None, **options: Any) -> None:
    with listening(answer) as port:
        table_at(port, **options)


PROVOKED["FB-NET-0101"] = lambda place: table_at(1)
PROVOKED["FB-NET-0103"] = lambda place: on_a_port(None, timeout="1")
PROVOKED["FB-NET-0104"] = lambda place: on_a_port(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
PROVOKED["FB-CH-0104"] = lambda place: on_a_port(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nIt works!\r\n\r")
PROVOKED["FB-NET-0106"] = lambda place: fb.schema(
    "clickhouse://ann:secret@198.51.100.1/shop/orders", options={"secure": False}
)


@provokes("FB-NET-0105")
def a_server_without_tls(place: Place) -> None:
    with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        fb.schema(f"clickhouses://127.0.0.1:{port}/shop/orders")


@provokes("FB-CH-0105")
def an_engine_that_is_not_there(place: Place) -> None:
    before = os.environ["FLATBED_PYTHON"]
    os.environ["FLATBED_PYTHON"] = "/bin/false"
    try:
        fb.copy(place.file(ORDERS), f"chdb:{place.folder}/engine/shop/orders")
    finally:
        os.environ["FLATBED_PYTHON"] = before


# ---- a server's own


class Shop:
    """A server with a table of orders, for messages that need one."""

    def __init__(self, server: ClickHouse, folder: Path) -> None:
        self.place, self.server = Place(folder), server
        server.query("CREATE DATABASE IF NOT EXISTS shop")
        server.query("DROP TABLE IF EXISTS shop.orders")
        server.query(
            "CREATE TABLE shop.orders (id UInt8, who String, day Date, amount Decimal(9, 2), "
            "CONSTRAINT amounts CHECK amount < 100) ENGINE = MergeTree ORDER BY id"
        )
        self.address = server.url.removeprefix("http://")

    def load(self, text: str, table: str = "orders", **options: Any) -> fb.Receipt:
        return fb.copy(self.place.file(text), f"clickhouse://{self.address}/shop/{table}", **options)

    def skip_refused_rows(self) -> None:
        raise self.load(ORDERS + "3,eve,2026-03-31,300\n", on_reject="skip").findings[0].examples[0]

    def many_orders(self, step: Callable[[fb.Batch], Any], **options: Any) -> fb.Receipt:
        """Loads enough orders for several blocks, with a ledger, and takes a step before each."""
        path = self.place.folder / "many.csv"
        if not path.exists():
            path.write_text("id,who,day,amount\n" + "1,ann,2026-01-31,1.50\n" * 20_000)
        pipeline = fb.Pipeline(path).then(step).sink(f"clickhouse://{self.address}/shop/orders", options=options)
        return pipeline.run(memory="2M", ledger=self.place.folder / "ledger.sqlite")

    def load_what_is_being_loaded(self) -> None:
        def step(batch: fb.Batch) -> list[bool]:
            self.many_orders(step)
            return [True] * len(batch)

        self.many_orders(step)

    def load_another_file_than_before(self) -> None:
        class Stopped(Exception):
            pass

        def step(batch: fb.Batch) -> list[bool]:
            raise Stopped

        with pytest.raises(Stopped):
            self.many_orders(step)
        path = self.place.folder / "many.csv"
        path.write_text(path.read_text().replace("1,ann", "2,bob"))
        fb.resume(self.place.folder / "ledger.sqlite")

    def lose_rows_while_they_are_loaded(self) -> None:
        """Somebody empties the table in which the rows of a load wait until all are there."""

        def step(batch: fb.Batch) -> list[bool]:
            for table in self.server.query("SHOW TABLES FROM shop").split():
                if table != "orders":
                    self.server.query(f"TRUNCATE TABLE shop.`{table}`")
            return [True] * len(batch)

        self.many_orders(step, block_rows=1000)


SERVED: dict[str, Callable[[Shop], Any]] = {
    "FB-NET-0102": lambda shop: fb.schema(f"clickhouse://nobody:wrong@{shop.address}/shop/orders"),
    "FB-CH-0101": lambda shop: fb.schema(f"clickhouse://{shop.address}/shop", options={"query": "SELECT 1 +"}),
    "FB-CH-0102": lambda shop: shop.load(ORDERS, table="order"),
    "FB-CH-0103": lambda shop: shop.load(ORDERS.replace("amount", "sum")),
    "FB-CH-0106": Shop.lose_rows_while_they_are_loaded,
    "FB-CH-0107": Shop.skip_refused_rows,
    "FB-LED-0102": Shop.load_what_is_being_loaded,
    "FB-LED-0104": Shop.load_another_file_than_before,
}


def as_golden(error: fb.Error, folder: Path) -> str:
    text = str(error).replace(str(folder), "FOLDER")
    text = re.sub(r"127\.0\.0\.1:\d{4,}", "127.0.0.1:PORT", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "UUID", text)
    text = re.sub(r"(\d+) to \d+ bytes", r"\1 to MORE bytes", text)
    text = re.sub(r"\b(load|resume) [0-9a-z]{12}\b", r"\1 ID", text)
    text = re.sub(r"acknowledged \d+ rows and holds \d+", "acknowledged MANY rows and holds FEWER", text)
    text = re.sub(r"Expected one of: .*(?= \(SYNTAX_ERROR)", "Expected one of: ...", text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def golden() -> dict[str, str]:
    text = GOLDEN.read_text(encoding="utf-8") if GOLDEN.exists() else ""
    return {part.split("  ", 1)[0].split("\n", 1)[0]: part.strip("\n") for part in text.split("\n\n") if part.strip()}


def check(code: str, provoke: Callable[[], Any], folder: Path) -> None:
    with pytest.raises(fb.Error) as caught:
        provoke()
    error = caught.value
    assert error.code == code, str(error)
    text = as_golden(error, folder)
    if os.environ.get("FLATBED_WRITE_GOLDEN"):
        known = golden() | {code: text}
        GOLDEN.write_text("\n\n".join(known[name] for name in sorted(known)) + "\n", encoding="utf-8")
    assert text == golden().get(code)
    if code.startswith(("FB-CSV-01", "FB-TYPE-0101", "FB-TYPE-0102", "FB-TYPE-0103", "FB-TYPE-0104")) and error.raw:
        assert "^" in text


@pytest.mark.parametrize("code", PROVOKED)
def test_message(code: str, tmp_path: Path) -> None:
    check(code, lambda: PROVOKED[code](Place(tmp_path)), tmp_path)


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    with ClickHouse() as running:
        yield running


@pytest.mark.parametrize("code", SERVED)
def test_message_of_a_server(code: str, server: ClickHouse, tmp_path: Path) -> None:
    shop = Shop(server, tmp_path)
    check(code, lambda: SERVED[code](shop), tmp_path)


def test_every_code_has_its_message() -> None:
    published = {entry.name for entry in fb.catalogue()} - {"FB-OK"}
    in_cpp = re.findall(r'golden\("(FB-[A-Z]+-\d+)"\)', IN_CPP.read_text())
    assert published == PROVOKED.keys() | SERVED.keys() | set(in_cpp)
    assert published == golden().keys()
    for code, text in golden().items():
        assert "\n  fix: " in text, code


def test_every_flag_that_a_message_names_is_one(command: Command) -> None:
    verbs = ("copy", "check", "schema", "sniff", "preview", "quarantine replay", "resume", "verify", "undo")
    known = set(re.findall(r"--[a-z][a-z-]+", "".join(command(*verb.split(), "--help").stdout for verb in verbs)))
    advice = "\n".join(f"{entry.cause} {entry.action}" for entry in fb.catalogue())
    named = set(re.findall(r"--[a-z][a-z-]+", advice + GOLDEN.read_text()))
    assert {"--quote", "--source-option"} <= named
    assert named - known == {"--list"}, "which is of iconv"


def test_the_mark_stands_under_the_fault(command: Command, tmp_path: Path) -> None:
    (tmp_path / "towns.csv").write_text("id,town,size\n1,Köln,5\n2,\tMünchen,x7\n")
    done = command("copy", "towns.csv", "out.csv", "--type", "size:UInt8")
    assert done.returncode == 4
    assert done.stderr.splitlines()[:4] == [
        'FB-TYPE-0102  towns.csv:3, column 3 "size" (byte 35)',
        "  the text is no UInt8: 'x7'",
        "  3 | 2,\\tMünchen,x7",
        "                  ^^",
    ]
    wide = "1," + "a" * 500 + ",5\n2," + "ü" * 200 + ",x7," + "b" * 300 + "\n"
    (tmp_path / "towns.csv").write_text("id,town,size,note\n1,Köln,5,\n" + wide)
    done = command("copy", "towns.csv", "out.csv", "--type", "size:UInt8", "--repair", "pad")
    line, mark = done.stderr.splitlines()[2:4]
    assert line[mark.index("^") : mark.rindex("^") + 1] == "x7"
    assert line.startswith("  4 | ...ü") and line.endswith("... (706 bytes)")
    assert len(line) < 190
