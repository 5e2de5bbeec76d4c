"""Every page in both themes and at two widths: no finding of axe, no sideways scrolling, a picture to look at."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, expect

from conftest import DEMO, App
from wizard import Person, person

AXE = (DEMO / "frontend" / "node_modules" / "axe-core" / "axe.min.js").read_text()
PICTURES = Path(__file__).parent / "screenshots"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


View = tuple[Literal["light", "dark"], int]
"""Theme and width."""


class Looker:
    """Keeps what is wrong with each page that is looked at, and a picture of it."""

    def __init__(self, someone: Person, views: list[View]) -> None:
        self.page = someone.page
        self.views = list(views)
        self.wrong: list[str] = []

    def look(self, page: str) -> None:
        """Looks at the page as it is now, in every view; the way goes on in another view than before."""
        self.page.evaluate("document.activeElement.blur()")
        self.page.evaluate(AXE)
        self.views.append(self.views.pop(0))
        for view in self.views:
            self.show(view)
            self.look_once(f"{page}-{view[0]}-{view[1]}")

    def show(self, view: View) -> None:
        theme, width = view
        self.page.emulate_media(color_scheme=theme)
        self.page.set_viewport_size({"width": width, "height": 800})
        self.page.wait_for_timeout(300)  # colours fade from one theme to the other

    def look_once(self, name: str) -> None:
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
        violations = self.violations()
        if violations:  # a button that is about to change has colours of both states for a moment
            self.page.wait_for_timeout(1000)
            violations = self.violations()
        for violation in violations:
            places = [node["html"][:200] for node in violation["nodes"]][:3]
            self.wrong.append(f"{name}: {violation['id']}, {violation['help']}: {places}")
        if not self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            self.wrong.append(f"{name}: scrolls sideways")

    def violations(self) -> list[dict[str, Any]]:
        found = self.page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
        return list(found["violations"])


VIEWS: list[View] = [("light", 1280), ("dark", 320)]
MORE_VIEWS: list[View] = [("dark", 1280), ("light", 320), ("light", 390), ("dark", 390)]


@pytest.mark.parametrize("views", [VIEWS, pytest.param(MORE_VIEWS, marks=pytest.mark.large)], ids=["few", "more"])
def test_every_page(browser: Browser, app: App, views: list[View]) -> None:
    PICTURES.mkdir(exist_ok=True)
    table = f"looks_{len(views)}"
    with person(browser, app.url) as someone:
        looker = Looker(someone, views)
        looker.show(views[0])
        page = someone.page
        someone.go()
        someone.heading("Move a table")
        looker.look("home-empty")
        someone.go("/choose")
        someone.connect_embedded("To")
        looker.look("choose-empty")
        someone.new_connection("To")
        looker.look("connect")
        someone.file_to_table("orders.csv", table, price="Decimal(10, 2)")
        expect(page.get_by_role("region", name="The same as a command").first).to_be_visible()
        page.get_by_label("Set it aside").check()
        looker.look("plan")
        page.get_by_role("tab", name="Check").click()
        expect(page.get_by_text("What would be rejected")).to_be_visible()
        looker.look("check")
        page.get_by_role("tab", name="Choose").click()
        someone.connect_embedded("To")
        looker.look("choose")
        page.get_by_role("tab", name="Shape").click()
        expect(page.get_by_role("region", name="As it is read").first).to_be_visible()
        expect(page.get_by_text("Score ")).to_be_visible()
        expect(page.get_by_text("different").first).to_be_visible()
        looker.look("shape")
        someone.pass_check()
        someone.start()
        looker.look("receipt")
        someone.button("Correct the rejected rows").click()
        rows = page.get_by_role("textbox", name="Row of line")
        rows.first.fill(rows.first.input_value().replace('"', ""))
        looker.look("quarantine")
        page.go_back()
        someone.button("Repeat").click()
        someone.pass_check()
        page.get_by_label("Stop, and say which row").check()
        expect(page.get_by_role("table", name="Source and table")).to_be_visible()
        looker.look("plan-there")
        someone.start(status="Error")
        looker.look("error")
        someone.go()
        expect(page.get_by_text("Completed").first).to_be_visible()
        looker.look("home")
        someone.export("out")
        expect(page.get_by_text("default.looks_").first).to_be_visible()
        looker.look("tables")
        page.get_by_role("button", name="default.looks_").first.click()
        expect(page.get_by_role("heading", name="Columns", exact=True)).to_be_visible()
        looker.look("tables-chosen")
        someone.button("A join").click()
        someone.pick("Table", f"default.{table}")
        someone.pick("Joined table 2", f"default.{table}")
        expect(page.get_by_role("group", name="The SQL of the join")).to_be_visible()
        looker.look("join")
        someone.query("SELECT number, sleepEachRow(0.01) FROM numbers(3000) SETTINGS max_block_size = 100")
        someone.button("Continue").click()
        someone.heading("Check")
        someone.button("Continue").click()
        someone.start("Start Export", re.compile("Fetching|Ingesting"))
        expect(page.get_by_role("region", name="Rows a second")).to_be_visible()
        looker.look("run")
        someone.button("Cancel").click()
        someone.ended("Error")
        someone.go("/nowhere")
        expect(page.get_by_text("There is no such page.")).to_be_visible()
        looker.look("nowhere")
        assert looker.wrong == [], "\n".join(looker.wrong)
