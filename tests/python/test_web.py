"""Files on the web: read from a real server, which breaks where a case asks for it."""

from __future__ import annotations

import gzip
import io
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import flatbed as fb
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "real"))
from web import Request, Web

LONG_AGO = 1_700_000_000
TABLE = b"id,name\n1,ann\n2,bob\n3,O'Brien\n"


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        yield server


def big(rows: int = 450_000) -> bytes:
    """Wider than any first look: only its last row tells that a column is no number."""
    lines = [b"%d,%d,value %d" % (n, n * 7, n) for n in range(rows)]
    lines[-1] = lines[-1].replace(b",%d," % ((rows - 1) * 7), b",late,")
    return b"id,seven,text\n" + b"\n".join(lines) + b"\n"


def copied(source: str, folder: Path, **options: object) -> bytes:
    """The file that a copy of a source makes."""
    target = folder / "out.csv"
    fb.copy(source, target, target_options={"overwrite": True}, source_options=options or None)
    return target.read_bytes()


def as_read(data: bytes, folder: Path) -> bytes:
    """The same out of a file on the disk."""
    path = folder / "in.csv"
    path.write_bytes(data)
    return copied(str(path), folder)


def failure(source: str, **options: object) -> fb.Error:
    with pytest.raises(fb.Error) as raised, fb.read_csv(source, options=options or None) as reader:
        list(reader)
    return raised.value


def test_a_file_on_the_web_is_read_as_one_on_the_disk(web: Web, tmp_path: Path) -> None:
    url = web.file("/d/people.csv", TABLE, etag='"1"')
    assert copied(url, tmp_path) == as_read(TABLE, tmp_path)
    assert fb.sniff(url).delimiter == ","
    assert fb.schema(url).ddl("t", ["id"]) == fb.schema(TABLE).ddl("t", ["id"])
    assert len(fb.preview(url, rows=2)) == 2


def test_types_come_from_every_row_of_a_file_that_has_a_version(web: Web, tmp_path: Path) -> None:
    data = big()
    for path, version in (("/e.csv", {"etag": '"e"'}), ("/m.csv", {"modified": LONG_AGO})):
        url = web.file(path, data, **version)  # type: ignore[arg-type]
        assert copied(url, tmp_path) == as_read(data, tmp_path)
        assert len(web.asked(path)) >= 2


def test_without_a_version_it_is_read_once_as_from_a_pipe(web: Web, tmp_path: Path) -> None:
    data = big(1_000_000)
    url = web.file("/x.csv", data)
    with pytest.raises(fb.Error) as raised:
        copied(url, tmp_path)
    assert raised.value.code == "FB-TYPE-0102"
    assert raised.value.line == 1_000_001
    assert len(web.asked("/x.csv")) == 1


@pytest.mark.parametrize("version", [{"etag": '"v1"'}, {"modified": LONG_AGO}])
@pytest.mark.parametrize("ranges", [True, False])
def test_a_break_is_mended(web: Web, tmp_path: Path, version: dict[str, object], ranges: bool) -> None:
    data = big()
    url = web.file("/b.csv", data, ranges=ranges, breaks=[700_001, 1_300_007, 10, 0], **version)  # type: ignore[arg-type]
    assert copied(url, tmp_path) == as_read(data, tmp_path)
    again = [headers for headers in web.asked("/b.csv") if "Range" in headers]
    assert again and all(headers["If-Range"] for headers in again)


def test_a_break_without_a_version_is_an_error_and_leaves_no_file(web: Web, tmp_path: Path) -> None:
    data = big()
    url = web.file("/b.csv", data, breaks=[len(data) - 5])
    with pytest.raises(fb.Error) as raised:
        copied(url, tmp_path)
    error = raised.value
    assert error.code == "FB-NET-0104"
    assert f"after {len(data) - 5} of {len(data)} bytes of the file" in error.message
    assert error.byte == len(data) - 5
    assert "ETag" in error.hint
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_gone_for_good_is_given_up(web: Web) -> None:
    url = web.file("/b.csv", TABLE, etag='"1"', breaks=[4, 0, 0, 0, 0])
    error = failure(url, retries=2)
    assert error.code == "FB-NET-0104"
    assert len(web.asked("/b.csv")) == 3
    assert "when the server can be reached" in error.hint


def test_a_server_that_is_busy_for_a_while_goes_on(web: Web, tmp_path: Path) -> None:
    url = web.file("/b.csv", TABLE, etag='"1"', breaks=[9])
    whole = web.answers["/b.csv"]
    busy = [429, 503]

    def answer(request: Request) -> None:
        if "Range" in request.headers and busy:
            request.give(busy.pop(), b"")
        else:
            whole(request)

    web.answers["/b.csv"] = answer
    assert copied(url, tmp_path) == as_read(TABLE, tmp_path)
    assert busy == []


@pytest.mark.parametrize("honest", [True, False])
def test_another_version_is_not_joined_to_the_first(web: Web, tmp_path: Path, honest: bool) -> None:
    url = web.file("/c.csv", TABLE, etag='"1"', breaks=[12])
    first = web.answers["/c.csv"]

    def answer(request: Request) -> None:
        if "Range" not in request.headers:
            first(request)
        elif honest:  # a server that knows If-Range sends all of the new file
            request.give(200, TABLE.replace(b"bob", b"bea"), ETag='"2"')
        else:
            request.give(206, TABLE[12:], ETag='"2"', Content_Range=f"bytes 12-{len(TABLE) - 1}/{len(TABLE)}")

    web.answers["/c.csv"] = answer
    with pytest.raises(fb.Error) as raised:
        copied(url, tmp_path)
    assert raised.value.code == "FB-SRC-0106"
    assert 'from ETag "1" to "2"' in raised.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_change_between_two_passes_is_noticed(web: Web, tmp_path: Path) -> None:
    data = big()
    url = web.url("/p.csv")

    def answer(request: Request) -> None:
        version = len(web.asked("/p.csv"))
        request.give(200, data, ETag=f'"{version}"')

    web.answers["/p.csv"] = answer
    with pytest.raises(fb.Error) as raised:
        copied(url, tmp_path)
    assert raised.value.code == "FB-SRC-0106"


def test_a_file_just_written_is_known_by_its_date_when_its_second_is_over(web: Web, tmp_path: Path) -> None:
    url = web.file("/n.csv", TABLE, modified=time.time())
    assert copied(url, tmp_path) == as_read(TABLE, tmp_path)
    assert len(web.asked("/n.csv")) >= 2


def test_packed_files_are_unpacked(web: Web, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("t.csv", TABLE)
    bodies = {"/t.csv.gz": gzip.compress(TABLE), "/t.zip": packed.getvalue(), "/named.csv": gzip.compress(TABLE)}
    for path, body in bodies.items():
        assert copied(web.file(path, body, etag='"1"'), tmp_path) == as_read(TABLE, tmp_path), path
    web.answers["/encoded.csv"] = lambda request: request.give(200, gzip.compress(TABLE), Content_Encoding="gzip")
    assert copied(web.url("/encoded.csv"), tmp_path) == as_read(TABLE, tmp_path)
    web.answers["/br.csv"] = lambda request: request.give(200, b"\x0b\x02\x80", Content_Encoding="br")
    assert failure(web.url("/br.csv")).message == "the server packs the file as br, which is not read"


def test_other_formats_by_name(web: Web, tmp_path: Path) -> None:
    url = web.file("/t.ndjson?x=1", b'{"a": 1}\n{"a": 2}\n', etag='"1"')
    assert copied(url, tmp_path) == b"a\n1\n2\n"
    url = web.file("/t.txt", b"ab  12\ncd  34\n", etag='"1"')
    assert copied(url, tmp_path, format="fixed", widths="4,2", header=False).splitlines()[1:] == [b"ab,12", b"cd,34"]
    error = failure(web.file("/t.parquet", b"PAR1", etag='"1"'))
    assert error.code == "FB-USE-0101" and "download" in error.hint


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (404, "FB-SRC-0101", "the server has no such file (status 404)"),
        (401, "FB-NET-0102", "the server asks who you are (status 401)"),
        (403, "FB-NET-0102", "the server does not let you read the file (status 403)"),
        (429, "FB-NET-0103", "the server has had too many requests (status 429)"),
        (500, "FB-SRC-0104", "the server failed (status 500)"),
        (418, "FB-SRC-0104", "the server does not give the file (status 418)"),
    ],
)
def test_a_refusal_is_told_for_people(web: Web, status: int, code: str, says: str) -> None:
    web.answers["/r.csv"] = lambda request: request.give(status, b"<html>no</html>")
    error = failure(web.url("/r.csv"))
    assert (error.code, error.message, error.uri) == (code, says, web.url("/r.csv"))
    assert error.hint and error.native_code == status


def test_a_web_page_is_not_taken_for_a_table(web: Web) -> None:
    web.answers["/p.csv"] = lambda request: request.give(
        200, b"\n<!DOCTYPE html><p>Sign in", Content_Type="text/html; charset=utf-8"
    )
    assert failure(web.url("/p.csv")).message == "the address leads to a web page, not to a file of data"
    web.answers["/t.csv"] = lambda request: request.give(200, TABLE, Content_Type="text/html")
    assert len(fb.preview(web.url("/t.csv"), rows=1)) == 1


def test_redirects_are_followed_so_far(web: Web, tmp_path: Path) -> None:
    web.file("/there/t.csv", TABLE, etag='"1"')
    web.answers["/here"] = lambda request: request.give(302, b"", Location="there/t.csv")
    assert copied(web.url("/here"), tmp_path) == as_read(TABLE, tmp_path)
    assert "/here" in failure(web.url("/here"), redirects=0).uri
    web.answers["/round"] = lambda request: request.give(301, b"", Location="/round")
    error = failure(web.url("/round"))
    assert error.message == "the address is redirected more than 5 times"
    assert len(web.asked("/round")) == 6
    for bad in ("file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/x", "http://"):
        web.answers["/away"] = lambda request, to=bad: request.give(302, b"", Location=to)  # type: ignore[misc]
        assert "no http:// or https:// address" in failure(web.url("/away")).message, bad


def test_only_named_hosts_are_asked_also_after_a_redirect(web: Web) -> None:
    with Web() as other:
        other.file("/t.csv", TABLE, etag='"1"')
        web.answers["/away"] = lambda request: request.give(302, b"", Location=other.url("/t.csv"))
        allowed = f"127.0.0.1:{web.port}"
        error = failure(web.url("/away"), hosts=allowed)
        assert error.code == "FB-USE-0101"
        assert f"127.0.0.1:{other.port}, which is not among the hosts" in error.message
        assert other.seen == []
        assert failure(web.url("/away").replace("127.0.0.1", "localhost"), hosts=allowed).code == "FB-USE-0101"
        with fb.read_csv(web.url("/away"), options={"hosts": "LOCALHOST,127.0.0.1"}) as reader:
            assert sum(map(len, reader)) == 3


def test_secrets_go_to_the_host_of_the_address_alone_and_are_never_shown(web: Web, tmp_path: Path) -> None:
    with Web() as other:
        other.file("/t.csv", TABLE, etag='"1"')
        web.answers["/away?sig=canary1&x=1"] = lambda request: request.give(302, b"", Location=other.url("/t.csv"))
        url = web.url("/away?sig=canary1&x=1").replace("http://", "http://ann:canary2@")
        target = tmp_path / "out.csv"
        receipt = fb.copy(url, target)
        assert web.seen[0][1]["Authorization"] == "Basic YW5uOmNhbmFyeTI="
        assert all("Authorization" not in headers for _, headers in other.seen)
        assert "canary" not in receipt.to_json()
        assert receipt.source == web.url("/away?sig=***&x=1").replace("http://", "http://ann:***@")
        fb.copy(other.url("/t.csv"), target, target_options={"overwrite": True}, source_options={"token": "t0"})
        assert other.seen[-1][1]["Authorization"] == "Bearer t0"
    error = failure(web.url("/gone?Signature=canary3").replace("http://", "http://ann:canary4@"))
    assert error.code == "FB-SRC-0101" and "canary" not in str(error) + repr(vars(error))
    error = failure("http://192.0.2.1/x.csv", user="ann", password="canary5")
    assert error.code == "FB-NET-0106" and "canary" not in str(error)


def test_a_file_of_unknown_length_is_read_only_where_that_is_said(web: Web, tmp_path: Path) -> None:
    def endless(request: Request) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(TABLE)
        request.close_connection = True

    web.answers["/u.csv"] = endless
    assert "does not say how long the file is" in failure(web.url("/u.csv")).message
    assert copied(web.url("/u.csv"), tmp_path, unknown_length=True) == as_read(TABLE, tmp_path)

    def chunked(request: Request, whole: bool) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(b"%x\r\n%b\r\n" % (len(TABLE), TABLE) + (b"0\r\n\r\n" if whole else b"40\r\n1,"))
        if not whole:
            request.hang_up()

    web.answers["/k.csv"] = lambda request: chunked(request, True)
    assert copied(web.url("/k.csv"), tmp_path) == as_read(TABLE, tmp_path)
    web.answers["/k.csv"] = lambda request: chunked(request, False)
    assert failure(web.url("/k.csv")).code == "FB-NET-0104"


def test_a_server_that_falls_silent_is_not_waited_for(web: Web) -> None:
    def silent(request: Request) -> None:
        request.give(200, TABLE[:9], Content_Length=str(len(TABLE)))
        threading.Event().wait(3)

    web.answers["/s.csv"] = silent
    assert failure(web.url("/s.csv"), timeout=1).code == "FB-NET-0103"


def test_memory_stays_bounded(web: Web) -> None:
    row = b"1234567,some text that is as long as such texts are,2026-01-02\n"
    rows, piece = 6_000_000, row * 10_000

    def answer(request: Request) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(b"a,b,c\n") + rows * len(row)))
        request.send_header("ETag", '"1"')
        request.end_headers()
        request.wfile.write(b"a,b,c\n")
        for _ in range(rows // 10_000):
            request.wfile.write(piece)

    web.answers["/m.csv"] = answer
    script = (
        "import flatbed, pathlib, sys\n"
        "with flatbed.read_csv(sys.argv[1], memory=32 << 20) as reader:\n"
        "    rows = sum(map(len, reader))\n"
        "print(rows, pathlib.Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
    )
    said = subprocess.run([sys.executable, "-c", script, web.url("/m.csv")], capture_output=True, text=True, check=True)
    found, kilobytes = map(int, said.stdout.split())
    assert found == rows
    assert kilobytes < 160_000, f"{kilobytes} KB for {rows * len(row) >> 20} MB"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


def test_certificates_are_checked(web: Web, authority: Path, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "cert.pem", authority / "key.pem")
    web.socket = context.wrap_socket(web.socket, server_side=True)
    web.file("/t.csv", TABLE, etag='"1"')
    web.answers["/down"] = lambda request: request.give(302, b"", Location=web.url("/t.csv"))
    url = f"https://localhost:{web.port}"
    assert failure(f"{url}/t.csv").code == "FB-NET-0105"
    trusted = str(authority / "cert.pem")
    assert copied(f"{url}/t.csv", tmp_path, ca_file=trusted) == as_read(TABLE, tmp_path)
    assert failure(f"{url}/t.csv".replace("localhost", "127.0.0.1"), ca_file=trusted).code == "FB-NET-0105"
    error = failure(f"{url}/down", ca_file=trusted)
    assert error.code == "FB-NET-0106" and "from https:// to http://" in error.message


def test_the_command_reads_it_and_sends_it_no_password_of_another(web: Web, tmp_path: Path) -> None:
    url = web.file("/t.csv", TABLE, etag='"1"')
    secret = tmp_path / "password"
    secret.write_text("canary")
    target = tmp_path / "out.csv"
    run = ["flatbed", "copy", url, str(target), "--progress", "none", "--password-file", str(secret)]
    subprocess.run(run, check=True, capture_output=True, env={**os.environ, "FLATBED_HTTP_PASSWORD": "canary"})
    assert target.read_bytes().count(b"\n") == 4
    assert all("Authorization" not in headers for _, headers in web.seen)
    said = subprocess.run(["flatbed", "connectors", "http"], check=True, capture_output=True, text=True).stdout
    assert "redirects" in said and "overwrite" not in said
    run = ["flatbed", "copy", str(target), url, "--progress", "none"]
    assert "cannot be written" in subprocess.run(run, capture_output=True, text=True).stderr


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    error = failure(f"http://127.0.0.1:{port}/t.csv")
    assert (error.code, error.message) == ("FB-NET-0101", f"no connection to 127.0.0.1:{port}: connection refused")
