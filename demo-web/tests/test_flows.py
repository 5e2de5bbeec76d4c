"""The flows that people come for, in a real browser, by mouse and by keyboard."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from clickhouse import LOADER, ClickHouse
from playwright.sync_api import Browser, expect
from web import Web

from conftest import App, Visitor
from test_server import Halting
from wizard import LONG, Person, person

PEOPLE = "id,name,born\n1,ann,2001-02-03\n2,bob,\n3,O'Brien,2003-04-05\n"
SLOW = "SELECT number, sleepEachRow(0.001) AS zero FROM numbers(20000) SETTINGS max_block_size = 500"
UNDER_WAY = re.compile("Fetching|Ingesting")


def test_an_upload_becomes_a_table(someone: Person, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    someone.go()
    someone.page.get_by_role("button", name="File to ClickHouse").click()
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


def test_a_file_on_the_web_becomes_a_table(someone: Person) -> None:
    with Web() as web:
        url = web.file("/data/people.csv", PEOPLE.encode(), etag='"1"')
        someone.go("/choose")
        address = someone.page.get_by_role("textbox", name="Or the address of a file on the web")
        address.fill("example.org/people.csv")
        someone.button("Take it").click()
        expect(someone.page.get_by_text("An address begins with https:// or http://.")).to_be_visible()
        address.fill(url)
        address.press("Enter")
        expect(someone.page.get_by_role("status").filter(has_text="people.csv")).to_be_visible()
        someone.connect_embedded("To")
        someone.page.get_by_role("combobox", name="Table", exact=True).fill("from_web")
        someone.button("Continue").click()
        expect(someone.page.get_by_role("region", name="As it is read").get_by_text("O'Brien").first).to_be_visible()
        someone.load_columns()
        someone.pass_check()
        someone.start()
        assert (someone.figure("Rows read"), someone.figure("Loaded")) == ("3", "3")
        someone.button("Verify").click()
        expect(someone.page.get_by_text("Verified: all 3 rows are in the table as they were loaded.")).to_be_visible()
        del web.answers["/data/people.csv"]
        someone.button("Repeat").click()
        expect(someone.page.get_by_text("the server has no such file").first).to_be_visible()
    someone.complaints = [said for said in someone.complaints if "400 (Bad Request)" not in said]


def test_a_sheet_of_a_workbook_becomes_a_table(someone: Person, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    book.active.append(["nothing here"])
    sheet = book.create_sheet("Orders")
    for row in (["id", "name"], [1, "ann"], [2, "bob"]):
        sheet.append(row)
    book.save(path)
    someone.go("/choose")
    someone.upload(path)
    someone.connect_embedded("To")
    someone.page.get_by_role("combobox", name="Table", exact=True).fill("from_sheet")
    someone.button("Continue").click()
    parsed = someone.page.get_by_role("region", name="As it is read")
    expect(parsed.get_by_text("nothing here").first).to_be_visible()
    someone.page.get_by_role("combobox", name="Sheet").click()
    someone.page.get_by_role("option", name="Orders").click()
    expect(parsed.get_by_text("bob").first).to_be_visible()
    someone.load_columns()
    someone.pass_check()
    expect(someone.page.get_by_label("Set it aside")).to_have_count(0)
    someone.start()
    assert (someone.figure("Rows read"), someone.figure("Loaded")) == ("2", "2")


def test_a_load_goes_on_when_the_app_was_killed(browser: Browser, start_app: Callable[..., App]) -> None:
    app = start_app(memory=16 << 20)
    with Web() as web, person(browser, app.url) as someone:
        halting = Halting(web)
        someone.go("/choose")
        someone.page.get_by_role("textbox", name="Or the address of a file on the web").fill(halting.source["url"])
        someone.button("Take it").click()
        someone.connect_embedded("To")
        someone.page.get_by_role("combobox", name="Table", exact=True).fill("killed")
        someone.button("Continue").click()
        someone.load_columns()
        someone.pass_check()
        halting.halts.set()
        someone.start(status="Ingesting")
        app.kill9()
        expect(someone.page.get_by_text("The connection to the app broke; trying again.")).to_be_visible()
        halting.go.set()
        app.start()
        someone.go()
        expect(someone.page.locator(".MuiChip-label", has_text="Error")).to_be_visible()
        someone.page.get_by_role("button", name="Resume halting.csv").click()
        someone.ended()
        assert someone.figure("Rows read") == str(halting.ROWS)
        expect(
            someone.page.get_by_text(re.compile(r"The table holds 400\W?000 rows; before it held 0"))
        ).to_be_visible()
        someone.complaints = [said for said in someone.complaints if not re.search("ERR_|40[14]", said)]


def test_a_corrected_row_keeps_its_line_ends(someone: Person, app: App, tmp_path: Path) -> None:
    path = tmp_path / "ends.csv"
    path.write_bytes(b'id,note\r\n1,fine\r\nx,"two\r\nlines"\r\n')
    someone.go("/choose")
    someone.upload(path)
    someone.connect_embedded("To")
    someone.page.get_by_role("combobox", name="Table", exact=True).fill("kept_ends")
    someone.button("Continue").click()
    someone.load_columns()
    someone.retype("id", "Int64")
    someone.pass_check()
    someone.page.get_by_label("Set it aside, to correct it here and load it then").check()
    someone.start()
    someone.button("Correct the rejected rows").click()
    row = someone.page.get_by_role("textbox", name="Row of line")
    expect(row).to_have_value('x,"two\nlines"')
    row.press("Home")
    row.press("Control+Home")
    row.press("Delete")
    row.press_sequentially("27")
    expect(row).to_have_value('27,"two\nlines"')
    with someone.page.expect_request(lambda asked: asked.method == "PUT") as sent:
        someone.button("Load the corrected rows").click()
    assert list(sent.value.post_data_json["rows"].values()) == ['27,"two\r\nlines"']
    someone.ended()
    assert someone.figure("Loaded") == "1"


def test_the_plan_shows_how_file_and_table_differ(someone: Person) -> None:
    someone.file_to_table("people.csv", "differing")
    someone.start()
    someone.file_to_table("people.csv", "differing", id="String")
    difference = someone.page.get_by_role("table", name="Source and table, column by column")
    row = difference.get_by_role("row").filter(has_text="id")
    expect(row).to_contain_text("String")
    expect(row).to_contain_text("what does not fit is rejected")
    expect(difference.get_by_text("Same type")).to_have_count(2)
    expect(someone.page.get_by_text("The table is there and stays as it is.")).to_be_visible()


def test_a_table_becomes_a_download(someone: Person) -> None:
    someone.file_to_table("people.csv", "for_download")
    someone.start()
    someone.export("people")
    someone.page.get_by_role("searchbox", name="Search tables").fill("for_down")
    someone.page.get_by_role("button", name=re.compile("for_download")).click()
    someone.load_columns()
    someone.page.get_by_role("checkbox", name="Carry born").uncheck()
    someone.pass_check()
    assert someone.downloaded("Start Export") == "id,name\n1,ann\n2,bob\n3,O'Brien\n"


def test_a_wrong_password_a_wrong_token_and_the_right_way_in(someone: Person, clickhouse: ClickHouse) -> None:
    someone.go("/choose")
    someone.connect_embedded("To")
    panel = someone.new_connection("To")
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
    someone.file_to_table("orders.csv", "orders", price="Decimal(10, 2)")
    someone.start(status="Error")
    expect(someone.page.get_by_role("alert").get_by_text("FB-TYPE-0102")).to_be_visible()
    someone.button("Change the plan").click()
    expect(someone.page.get_by_role("combobox", name="Type: price")).to_have_value("Decimal(10, 2)")
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


def test_bad_rows_are_corrected_here_and_loaded(someone: Person) -> None:
    someone.file_to_table("orders.csv", "corrected", price="Decimal(10, 2)")
    someone.page.get_by_label("Set it aside, to correct it here and load it then").check()
    someone.start()
    assert (someone.figure("Loaded"), someone.figure("Rows rejected")) == ("236", "4")
    someone.button("Correct the rejected rows").click()
    rows = someone.page.get_by_role("textbox", name="Row of line")
    expect(rows).to_have_count(4)
    load = someone.button("Load the corrected rows")
    expect(load).to_be_disabled()
    for at in range(3):
        text = rows.nth(at).input_value()
        rows.nth(at).fill(re.sub(r'"(\d+),(\d+)"', r"\1.\2", text))
    load.click()
    someone.ended()
    assert (someone.figure("Rows read"), someone.figure("Loaded"), someone.figure("Rows rejected")) == ("4", "3", "1")
    expect(someone.page.get_by_text("The table holds 239 rows; before it held 236.")).to_be_visible()
    someone.go()
    someone.page.get_by_role("region", name="Rows set aside").get_by_role("link").click()
    expect(rows).to_have_count(1)
    rows.fill(re.sub(r'"(\d+),(\d+)"', r"\1.\2", rows.input_value()))
    load.click()
    someone.ended()
    expect(someone.page.get_by_text("The table holds 240 rows; before it held 239.")).to_be_visible()
    someone.page.go_back()
    expect(someone.page.get_by_text("Every row that was set aside has been loaded.")).to_be_visible()


def test_a_join_becomes_a_file(someone: Person, visitor: Visitor) -> None:
    for name, text in (
        ("join_orders", b"order_id,customer_id\n10,1\n11,1\n12,9\n"),
        ("join_customers", b"customer_id,name\n1,ann\n2,bob\n"),
    ):
        target = {"kind": "table", "connection": visitor.embedded(), "database": "default", "table": name}
        plan = {"source": visitor.upload("a.csv", text), "target": {**target, "order_by": ["customer_id"]}}
        assert visitor.ended(visitor.ask("/loads", **plan))["status"] == "Completed"
    someone.export("joined")
    someone.button("A join").click()
    someone.pick("Table", "default.join_orders")
    someone.pick("Joined table 2", "default.join_customers")
    sql = someone.page.get_by_role("group", name="The SQL of the join")
    expect(sql).to_contain_text("INNER JOIN `default`.`join_customers`")
    expect(sql).to_contain_text("`join_orders`.`customer_id` = `join_customers`.`customer_id`")
    someone.page.get_by_role("combobox", name="Kind of join 2").click()
    someone.page.get_by_role("option", name="Left").click()
    expect(sql).to_contain_text("LEFT JOIN")
    someone.button("Edit the SQL").click()
    text = someone.page.get_by_role("textbox", name="SQL")
    text.fill(text.input_value().replace("\nSETTINGS", "\nORDER BY order_id\nSETTINGS"))
    someone.load_columns()
    someone.pass_check()
    assert someone.downloaded("Start Export") == (
        "order_id,join_orders_customer_id,join_customers_customer_id,name\n10,1,1,ann\n11,1,1,ann\n12,9,,\n"
    )


def test_a_server_goes_in_mid_load_and_comes_back(someone: Person) -> None:
    with ClickHouse() as server:
        someone.go("/choose")
        someone.side("From").get_by_role("button", name="ClickHouse", exact=True).click()
        someone.connect_server("From", server.http_port)
        someone.page.get_by_role("textbox", name="Name of the download").fill("numbers")
        someone.button("Continue").click()
        someone.query(SLOW)
        someone.button("Continue").click()
        someone.heading("Check")
        someone.button("Continue").click()
        someone.start("Start Export", UNDER_WAY)
        expect(someone.page.get_by_text("0 acknowledged")).to_be_visible()
        server.kill9()
        someone.ended("Error")
        expect(someone.page.get_by_role("alert").get_by_text("FB-NET-")).to_be_visible()
        expect(someone.page.get_by_role("link", name="Download the file")).to_have_count(0)
        server.start()
        someone.button("Change the plan").click()
        someone.page.get_by_role("textbox", name="SQL").fill("SELECT number FROM numbers(3)")
        someone.load_columns()
        someone.pass_check()
        assert someone.downloaded("Start Export") == "number\n0\n1\n2\n"


def test_a_load_is_verified_and_undone(someone: Person) -> None:
    someone.file_to_table("orders.csv", "undone")
    someone.start()
    someone.button("Verify").click()
    expect(someone.page.get_by_text("Verified: all 240 rows are in the table as they were loaded.")).to_be_visible()
    someone.button("Undo").click()
    someone.button("Keep them").click()
    someone.button("Undo").click()
    someone.button("Remove 240 rows").click()
    expect(someone.page.get_by_text("Undone: the rows of this load were taken out of the table.")).to_be_visible()
    someone.page.reload()
    expect(someone.page.get_by_text("Undone: the rows of this load were taken out of the table.")).to_be_visible()
    expect(someone.button("Verify")).to_have_count(0)


def start_slow(someone: Person) -> None:
    someone.export("slow")
    someone.query(SLOW)
    someone.button("Continue").click()
    someone.heading("Check")
    someone.button("Continue").click()  # nobody has to wait for the check
    someone.start("Start Export", UNDER_WAY)


def test_a_run_survives_a_reload_and_can_be_watched_twice(someone: Person) -> None:
    start_slow(someone)
    someone.page.reload()
    expect(someone.page.locator(".MuiChip-label", has_text=UNDER_WAY)).to_be_visible(timeout=LONG)
    other = Person(someone.page.context.new_page(), someone.url)
    other.page.goto(someone.page.url)
    expect(other.page.get_by_role("progressbar", name="Progress")).to_be_visible()
    other.button("Pause").click()
    expect(someone.page.get_by_text("· Paused")).to_be_visible()
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
        reach("people.csv")
        keyboard.press("Enter")
        someone.heading("Choose")
        someone.connect_embedded("To")
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
    times = [10.0]
    while min(times) >= 1 and len(times) <= 10:  # other tests run beside this one
        with person(browser, app.url) as someone:
            began = time.monotonic()
            someone.go()
            expect(someone.page.get_by_role("button", name="File to ClickHouse")).to_be_enabled()
            times.append(time.monotonic() - began)
    assert min(times) < 1, times


REDRAWN = """() => {
  const shown = document.querySelector('[aria-label="As it is read"]'), began = performance.now(), before = shown.textContent
  window.redrawn = null
  new MutationObserver((_, observer) => {
    if (shown.textContent === before) return
    window.redrawn = performance.now() - began
    observer.disconnect()
  }).observe(shown, { subtree: true, childList: true, characterData: true })
}"""


@pytest.mark.large
def test_a_preview_is_redrawn_in_a_tenth_of_a_second(someone: Person) -> None:
    someone.go("/choose")
    someone.pick_sample("orders.csv")
    someone.connect_embedded("To")
    someone.page.get_by_role("combobox", name="Table", exact=True).fill("redrawn")
    someone.button("Continue").click()
    expect(someone.page.get_by_role("region", name="As it is read").get_by_text("1001")).to_be_visible()
    times = []
    for lines in range(1, 7):
        someone.page.evaluate(REDRAWN)
        someone.page.get_by_label("Lines to skip").fill(str(lines))
        someone.page.wait_for_timeout(1000)
        times.append(someone.page.evaluate("window.redrawn"))
    print("redrawn after", ", ".join(f"{time:.0f} ms" for time in times))
    assert min(times) < 100, times


LARGE_ROWS = 26_000_000


@pytest.mark.large
def test_a_gigabyte(browser: Browser, start_app: Callable[..., App], tmp_path: Path) -> None:
    """Uploaded and loaded; what the app itself takes of memory stays small. Beside it, a file of the server is shown at once."""
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.write(b"id,name,amount,day\n")
        for start in range(0, LARGE_ROWS, 100_000):
            file.write(
                b"".join(b"%08d,name %08d,%d.25,2026-01-02\n" % (n, n, n) for n in range(start, start + 100_000))
            )
    assert path.stat().st_size > 1_000_000_000
    app = start_app(samples=tmp_path)
    with app.visitor() as visitor:
        times = []
        for _ in range(5):
            began = time.monotonic()
            shown = visitor.ask("/preview", source={"kind": "sample", "name": "large.csv"})
            times.append(time.monotonic() - began)
        assert len(shown["rows"]) == 20
    print(f"{path.stat().st_size} bytes: preview {min(times):.3f} to {max(times):.3f} s")
    with person(browser, app.url) as someone:
        someone.go("/choose")
        began = time.monotonic()
        someone.page.locator("input[type=file]").set_input_files(path)
        expect(someone.page.get_by_role("status").filter(has_text="large.csv")).to_be_visible(timeout=600_000)
        print(f"upload {time.monotonic() - began:.1f} s")
        someone.connect_embedded("To")
        someone.button("Continue").click()
        someone.load_columns(600_000)
        someone.button("Continue").click()
        someone.heading("Check")
        someone.button("Continue").click()
        someone.heading("Plan")
        someone.button("Start Ingestion").click()
        someone.ended(timeout=600_000)
        assert someone.figure("Loaded") == str(LARGE_ROWS)
    print(f"most memory of the app {app.memory() >> 20} MiB")
    assert app.memory() < 300 << 20
    assert min(times) < 0.3
