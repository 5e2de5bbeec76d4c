"""The flows that people come for, in a real browser, by mouse and by keyboard."""

from __future__ import annotations

import re
import time
from pathlib import Path

from clickhouse import LOADER, ClickHouse
from playwright.sync_api import Browser, expect

from conftest import App
from wizard import LONG, Person, person

PEOPLE = "id,name,born\n1,ann,2001-02-03\n2,bob,\n3,O'Brien,2003-04-05\n"
SLOW = "SELECT number, sleepEachRow(0.001) AS zero FROM numbers(20000) SETTINGS max_block_size = 500"


def test_an_upload_becomes_a_table(someone: Person, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    someone.go()
    someone.button("New load").click()
    someone.heading("Choose")
    someone.upload(path)
    someone.connect_embedded("To")
    someone.page.get_by_role("combobox", name="Table", exact=True).fill("uploaded")
    someone.button("Continue").click()
    someone.heading("people.csv")
    expect(someone.page.get_by_role("region", name="As it is read").get_by_text("O'Brien").first).to_be_visible()
    someone.load_columns()
    someone.page.get_by_role("textbox", name="Name in the target: name").fill("called")
    someone.pass_check()
    expect(someone.page.get_by_role("region", name="The table that will be made").first).to_be_visible()
    someone.start()
    assert (someone.figure("Rows read"), someone.figure("Loaded"), someone.figure("Rows rejected")) == ("3", "3", "0")
    expect(someone.page.get_by_text("The table holds 3 rows")).to_be_visible()


def test_a_table_becomes_a_download(someone: Person) -> None:
    someone.file_to_table("people.csv", "for_download")
    someone.start()
    someone.go("/choose")
    someone.side("From").get_by_role("button", name="ClickHouse", exact=True).click()
    someone.connect_embedded("From")
    someone.page.get_by_role("textbox", name="Name of the download").fill("people")
    someone.button("Continue").click()
    someone.page.get_by_role("searchbox", name="Search tables").fill("for_down")
    someone.page.get_by_role("button", name=re.compile("for_download")).click()
    someone.load_columns()
    someone.page.get_by_role("checkbox", name="Carry born").uncheck()
    someone.pass_check()
    someone.start("Start Export")
    with someone.page.expect_download() as download:
        someone.page.get_by_role("link", name="Download the file").click()
    assert download.value.suggested_filename == "people.csv"
    assert download.value.path().read_text() == "id,name\n1,ann\n2,bob\n3,O'Brien\n"


def test_a_wrong_password_a_wrong_token_and_the_right_way_in(someone: Person, clickhouse: ClickHouse) -> None:
    someone.go("/choose")
    panel = someone.side("To")
    panel.get_by_label("Host").fill("127.0.0.1")
    panel.get_by_label("Port").fill(str(clickhouse.http_port))
    panel.get_by_label("User", exact=True).fill(LOADER[0])
    panel.get_by_label("Password", exact=True).fill("wrong")
    someone.button("Connect").click()
    expect(panel.get_by_text("FB-NET-0102")).to_be_visible(timeout=LONG)
    panel.get_by_label("Token", exact=True).check()
    panel.get_by_label("Token (JWT)").fill("a.b.c")
    someone.button("Connect").click()
    expect(someone.button("Connect")).to_be_enabled()
    expect(panel.get_by_text("FB-NET-0102")).to_be_visible(timeout=LONG)
    panel.get_by_label("User and password").check()
    panel.get_by_label("User", exact=True).fill(LOADER[0])
    panel.get_by_label("Password", exact=True).fill(LOADER[1])
    someone.button("Connect").click()
    expect(panel.get_by_text("Connected to 127.0.0.1")).to_be_visible(timeout=LONG)
    assert LOADER[1] not in someone.page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    someone.complaints = [text for text in someone.complaints if "400 (Bad Request)" not in text]


def test_bad_rows_are_shown_and_fetched(someone: Person) -> None:
    someone.file_to_table("orders.csv", "orders")
    someone.page.get_by_role("button", name="Shape").click()
    type_ = someone.page.get_by_role("combobox", name="Type: price")
    type_.fill("Decimal(10, 2)")
    type_.press("Enter")
    someone.pass_check()
    someone.start(status="Error")
    expect(someone.page.get_by_role("alert").get_by_text("FB-TYPE-0102")).to_be_visible()
    someone.button("Change the plan").click()
    someone.load_columns()
    type_ = someone.page.get_by_role("combobox", name="Type: price")
    type_.fill("Decimal(10, 2)")
    type_.press("Enter")
    someone.pass_check()
    someone.page.get_by_label("Leave it out, and keep it for download").check()
    someone.start()
    assert (someone.figure("Rows read"), someone.figure("Loaded"), someone.figure("Rows rejected")) == (
        "240",
        "236",
        "4",
    )
    with someone.page.expect_download() as download:
        someone.page.get_by_role("link", name="Download the rejects").click()
    assert download.value.path().read_text().count("FB-TYPE-0102") == 4


def start_slow(someone: Person) -> None:
    someone.go("/choose")
    someone.side("From").get_by_role("button", name="ClickHouse", exact=True).click()
    someone.connect_embedded("From")
    someone.page.get_by_role("textbox", name="Name of the download").fill("slow")
    someone.button("Continue").click()
    someone.button("Write a query").click()
    someone.page.get_by_label("SQL").fill(SLOW)
    someone.load_columns()
    someone.pass_check()
    someone.start("Start Export", "Fetching")


def test_a_run_survives_a_reload_and_can_be_watched_twice(someone: Person) -> None:
    start_slow(someone)
    someone.page.reload()
    expect(someone.page.locator(".MuiChip-label", has_text="Fetching")).to_be_visible()
    other = Person(someone.page.context.new_page(), someone.url)
    other.page.goto(someone.page.url)
    expect(other.page.get_by_role("progressbar", name="Progress")).to_be_visible()
    other.button("Pause").click()
    expect(someone.page.get_by_text("Fetching · Paused")).to_be_visible()
    someone.button("Go on").click()
    expect(other.button("Pause")).to_be_visible()
    other.button("Cancel").click()
    for tab in (someone, other):
        expect(tab.page.get_by_text("you cancelled the load").first).to_be_visible(timeout=LONG)
    assert other.complaints == []


def test_nothing_in_data_runs(someone: Person, tmp_path: Path) -> None:
    path = tmp_path / "attack.csv"
    evil = "<img src=x onerror=document.title='owned'>"
    path.write_text(f'id,"{evil}"\n1,"{evil}"\n2,<script>document.title=\'owned\'</script>\n')
    someone.go("/choose")
    someone.upload(path)
    someone.connect_embedded("To")
    someone.page.get_by_role("combobox", name="Table", exact=True).fill("attack")
    someone.button("Continue").click()
    someone.load_columns()
    expect(someone.page.get_by_role("region", name="As it is read").get_by_text(evil).first).to_be_visible()
    someone.pass_check()
    someone.start()
    assert "owned" not in someone.page.title()


def test_the_whole_way_by_keyboard(browser: Browser, app: App) -> None:
    with person(browser, app.url) as someone:
        keyboard = someone.page.keyboard

        def reach(name: str) -> None:
            """Tabs on until the focus is on what has this name."""
            seen = []
            for _ in range(80):
                keyboard.press("Tab")
                focused = someone.page.evaluate(
                    "(() => { const e = document.activeElement; const said = e.getAttribute('aria-label')"
                    " || (e.labels && e.labels[0] && e.labels[0].innerText) || e.innerText || ''; return said.trim() })()"
                )
                seen.append(focused)
                if focused.startswith(name):
                    return
            raise AssertionError(f"{name} was not reached: {seen}")

        someone.go()
        someone.heading("Move a table")
        reach("Try people.csv")
        keyboard.press("Enter")
        someone.heading("Choose")
        reach("Embedded ClickHouse")
        keyboard.press("Enter")
        expect(someone.page.get_by_text("Connected to Embedded ClickHouse")).to_be_visible(timeout=LONG)
        reach("Table")
        keyboard.press("Control+A")
        keyboard.type("by_keyboard")
        keyboard.press("Escape")
        reach("Continue")
        keyboard.press("Enter")
        someone.heading("people.csv")
        expect(someone.page.get_by_role("region", name="As it is read").first).to_be_visible()
        reach("Load Columns")
        keyboard.press("Enter")
        expect(someone.page.get_by_role("heading", name="Columns", exact=True)).to_be_visible()
        reach("Carry born")
        keyboard.press("Space")
        reach("Continue")
        keyboard.press("Enter")
        someone.heading("Check")
        expect(someone.page.locator(".MuiChip-label", has_text="Completed")).to_be_visible(timeout=LONG)
        reach("Continue")
        keyboard.press("Enter")
        someone.heading("Plan")
        reach("Stop, and say which row")
        keyboard.press("ArrowDown")
        reach("Start Ingestion")
        keyboard.press("Enter")
        expect(someone.page.locator(".MuiChip-label", has_text="Completed")).to_be_visible(timeout=LONG)


def test_the_first_page_is_there_in_a_second(browser: Browser, app: App) -> None:
    times = []
    for _ in range(3):
        with person(browser, app.url) as someone:
            began = time.monotonic()
            someone.go()
            expect(someone.button("New load")).to_be_enabled()
            times.append(time.monotonic() - began)
    assert min(times) < 1, times
