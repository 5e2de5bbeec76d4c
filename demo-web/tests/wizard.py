"""A person in front of the pages: a real browser, and the steps of the wizard in words."""

from __future__ import annotations

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
LONG = 30_000


class Person:
    """One tab. What the browser's console complains of, and what it asks other hosts for, is kept."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.set_default_timeout(15_000)
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
        """Connects that side to the embedded engine, or finds it connected."""
        panel = self.side(side)
        fresh = panel.get_by_role("button", name="Embedded ClickHouse")
        known = panel.get_by_role("combobox", name="Connection", exact=True)
        expect(fresh.or_(known).first).to_be_visible()
        if fresh.is_visible():
            fresh.click()
        elif "Connected to" not in panel.inner_text():
            known.click()
            self.page.get_by_role("option", name="Embedded ClickHouse").click()
        expect(panel.get_by_text("Connected to Embedded ClickHouse")).to_be_visible(timeout=LONG)

    def load_columns(self) -> None:
        self.button("Load Columns").click()
        expect(self.page.get_by_role("heading", name="Columns", exact=True)).to_be_visible(timeout=LONG)

    def start(self, button: str = "Start Ingestion", status: str = "Completed") -> None:
        self.heading("Plan")
        self.button(button).click()
        expect(self.page.locator(".MuiChip-label", has_text=status)).to_be_visible(timeout=LONG)

    def figure(self, name: str) -> str:
        """A number of the receipt, without its separators."""
        term = self.page.locator("dt", has_text=name).first
        return str(term.locator("xpath=following-sibling::dd").inner_text()).replace("\u202f", "")

    def file_to_table(self, sample: str, table: str) -> None:
        """A sample to a table of the embedded engine, as far as Plan."""
        self.go("/choose")
        self.heading("Choose")
        self.pick_sample(sample)
        self.connect_embedded("To")
        self.page.get_by_role("combobox", name="Table", exact=True).fill(table)
        self.button("Continue").click()
        self.load_columns()
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
