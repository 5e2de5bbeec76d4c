"""The app as a visitor meets it: a process of its own, a real ClickHouse beside it, an embedded one inside."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from wizard import FLAGS, Person, person

DEMO = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(DEMO.parent / "tests" / "real"), str(DEMO / "server")]

from clickhouse import ClickHouse  # noqa: E402

START_SECONDS = 60
CHROMIUM = "/usr/bin/chromium"


class App:
    """A running app. `app.visitor()` is a visitor's session."""

    def __init__(self, folder: Path, **settings: object) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        given = {"data": folder / "data", "port": self.port, "embedded": "true", **settings}
        self.environment = {name: value for name, value in os.environ.items() if "FLATBED" not in name}
        self.environment |= {f"FLATBED_WEB_{name.upper()}": str(value) for name, value in given.items()}
        self.environment["PYTHONPATH"] = str(DEMO / "server")
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-m", "flatbed_web"], env=self.environment)
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                httpx.get(f"{self.url}/api/about", trust_env=False)
                return
            except httpx.HTTPError:
                assert self.process.poll() is None and time.monotonic() < end, "the app did not start"
                time.sleep(0.05)

    def visitor(self) -> Visitor:
        return Visitor(self.url)

    def memory(self) -> int:
        """Most bytes of memory so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)

    def kill9(self) -> None:
        self.process.kill()
        self.process.wait(30)


class Visitor(httpx.Client):
    """A session, with what a page would do in a few words."""

    def __init__(self, url: str) -> None:
        answer = httpx.post(f"{url}/api/session", json={}, trust_env=False).raise_for_status()
        super().__init__(base_url=f"{url}/api", cookies=answer.cookies, trust_env=False, timeout=60)

    def ask(self, path: str, **body: Any) -> Any:
        answer = self.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def upload(self, name: str, data: bytes) -> dict[str, Any]:
        """Uploads a file and returns it as a source."""
        id = self.ask("/uploads", name=name, size=len(data))["id"]
        answer = self.patch(f"/uploads/{id}", content=data, headers={"Upload-Offset": "0"})
        assert answer.json()["complete"], answer.text
        return {"kind": "upload", "upload": id}

    def embedded(self) -> str:
        return str(self.ask("/connections", kind="embedded")["id"])

    def ended(self, load: dict[str, Any], seconds: float = 60) -> dict[str, Any]:
        """The load, once it has ended."""
        end = time.monotonic() + seconds
        while load["status"] not in ("Completed", "Error"):
            assert time.monotonic() < end, load
            time.sleep(0.05)
            load = self.get(f"/loads/{load['id']}").json()
        return load


@pytest.fixture(scope="session")
def start_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., App]]:
    started: list[App] = []

    def start(**settings: object) -> App:
        started.append(App(tmp_path_factory.mktemp("app"), **settings))
        return started[-1]

    yield start
    for app in started:
        app.stop()


@pytest.fixture(scope="session")
def clickhouse() -> Iterator[ClickHouse]:
    server = ClickHouse()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def app(start_app: Callable[..., App], tmp_path_factory: pytest.TempPathFactory) -> App:
    samples = tmp_path_factory.mktemp("samples")
    (samples / "people.csv").write_text("id,name,born\n1,ann,2001-02-03\n2,bob,\n3,O'Brien,2003-04-05\n")
    (samples / "orders.csv").write_bytes((DEMO / "samples" / "orders.csv").read_bytes())
    return start_app(samples=samples, connections_a_minute=1000, requests_a_second=10000)


@pytest.fixture
def visitor(app: App) -> Iterator[Visitor]:
    with app.visitor() as visitor:
        yield visitor
        visitor.delete("/session")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM if Path(CHROMIUM).exists() else None, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def someone(browser: Browser, app: App) -> Iterator[Person]:
    with person(browser, app.url, viewport={"width": 1280, "height": 900}) as somebody:
        yield somebody
