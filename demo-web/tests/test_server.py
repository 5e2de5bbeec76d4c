"""The API against a real app: files to tables and back, visitors apart from each other, sessions, events."""

from __future__ import annotations

import gzip
import io
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from clickhouse import LOADER, ClickHouse
from web import Request, Web

import flatbed
from conftest import App, Visitor
from flatbed_web import models
from flatbed_web.loads import Endpoint, Load

PEOPLE = {"kind": "sample", "name": "people.csv"}


def server_request(clickhouse: ClickHouse, **more: Any) -> dict[str, Any]:
    user, password = LOADER
    return {
        "kind": "server",
        "host": "127.0.0.1",
        "port": clickhouse.http_port,
        "user": user,
        "password": password,
        **more,
    }


def table(connection: str, name: str) -> dict[str, Any]:
    return {"kind": "table", "connection": connection, "database": "default", "table": name}


def test_a_file_becomes_a_table_and_a_file_again(visitor: Visitor) -> None:
    source = visitor.upload("people.csv", b"id,name\n1,ann\n2,=1+1\n")
    assert visitor.ask("/sniff", source=source)["settings"]["delimiter"] == {"value": ",", "chosen_by": "detected"}
    columns = visitor.ask("/columns", source=source)["columns"]
    assert [(column["name"], column["type"]) for column in columns] == [("id", "UInt8"), ("name", "String")]
    preview = visitor.ask("/preview", source=source)
    assert preview["rows"] == [["1", "ann"], ["2", "=1+1"]]
    assert preview["raw"] == "id,name\n1,ann\n2,=1+1"

    target = table(visitor.embedded(), "there")
    load = visitor.ended(visitor.ask("/loads", source=source, target={**target, "order_by": ["id"]}))
    assert load["status"] == "Completed", load
    receipt = load["receipt"]
    assert (receipt["read"], receipt["loaded"], receipt["balanced"], receipt["target_rows_after"]) == (2, 2, True, 2)

    back = {"kind": "file", "name": "../people", "formula_safe": True}
    load = visitor.ended(visitor.ask("/loads", source=target, target=back))
    assert load["file"] == "_people.csv"
    answer = visitor.get(f"/loads/{load['id']}/file")
    assert answer.text == "id,name\n1,ann\n2,'=1+1\n"
    assert answer.headers["content-disposition"] == 'attachment; filename="_people.csv"'


def test_a_query_becomes_a_packed_file(visitor: Visitor) -> None:
    source = {"kind": "query", "connection": visitor.embedded(), "sql": "SELECT number FROM numbers(3)"}
    assert visitor.ask("/preview", source=source)["rows"] == [["0"], ["1"], ["2"]]
    load = visitor.ask("/loads", source=source, target={"kind": "file", "name": "n.csv", "compression": "gzip"})
    load = visitor.ended(load)
    assert gzip.decompress(visitor.get(f"/loads/{load['id']}/file").content) == b"number\n0\n1\n2\n"


@pytest.mark.parametrize("format", ["csv", "tsv", "ndjson", "json", "parquet"])
def test_every_format_goes_out_and_in(app: App, visitor: Visitor, format: str) -> None:
    sql = "SELECT number AS n, if(number = 1, NULL, 'ä,' || number) AS t FROM numbers(3)"
    source = {"kind": "query", "connection": visitor.embedded(), "sql": sql}
    load = visitor.ended(visitor.ask("/loads", source=source, target={"kind": "file", "name": "x", "format": format}))
    assert load["file"] == f"x.{format}", load["error"]
    back = visitor.upload(load["file"], visitor.get(f"/loads/{load['id']}/file").content)
    columns = visitor.post("/columns", json={"source": back})
    assert [column["name"] for column in columns.json()["columns"]] == ["n", "t"]
    assert str(app.folder) not in columns.text
    assert visitor.ask("/preview", source=back)["rows"] == [["0", "ä,0"], ["1", None], ["2", "ä,2"]]
    profile = visitor.ask("/profile", source=back)
    assert [(column["nulls"], column["distinct"]) for column in profile["columns"]] == [(0, 3), (1, 2)]


def test_rows_set_aside_are_corrected_and_loaded_once(visitor: Visitor) -> None:
    data = b'id,note\r\n1,one\r\nx,"t\r\nwo"\r\n3,three\r\ny,\xff\r\nz,five\r\n'
    source, target = visitor.upload("bad.csv", data), {**table(visitor.embedded(), "aside"), "order_by": ["id"]}
    plan = {"source": source, "target": target, "types": {"id": "UInt8"}, "on_reject": "quarantine"}
    plan["dialect"] = {"encoding": "utf-8"}
    load = visitor.ended(visitor.ask("/loads", **plan))
    assert (load["receipt"]["loaded"], load["receipt"]["rejected"]) == (2, 3), load
    path = f"/loads/{load['id']}/quarantine"
    shown = visitor.get(path).json()
    assert (shown["open"], shown["header"], shown["source"]) == (3, "id,note", "bad.csv")
    first, second, third = shown["rows"]
    assert (first["text"], first["reject"]["place"]["line"]) == ('x,"t\r\nwo"', 3)
    assert visitor.put(path, json={"rows": {"9": "1,a"}}).status_code == 404
    answer = visitor.put(path, json={"rows": {first["number"]: '2,"t\r\nwo"', third["number"]: "5,five"}})
    assert [row["edited"] for row in answer.json()["rows"]] == [True, False, True]
    file = visitor.get(f"{path}/file").content
    assert file == b'id,note\r\n2,"t\r\nwo"\r\ny,\xff\r\n5,five\r\n', "other rows stay byte for byte"

    again = visitor.ended(visitor.post(f"/loads/{load['id']}/replay").json())
    assert (again["receipt"]["read"], again["receipt"]["loaded"], again["receipt"]["rejected"]) == (3, 2, 1), again
    assert again["receipt"]["target_rows_after"] == 4
    again = visitor.ended(visitor.post(f"/loads/{again['id']}/replay").json())
    assert (again["receipt"]["loaded"], again["receipt"]["target_rows_after"]) == (0, 4)
    assert [row["number"] for row in visitor.get(path).json()["rows"]] == [second["number"]]
    to_file = {"source": source, "target": {"kind": "file", "name": "x"}, "on_reject": "quarantine"}
    assert visitor.post("/loads", json=to_file).status_code == 400


def test_a_join_is_proposed_and_written(visitor: Visitor) -> None:
    names = {"left one": b"key,a\n1,2\n", 'right`"\\one': b"key,b\n1,3\n"}
    for name, data in names.items():
        target = {**table(visitor.embedded(), name), "order_by": ["key"]}
        assert visitor.ended(visitor.ask("/loads", source=visitor.upload("a.csv", data), target=target))["receipt"]
    connection = visitor.embedded()
    tables = [{"database": "default", "table": name} for name in names]
    found = visitor.ask("/join", connection=connection, tables=tables)
    assert found["sides"][0]["keys"] == [found["sides"][0]["proposals"][0]["key"]], found
    preview = visitor.ask("/preview", source={"kind": "query", "connection": connection, "sql": found["sql"]})
    assert preview["rows"] == [["1", "2", "1", "3"]]
    crossed = visitor.ask("/join", connection=connection, tables=[tables[0], {**tables[0], "kind": "cross"}])
    assert "CROSS JOIN" in crossed["sql"]
    wrong = visitor.ask("/join", connection=connection, tables=[tables[0], {**tables[0], "keys": []}])
    assert wrong["sql"] is None and "has no key" in wrong["problem"]["message"]


def test_a_server_with_a_password(visitor: Visitor, clickhouse: ClickHouse) -> None:
    clickhouse.query("CREATE TABLE IF NOT EXISTS default.known (id UInt8, name String) ORDER BY id")
    refused = visitor.post("/connections", json=server_request(clickhouse, password="wrong"))
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "FB-NET-0102"
    refused = visitor.post("/connections", json=server_request(clickhouse, user="", password=None, token="a.b.c"))
    assert refused.json()["error"]["code"] == "FB-NET-0102"

    connection = visitor.ask("/connections", **server_request(clickhouse))
    assert "load secret" not in json.dumps([connection, visitor.get("/connections").json()])
    assert ("default", "known") in {
        (found["database"], found["name"]) for found in visitor.get(f"/connections/{connection['id']}/tables").json()
    }
    target = table(connection["id"], "known")
    plan = {"source": PEOPLE, "target": {**target, "create": False}, "columns": ["id", "name"]}
    proposal = visitor.ask("/plan", **plan)
    assert proposal["ddl"] is None
    assert "load secret" not in proposal["command"]
    load = visitor.ended(visitor.ask("/loads", **plan))
    assert load["receipt"]["target_rows_after"] == 3, load
    assert clickhouse.query("SELECT max(name) FROM default.known") == "bob\n"


def test_the_plan_shows_the_table_and_the_command(visitor: Visitor) -> None:
    target = {**table(visitor.embedded(), "people"), "order_by": ["id"]}
    dialect = {"delimiter": ",", "nulls": ["", "NA"]}
    proposal = visitor.ask("/plan", source=PEOPLE, dialect=dialect, target=target, types={"id": "Int64"})
    assert "`id` Int64" in proposal["ddl"]
    assert proposal["command"].startswith("flatbed copy people.csv chdb:")
    assert "--type id:Int64" in proposal["command"]
    assert "-s delimiter=," in proposal["command"]
    assert "-s 'nulls=\"\",NA'" in proposal["command"]


def test_bad_rows_are_told_and_can_be_fetched(visitor: Visitor) -> None:
    source = visitor.upload("bad.csv", b"id,name\n1,ann\nx,bob\n3,eve\n")
    target = {**table(visitor.embedded(), "bad"), "order_by": ["id"]}
    plan = {"source": source, "target": target, "types": {"id": "UInt8"}}
    stopped = visitor.ended(visitor.ask("/loads", **plan))
    assert stopped["error"]["code"] == "FB-TYPE-0102"
    assert (stopped["error"]["place"]["line"], stopped["error"]["place"]["uri"]) == (3, "bad.csv")

    load = visitor.ended(visitor.ask("/loads", **plan, on_reject="divert"))
    receipt = load["receipt"]
    assert (receipt["read"], receipt["loaded"], receipt["rejected"]) == (3, 2, 1)
    assert "x,bob" in visitor.get(f"/loads/{load['id']}/rejects").text
    assert str(visitor.base_url.port) not in json.dumps(receipt)


def test_no_answer_shows_a_path_of_the_app(app: App, visitor: Visitor) -> None:
    source = visitor.upload("bad.csv", b'a,b\n1,"never closed\n')
    answers = [visitor.post(path, json={"source": source}).text for path in ("/sniff", "/columns", "/preview")]
    connection = visitor.embedded()
    answers.append(visitor.post("/preview", json={"source": table(connection, "missing")}).text)
    answers.append(json.dumps(visitor.ended(visitor.ask("/loads", source=source, target=table(connection, "t")))))
    assert all(str(app.folder) not in answer for answer in answers)
    assert "bad.csv" in answers[-1]


def test_an_upload_goes_on_where_it_broke(visitor: Visitor) -> None:
    data = b"n\n" + b"".join(b"%d\n" % number for number in range(100_000))
    id = visitor.ask("/uploads", name="n.csv", size=len(data))["id"]
    half = len(data) // 2

    def broken() -> Any:
        yield data[:half]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        visitor.patch(f"/uploads/{id}", content=broken(), headers={"Upload-Offset": "0"})
    end = time.monotonic() + 10
    while (offset := visitor.get(f"/uploads/{id}").json()["offset"]) < half and time.monotonic() < end:
        time.sleep(0.05)
    assert 0 < offset <= half
    source = {"kind": "upload", "upload": id}
    assert visitor.post("/sniff", json={"source": source}).status_code == 409
    wrong = visitor.patch(f"/uploads/{id}", content=b"x", headers={"Upload-Offset": str(offset + 1)})
    assert wrong.status_code == 409
    rest = visitor.patch(f"/uploads/{id}", content=data[offset:], headers={"Upload-Offset": str(offset)})
    assert rest.json()["complete"]
    load = visitor.ended(visitor.ask("/loads", source=source, target={"kind": "file", "name": "n"}))
    assert load["receipt"]["loaded"] == 100_000


SLOW = "SELECT number, sleepEachRow(0.001) AS zero FROM numbers(60000) SETTINGS max_block_size = 500"


def test_a_load_is_watched_paused_and_cancelled(visitor: Visitor) -> None:
    source = {"kind": "query", "connection": visitor.embedded(), "sql": SLOW}
    load = visitor.ask("/loads", source=source, target={"kind": "file", "name": "slow"})

    def first_event() -> dict[str, Any]:
        with visitor.stream("GET", f"/loads/{load['id']}/events") as events:
            return json.loads(next(line for line in events.iter_lines() if line.startswith("data: "))[6:])

    end = time.monotonic() + 30
    while first_event()["progress"]["rows_read"] == 0:  # each look is a page that came back
        assert time.monotonic() < end
    assert visitor.post(f"/loads/{load['id']}/pause").json()["paused"]
    time.sleep(1)
    before = first_event()["progress"]["rows_read"]
    time.sleep(1.5)
    assert first_event()["progress"]["rows_read"] == before
    visitor.post(f"/loads/{load['id']}/continue")
    visitor.post(f"/loads/{load['id']}/cancel")
    load = visitor.ended(load)
    assert (load["status"], load["cancelled"], load["error"]["code"]) == ("Error", True, "FB-RUN-0102")
    assert visitor.get(f"/loads/{load['id']}/file").status_code == 404


def test_visitors_do_not_see_each_other(app: App, visitor: Visitor) -> None:
    source = visitor.upload("mine.csv", b"a\n1\n")
    connection = visitor.embedded()
    load = visitor.ended(visitor.ask("/loads", source=source, target={"kind": "file", "name": "mine"}))
    with app.visitor() as other:
        assert other.get("/uploads").json() == other.get("/connections").json() == other.get("/loads").json() == []
        for path in (
            f"/uploads/{source['upload']}",
            f"/connections/{connection}/tables",
            f"/loads/{load['id']}",
            f"/loads/{load['id']}/events",
            f"/loads/{load['id']}/file",
        ):
            assert other.get(path).status_code == 404
        assert other.post("/preview", json={"source": source}).status_code == 404
    assert httpx.get(f"{app.url}/api/loads", trust_env=False).status_code == 401


def test_what_ends_with_a_session(app: App) -> None:
    visitor = app.visitor()
    visitor.upload("a.csv", b"a\n1\n")
    before = len(list((app.folder / "data" / "uploads").iterdir()))
    visitor.delete("/session")
    assert len(list((app.folder / "data" / "uploads").iterdir())) == before - 1
    assert visitor.get("/uploads").status_code == 401


def web_source(url: str) -> dict[str, Any]:
    return {"kind": "web", "url": url}


def test_a_file_on_the_web_becomes_a_table(visitor: Visitor) -> None:
    data = b"id,name\n1,ann\n2,bob\nx,eve\n"
    with Web() as web:
        source = web_source(web.file("/d/people%20all.csv", data, etag='"1"', breaks=[14]))
        assert visitor.ask("/preview", source=source)["rows"][0] == ["1", "ann"]
        target = table(visitor.embedded(), "from_the_web")
        plan = {"source": source, "target": target, "types": {"id": "Int64"}, "on_reject": "quarantine"}
        load = visitor.ended(visitor.ask("/loads", **plan))
        assert load["status"] == "Completed", load
        assert (load["source"], load["receipt"]["loaded"], load["receipt"]["rejected"]) == ("people all.csv", 2, 1)
        assert visitor.ask(f"/loads/{load['id']}/verify")["holds"]
        rows = visitor.get(f"/loads/{load['id']}/quarantine").json()["rows"]
        assert [row["text"] for row in rows] == ["x,eve"]
        command = visitor.ask("/plan", **plan)["command"]
        assert "hosts" not in command and "/d/people%20all.csv" in command
        source = web_source(web.file("/signed.csv?sig=canary", data[:20], etag='"1"'))
        load = visitor.ended(visitor.ask("/loads", source=source, target=target))
        assert load["status"] == "Completed" and not load["provable"], load
        assert "canary" not in json.dumps(load["receipt"])


def test_a_sheet_of_a_workbook_becomes_a_table(visitor: Visitor) -> None:
    book = openpyxl.Workbook()
    book.active.append(["not this"])
    sheet = book.create_sheet("Orders 2")
    for row in (["id", "paid"], [1, 2.5], [2, None], [3, "=1/0"]):
        sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    source = visitor.upload("Book.XLSX", packed.getvalue())
    shown = visitor.ask("/preview", source=source)
    assert (shown["sheets"], [column["name"] for column in shown["columns"]]) == (["Sheet", "Orders 2"], ["not this"])
    dialect = {"sheet": "Orders 2"}
    columns = visitor.ask("/columns", source=source, dialect=dialect)["columns"]
    assert [column["name"] for column in columns] == ["id", "paid"]
    target = table(visitor.embedded(), "from_a_sheet")
    load = visitor.ended(visitor.ask("/loads", source=source, dialect=dialect, target=target))
    assert (load["status"], load["receipt"]["loaded"]) == ("Completed", 3), load
    answer = visitor.post("/preview", json={"source": source, "dialect": {"sheet": "Nothing"}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "FB-USE-0103")
    answer = visitor.post("/preview", json={"source": visitor.upload("bad.xlsx", b"PK no"), "dialect": {}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "FB-SRC-0105")


class Halting:
    """A file on the web that stops in its middle until it is let go, so that a load of it can be met half done."""

    ROWS = 400_000

    def __init__(self, web: Web) -> None:
        row = "%d,a text that makes a row as long as rows are,%d\n"
        self.data = (
            "id,text,half\n" + "".join(row % (n, n // 2) for n in range(1_000_000, 1_000_000 + self.ROWS))
        ).encode()
        self.halts = threading.Event()
        self.go = threading.Event()
        web.answers["/halting.csv"] = self.answer
        self.source = web_source(web.url("/halting.csv"))

    def answer(self, request: Request) -> None:
        if not self.halts.is_set():
            request.give(200, self.data)
            return
        cut = len(self.data) * 4 // 5
        request.give(200, self.data[:cut], Content_Length=str(len(self.data)))
        request.wfile.flush()
        self.go.wait(60)
        request.wfile.write(self.data[cut:])


def rows_of(visitor: Visitor, table_name: str) -> list[list[str]]:
    sql = f"SELECT count(), uniqExact(id) FROM {table_name}"
    source = {"kind": "query", "connection": visitor.embedded(), "sql": sql}
    return visitor.ask("/preview", source=source)["rows"]  # type: ignore[no-any-return]


def half_done(visitor: Visitor, load: dict[str, Any]) -> dict[str, Any]:
    """The load, once the table has some of its rows."""
    end = time.monotonic() + 60
    while not load["progress"]["rows_acknowledged"]:
        assert load["status"] not in ("Completed", "Error") and time.monotonic() < end, load["error"] or load
        time.sleep(0.05)
        load = visitor.get(f"/loads/{load['id']}").json()
    return load


@pytest.mark.parametrize("end", ["kill9", "stop"])
def test_a_load_goes_on_after_a_new_start_of_the_app(start_app: Callable[..., App], end: str) -> None:
    app = start_app(memory=16 << 20)
    with Web() as web, app.visitor() as visitor, app.visitor() as stranger:
        halting = Halting(web)
        target = table(visitor.embedded(), "going_on")
        halting.halts.set()
        half_done(visitor, visitor.ask("/loads", source=halting.source, target=target))
        getattr(app, end)()
        halting.go.set()
        app.start()
        for one in (visitor, stranger):
            assert one.get("/loads").status_code == 401
            one.post("/session", json={}).raise_for_status()
        assert stranger.get("/loads").json() == []
        (left,) = visitor.get("/loads").json()
        assert (left["status"], left["resumable"], left["error"]["code"]) == ("Error", True, "FB-WEB-0306")
        found = int(rows_of(visitor, "going_on")[0][0])
        assert 0 < found < halting.ROWS
        again = visitor.ended(visitor.ask(f"/loads/{left['id']}/resume"))
        assert (again["status"], again["resumes"]) == ("Completed", left["id"]), again
        assert (again["receipt"]["read"], again["receipt"]["balanced"]) == (halting.ROWS, True)
        assert rows_of(visitor, "going_on") == [[str(halting.ROWS)] * 2]
        assert visitor.post(f"/loads/{left['id']}/resume").status_code == 409


def test_a_load_that_ended_by_an_error_goes_on(visitor: Visitor) -> None:
    with Web() as web:
        halting = Halting(web)
        target = table(visitor.embedded(), "ended_early")
        halting.halts.set()
        load = half_done(visitor, visitor.ask("/loads", source=halting.source, target=target))
        visitor.ask(f"/loads/{load['id']}/cancel")
        load = visitor.ended(load)  # before the rest of the file comes, so that it cannot be complete
        halting.go.set()
        assert (load["status"], load["resumable"]) == ("Error", True), load
        load = visitor.ended(visitor.ask(f"/loads/{load['id']}/resume"))
        assert load["status"] == "Completed", load
        assert rows_of(visitor, "ended_early") == [[str(halting.ROWS)] * 2]
    assert visitor.post(f"/loads/{load['id']}/resume").json()["error"]["code"] == "FB-WEB-0308"


def test_a_load_into_a_server_goes_on_when_there_is_a_connection(
    start_app: Callable[..., App], clickhouse: ClickHouse
) -> None:
    app = start_app(memory=16 << 20, embedded="false")
    with Web() as web, app.visitor() as visitor:
        halting = Halting(web)
        connection = visitor.ask("/connections", **server_request(clickhouse))["id"]
        halting.halts.set()
        plan = {"source": halting.source, "target": table(connection, "server_going_on")}
        load = half_done(visitor, visitor.ask("/loads", **plan))
        assert LOADER[1] not in "".join(
            path.read_text("latin-1") for path in app.folder.rglob("load*") if path.is_file()
        )
        app.kill9()
        halting.go.set()
        app.start()
        visitor.post("/session", json={}).raise_for_status()
        answer = visitor.post(f"/loads/{visitor.get('/loads').json()[0]['id']}/resume")
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "FB-WEB-0307")
        visitor.ask("/connections", **server_request(clickhouse))
        load = visitor.ended(visitor.ask(f"/loads/{visitor.get('/loads').json()[0]['id']}/resume"))
        assert load["status"] == "Completed", load
    assert clickhouse.query("SELECT count(), uniqExact(id) FROM server_going_on").split() == [str(halting.ROWS)] * 2


def test_a_cancel_that_comes_too_late_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, made = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text("id\n1\n2\n")
    plan = models.Plan.model_validate({"source": PEOPLE, "target": {"kind": "file", "name": "out"}})
    load = Load(plan, Endpoint(str(path), {}, "in", path), Endpoint(str(made), {}, "out", made), None, None, 64 << 20)
    show = Load._show

    def cancel_when_done(self: Load, progress: flatbed.Progress) -> None:
        if made.exists():
            self.cancel()
        show(self, progress)

    monkeypatch.setattr(Load, "_show", cancel_when_done)
    load.run()
    shown = load.shown()
    assert (shown.status, shown.cancelled, shown.error) == ("Completed", True, None)
    assert shown.receipt is not None and shown.receipt.loaded == 2
    assert any("complete already" in line.text for line in shown.log)


def test_line_ends_of_a_row_are_told(visitor: Visitor) -> None:
    source = visitor.upload("ends.csv", b'id,note\r\n1,fine\r\nx,"two\r\nlines"\r\n')
    target = table(visitor.embedded(), "line_ends")
    plan = {"source": source, "target": target, "types": {"id": "Int64"}, "on_reject": "quarantine"}
    load = visitor.ended(visitor.ask("/loads", **plan))
    (row,) = visitor.get(f"/loads/{load['id']}/quarantine").json()["rows"]
    assert (row["text"], row["newline"]) == ('x,"two\r\nlines"', "\r\n")


def test_the_plan_compares_with_a_table_that_is_there(visitor: Visitor) -> None:
    target = table(visitor.embedded(), "compared")
    source = visitor.upload("a.csv", b"id,name\n1,ann\n")
    assert visitor.ask("/plan", source=source, target=target)["columns"] == []
    visitor.ended(visitor.ask("/loads", source=source, target=target, types={"id": "Int64"}))
    other = visitor.upload("b.csv", b"id,note\n1,x\n")
    proposal = visitor.ask("/plan", source=other, target={**target, "create": False})
    assert [(column["name"], column["fit"]) for column in proposal["columns"]] == [
        ("id", "converted"),
        ("note", "refused"),
        ("name", "filled"),
    ]
    assert proposal["problem"]["code"] == "FB-CH-0103" and proposal["ddl"] is None
    assert visitor.ask("/plan", source=other, target={**target, "create": False}, columns=["id"])["problem"] is None
