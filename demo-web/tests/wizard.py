"""A person in front of the pages: a real browser, and the steps of the wizard in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LONG = 120_000


class Person:
    """One tab. What the browser's console complains of, and what it asks other hosts for, is kept."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.set_default_timeout(LONG)
        expect.set_options(timeout=LONG)
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "request", lambda asked: asked.url.startswith((url, "data:", "blob:")) or self.complaints.append(asked.url)
        )

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    def go(self, path: str = "/") -> None:
        self.page.goto(self.url + path)

    def heading(self, name: str) -> None:
        expect(self.page.get_by_role("heading", level=1, name=name)).to_be_visible(timeout=LONG)

    def upload(self, path: Path) -> None:
        self.page.locator("input[type=file]").set_input_files(path)
        expect(self.page.get_by_role("status").filter(has_text=path.name)).to_be_visible(timeout=LONG)

    def pick_sample(self, name: str) -> None:
        self.page.locator(".MuiChip-root", has_text=name).click()

    def side(self, name: str) -> Any:
        return self.page.get_by_role("region", name=name, exact=True)

    def connect_embedded(self, side: str) -> None:
        """Waits until that side is connected to the embedded engine, which is where a visitor starts."""
        expect(self.side(side).get_by_text("Connected to Embedded ClickHouse")).to_be_visible(timeout=LONG)

    def new_connection(self, side: str) -> Any:
        """The form of a server; returns the panel it stands in."""
        panel = self.side(side)
        panel.get_by_role("combobox", name="Connection").click()
        self.page.get_by_role("option", name="New connection").click()
        return panel

    def connect_server(self, side: str, port: int) -> None:
        self.connect_embedded(side)
        panel = self.new_connection(side)
        panel.get_by_label("Host").fill("127.0.0.1")
        panel.get_by_label("Port").fill(str(port))
        self.button("Connect").click()
        expect(panel.get_by_text("Connected to 127.0.0.1")).to_be_visible()

    def export(self, name: str) -> None:
        """From the embedded engine to a file, as far as Shape."""
        self.go("/choose")
        self.side("From").get_by_role("button", name="ClickHouse", exact=True).click()
        self.connect_embedded("From")
        self.page.get_by_role("textbox", name="Name of the download").fill(name)
        self.button("Continue").click()

    def query(self, sql: str) -> None:
        self.button("A query").click()
        self.page.get_by_role("textbox", name="SQL").fill(sql)
        self.load_columns()

    def pick(self, name: str, option: str) -> None:
        """Chooses in a combobox that searches."""
        self.page.get_by_role("combobox", name=name, exact=True).fill(option)
        self.page.get_by_role("option", name=option).click()

    def retype(self, column: str, type_: str) -> None:
        field = self.page.get_by_role("combobox", name=f"Type: {column}")
        field.fill(type_)
        field.press("Enter")

    def load_columns(self, timeout: float = LONG) -> None:
        self.button("Load Columns").click()
        expect(self.page.get_by_role("heading", name="Columns", exact=True)).to_be_visible(timeout=timeout)
        expect(self.button("Load Columns")).to_be_enabled(timeout=timeout)

    def start(self, button: str = "Start Ingestion", status: str | re.Pattern[str] = "Completed") -> None:
        self.heading("Plan")
        self.button(button).click()
        self.ended(status)

    def ended(self, status: str | re.Pattern[str] = "Completed", timeout: float = LONG) -> None:
        """The page of a load, once it has this status."""
        expect(self.page).to_have_url(re.compile("/runs/"))
        expect(self.page.locator(".MuiChip-label", has_text=status)).to_be_visible(timeout=timeout)

    def downloaded(self, button: str) -> str:
        """Starts, and returns the text of the file that comes out."""
        self.start(button)
        with self.page.expect_download() as download:
            self.page.get_by_role("link", name="Download the file").click()
        return download.value.path().read_text()

    def figure(self, name: str) -> str:
        """A number of the receipt, without its separators."""
        term = self.page.locator("dt", has_text=name).first
        return str(term.locator("xpath=following-sibling::dd").inner_text()).replace("\u202f", "")

    def file_to_table(self, sample: str, table: str, **types: str) -> None:
        """A sample to a table of the embedded engine, as far as Plan. `types` are columns to retype."""
        self.go("/choose")
        self.heading("Choose")
        self.pick_sample(sample)
        self.connect_embedded("To")
        self.page.get_by_role("combobox", name="Table", exact=True).fill(table)
        self.button("Continue").click()
        self.load_columns()
        for column, type_ in types.items():
            self.retype(column, type_)
        self.pass_check()

    def pass_check(self) -> None:
        """From Shape to Plan."""
        self.button("Continue").click()
        self.heading("Check")
        expect(self.page.locator(".MuiChip-label", has_text="Completed")).to_be_visible(timeout=LONG)
        self.button("Continue").click()
        self.heading("Plan")


@contextmanager
def person(browser: Browser, url: str, **context: Any) -> Iterator[Person]:
    """A new visitor; nothing may be complained of by the end."""
    held = browser.new_context(reduced_motion="reduce", accept_downloads=True, **context)
    try:
        someone = Person(held.new_page(), url)
        yield someone
        assert someone.complaints == []
    finally:
        held.close()
