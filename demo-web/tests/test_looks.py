"""Every page in both themes and at two widths: no finding of axe, no sideways scrolling, a picture to look at."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from conftest import DEMO, App
from wizard import Person, person

AXE = (DEMO / "frontend" / "node_modules" / "axe-core" / "axe.min.js").read_text()
PICTURES = Path(__file__).parent / "screenshots"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Looker:
    """Keeps what is wrong with each page that is looked at, and a picture of it."""

    def __init__(self, someone: Person, kind: str) -> None:
        self.page = someone.page
        self.kind = kind
        self.wrong: list[str] = []

    def look(self, name: str) -> None:
        self.page.evaluate("document.activeElement.blur()")
        self.page.screenshot(path=PICTURES / f"{name}-{self.kind}.png", full_page=True)
        self.page.evaluate(AXE)
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


VIEWS = [
    ("light", 1280),
    ("dark", 320),
    *(pytest.param(theme, width, marks=pytest.mark.large) for theme, width in (("dark", 1280), ("light", 320))),
    *(pytest.param(theme, 390, marks=pytest.mark.large) for theme in ("light", "dark")),
]


@pytest.mark.parametrize(("theme", "width"), VIEWS)
def test_every_page(browser: Browser, app: App, theme: str, width: int) -> None:
    PICTURES.mkdir(exist_ok=True)
    view = {"viewport": {"width": width, "height": 800}, "color_scheme": theme}
    with person(browser, app.url, **view) as someone:
        looker = Looker(someone, f"{theme}-{width}")
        page = someone.page
        someone.go()
        someone.heading("Move a table")
        looker.look("home-empty")
        someone.go("/choose")
        someone.connect_embedded("To")
        looker.look("choose-empty")
        someone.new_connection("To")
        looker.look("connect")
        someone.file_to_table("orders.csv", f"looks_{theme}_{width}", price="Decimal(10, 2)")
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
        someone.pick("Table", f"default.looks_{theme}_{width}")
        someone.pick("Joined table 2", f"default.looks_{theme}_{width}")
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
