"""Every page in both themes and at two widths: no finding of axe, no sideways scrolling, a picture to look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from conftest import DEMO, App
from wizard import Person, person

AXE = (DEMO / "frontend" / "node_modules" / "axe-core" / "axe.min.js").read_text()
PICTURES = Path(__file__).parent / "screenshots"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def look(someone: Person, name: str) -> None:
    page = someone.page
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
    told = [
        (violation["id"], violation["help"], [node["html"][:300] for node in violation["nodes"]][:4])
        for violation in found["violations"]
    ]
    assert told == [], f"{name}: {told}"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_every_page(browser: Browser, app: App, theme: str, width: int) -> None:
    PICTURES.mkdir(exist_ok=True)
    view = {"viewport": {"width": width, "height": 800}, "color_scheme": theme}
    with person(browser, app.url, **view) as someone:
        kind = f"{theme}-{width}"
        someone.go()
        someone.heading("Move a table")
        look(someone, f"home-empty-{kind}")
        someone.go("/choose")
        someone.heading("Choose")
        look(someone, f"choose-empty-{kind}")
        someone.file_to_table("orders.csv", f"looks_{theme}_{width}")
        look(someone, f"plan-{kind}")
        someone.go("/choose")
        expect(someone.page.get_by_text("Connected to")).to_be_visible()
        look(someone, f"choose-{kind}")
        someone.go("/shape")
        expect(someone.page.get_by_role("region", name="As it is read").first).to_be_visible()
        expect(someone.page.get_by_text("Score ")).to_be_visible()
        look(someone, f"shape-{kind}")
        type_ = someone.page.get_by_role("combobox", name="Type: price")
        type_.fill("Decimal(10, 2)")
        type_.press("Enter")
        someone.pass_check()
        someone.page.get_by_label("Leave it out, and keep it for download").check()
        someone.start()
        look(someone, f"receipt-{kind}")
        someone.button("Repeat").click()
        someone.load_columns()
        type_ = someone.page.get_by_role("combobox", name="Type: pieces")
        type_.fill("UInt8")
        type_.press("Enter")
        someone.pass_check()
        someone.page.get_by_label("Stop, and say which row").check()
        someone.start(status="Error")
        look(someone, f"error-{kind}")
        someone.go("/")
        expect(someone.page.get_by_text("Completed").first).to_be_visible()
        look(someone, f"home-{kind}")
        someone.go("/choose")
        someone.side("From").get_by_role("button", name="ClickHouse", exact=True).click()
        someone.connect_embedded("From")
        someone.page.get_by_role("textbox", name="Name of the download").fill("out")
        look(someone, f"choose-export-{kind}")
        someone.button("Continue").click()
        expect(someone.page.get_by_text("default.looks_").first).to_be_visible()
        look(someone, f"shape-tables-{kind}")
