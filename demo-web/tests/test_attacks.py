"""What a stranger tries, and what the app refuses to start with."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from web import Web

from conftest import DEMO, App, Visitor

ATTACKS = ["../../etc/passwd", "/etc/passwd", "..\\..\\x.csv", "a/../../b.csv", "%2e%2e%2fpasswd", "CON", "-", "chdb:x"]


@pytest.mark.parametrize("name", ATTACKS)
def test_a_name_is_never_a_path(app: App, visitor: Visitor, name: str) -> None:
    before = {path for path in app.folder.rglob("*") if "engine" not in path.parts}
    source = visitor.upload(name, b"a\n1\n")
    made = {path for path in app.folder.rglob("*") if "engine" not in path.parts} - before
    assert {path.parent for path in made} == {app.folder / "data" / "uploads"}
    assert visitor.ask("/preview", source=source)["rows"] == [["1"]]
    assert visitor.post("/preview", json={"source": {"kind": "sample", "name": name}}).status_code == 404


def test_sizes(visitor: Visitor) -> None:
    assert visitor.post("/uploads", json={"name": "a.csv", "size": 10 << 30}).status_code == 413
    id = visitor.ask("/uploads", name="a.csv", size=3)["id"]
    more = visitor.patch(f"/uploads/{id}", content=b"a\n1\n2\n", headers={"Upload-Offset": "0"})
    assert more.status_code == 413
    assert visitor.get(f"/uploads/{id}").json()["offset"] == 0
    assert visitor.post("/sniff", content=b" " * (2 << 20)).status_code == 413


def test_a_bomb_is_no_danger(start_app: Callable[..., App]) -> None:
    app = start_app(unpack_limit=50 << 20, embedded="false")
    with app.visitor() as visitor:
        source = visitor.upload("bomb.csv.gz", gzip.compress(b"a\n" + b"1\n" * (40 << 20)))
        load = visitor.ended(visitor.ask("/loads", source=source, target={"kind": "file", "name": "x"}))
        assert load["error"]["code"] == "FB-SRC-0107"
    assert app.memory() < 300 << 20


def test_bytes_that_are_no_table(visitor: Visitor) -> None:
    for data in (os.urandom(5000), b"\x7fELF" + bytes(500), b"", b"\x89PNG\r\n\x1a\n" + os.urandom(300)):
        source = visitor.upload("picture.csv", data)
        for path in ("/sniff", "/columns", "/preview"):
            assert visitor.post(path, json={"source": source}).status_code in (200, 400)


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "example.org", "0.0.0.0", "[fe80::1]", "metadata", "127.0.0.2", "::ffff:169.254.169.254"],
)
def test_hosts_that_are_not_on_the_list(visitor: Visitor, host: str) -> None:
    answer = visitor.post("/connections", json={"kind": "server", "host": host})
    assert answer.status_code in (403, 422), answer.text


def test_a_listed_name_may_not_lead_to_a_link_local_address(start_app: Callable[..., App]) -> None:
    app = start_app(servers="169.254.169.254,[fe80::1]", embedded="false")
    with app.visitor() as visitor:
        for host in ("169.254.169.254", "fe80::1"):
            answer = visitor.post("/connections", json={"kind": "server", "host": host, "port": 80})
            assert answer.json()["error"]["code"] == "FB-WEB-0106"


def test_other_sites_and_other_names(app: App, visitor: Visitor) -> None:
    for headers, status in (
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 400),
        ({"Origin": app.url}, 200),
    ):
        assert visitor.post("/session", json={}, headers=headers).status_code == status
    answer = visitor.get("/about")
    assert "access-control-allow-origin" not in answer.headers
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_key_and_the_rate(start_app: Callable[..., App]) -> None:
    app = start_app(access_key="0123456789abcdef", embedded="false", requests_a_second=20)
    with httpx.Client(base_url=f"{app.url}/api", trust_env=False) as client:
        assert client.get("/about").json()["needs_key"]
        assert client.post("/session", json={"key": "wrong"}).status_code == 403
        assert client.get("/loads").status_code == 401
        assert client.post("/session", json={"key": "0123456789abcdef"}).status_code == 200
        assert client.get("/loads").json() == []
        assert 429 in {client.get("/about").status_code for _ in range(200)}


def test_a_site_that_the_operator_trusts(start_app: Callable[..., App]) -> None:
    app = start_app(origins="https://shop.example", embedded="false")
    headers = {"Origin": "https://shop.example"}
    answer = httpx.post(f"{app.url}/api/session", json={}, headers=headers, trust_env=False)
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"HOST": "0.0.0.0"}, "set access_key"),
        ({"HOST": "0.0.0.0", "ACCESS_KEY": "short"}, "shorter than 16"),
        ({"HOST": "0.0.0.0", "ACCESS_KEY": "0123456789abcdef", "EMBEDDED": "true"}, "embedded"),
        ({"ORIGINS": "*"}, "name each one"),
        ({"HOSTS": "*"}, "name each one"),
        ({"SERVERS": "*.example"}, "name each one"),
        ({"ORIGINS": "http://shop.example"}, "only https"),
        ({"PORT": "99999"}, "FLATBED_WEB_PORT"),
    ],
)
def test_unsafe_settings_are_refused(settings: dict[str, str], told: str, tmp_path: Path) -> None:
    environment = {f"FLATBED_WEB_{name}": value for name, value in {"DATA": str(tmp_path), **settings}.items()}
    run = subprocess.run(
        [sys.executable, "-m", "flatbed_web"],
        env={**os.environ, **environment, "PYTHONPATH": str(DEMO / "server")},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert run.returncode == 1
    assert told in run.stderr


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://169.254.169.254/latest/meta-data", "FB-WEB-0105"),
        ("http://example.com/t.csv", "FB-WEB-0105"),
        ("http://127.0.0.1.example.com/t.csv", "FB-WEB-0105"),
        ("http://[::1]:1/t.csv", "FB-WEB-0105"),
        ("http://2130706433/t.csv", "FB-WEB-0105"),
        ("http://127.0.0.1:99999/t.csv", "FB-WEB-0206"),
        ("http://example.com@127.0.0.1/t.csv", "FB-WEB-0207"),
        ("http://127.0.0.1\\@example.com/t.csv", "FB-WEB-0207"),
        ("http://127.0.0.1:1#@example.com/t.csv", "FB-NET-0101"),
        ("file:///etc/passwd", "FB-WEB-0422"),
        ("gopher://127.0.0.1/", "FB-WEB-0422"),
    ],
)
def test_addresses_that_lead_elsewhere(visitor: Visitor, url: str, code: str) -> None:
    answer = visitor.post("/preview", json={"source": {"kind": "web", "url": url}})
    assert (answer.is_success, answer.json()["error"]["code"]) == (False, code), answer.text


def test_a_redirect_leads_to_no_host_that_is_not_on_the_list(start_app: Callable[..., App]) -> None:
    with Web() as allowed, Web() as other:
        other.file("/t.csv", b"secret\n1\n")
        for to in (other.url("/t.csv"), "http://169.254.169.254/", f"http://[::1]:{other.port}/t.csv"):
            allowed.answers["/away"] = lambda request, to=to: request.give(302, b"", Location=to)
            with start_app(servers=f"127.0.0.1:{allowed.port}").visitor() as visitor:
                answer = visitor.post("/preview", json={"source": {"kind": "web", "url": allowed.url("/away")}})
            assert answer.json()["error"]["code"] == "FB-USE-0101", answer.text
        assert other.seen == []


def test_a_workbook_that_is_a_bomb_is_no_danger(visitor: Visitor) -> None:
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/sharedStrings.xml", "w") as one,
    ):
        for _ in range(300):
            one.write(b" " * (1 << 20))
    answer = visitor.post("/preview", json={"source": visitor.upload("bomb.xlsx", packed.getvalue())})
    assert answer.json()["error"]["code"] == "FB-SRC-0107", answer.text
