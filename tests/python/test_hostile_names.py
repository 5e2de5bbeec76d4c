"""Names that mean harm go through unharmed, and secrets stay secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

import flatbed as fb
from conftest import ROOT, Command

sys.path.insert(0, str(ROOT / "tests" / "real"))
from clickhouse import LOADER, ClickHouse

NAMES = [
    "it's",
    'say "hi"',
    "back`tick",
    "back\\slash",
    "'; DROP DATABASE default; --",
    "`; DROP TABLE x; --",
    "\U0001f418 éléphant",
    "a.b/c?d&e=f#g%20h",
    "new\nline\ttab",
    "{query}",
    "$(touch x)",
    " blank ",
    "x" * 100,
]


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    with ClickHouse() as running:
        running.query("CREATE TABLE kept (x UInt8) ENGINE = MergeTree ORDER BY x")
        yield running


@pytest.mark.parametrize("name", NAMES)
def test_names_of_databases_tables_columns_and_files(server: ClickHouse, tmp_path: Path, name: str) -> None:
    database = name.replace("/", "_")  # the sign between database and table; a table may have it
    server.query("CREATE DATABASE " + "`" + database.replace("\\", "\\\\").replace("`", "\\`") + "`")
    table = f"clickhouse://127.0.0.1:{server.http_port}/{quote(database, safe='')}/{quote(name, safe='')}"
    file = tmp_path / (name.replace("/", "_") + ".csv")
    column = '"' + name.replace('"', '""') + '"'
    file.write_text(f"{column},n\nvalue,1\n")
    options = {"delimiter": ",", "quote": '"', "header": True}
    receipt = fb.copy(str(file), table, source_options=options, target_options={"create": True, "order_by": [name]})
    assert receipt.loaded == 1
    assert [field.name for field in fb.schema(table)] == [name, "n"]
    assert [one.name for one in fb.columns(table)] == [name, "n"]
    fb.copy(table, tmp_path / "back.csv", columns=[name, "n"])
    assert fb.preview(tmp_path / "back.csv", options=options).column_names == [name, "n"]
    assert server.query("EXISTS kept").strip() == "1"
    assert not Path("x").exists()


def test_a_name_of_10000_characters_is_refused_by_rule(server: ClickHouse, tmp_path: Path) -> None:
    long = "y" * 10_000
    file = tmp_path / "in.csv"
    file.write_text(f"{long},n\nvalue,1\n")
    base = f"clickhouse://127.0.0.1:{server.http_port}/default"
    assert fb.copy(file, f"{base}/wide", target_options={"create": True, "order_by": "n"}).loaded == 1
    assert fb.schema(f"{base}/wide").names == [long, "n"]
    with pytest.raises(fb.Error) as caught:
        fb.copy(file, f"{base}/{long}", target_options={"create": True, "order_by": "n"})
    assert caught.value.code in ("FB-CH-0101", "FB-CH-0102")
    with pytest.raises(fb.Error):
        fb.preview(tmp_path / long)


CANARY = "canary-0123456789"


def test_a_secret_is_nowhere_to_be_found(server: ClickHouse, tmp_path: Path, command: Command) -> None:
    """Every way to give a secret, right and wrong; then all that was written is searched."""
    (tmp_path / "in.csv").write_text("a\n1\nx\n")
    (tmp_path / "secret").write_text(CANARY)
    host = f"127.0.0.1:{server.http_port}"
    written = []
    runs = [
        ("copy", "in.csv", f"clickhouse://loader:{CANARY}@{host}/default/t"),
        ("copy", "in.csv", f"clickhouse://loader@{host}/default/t?password={CANARY}", "--json"),
        ("copy", "in.csv", f"clickhouse://{host}/default/t", "-t", f"token={CANARY}", "--progress", "json"),
        ("copy", "in.csv", f"clickhouse://loader@{host}/default/t", "--password-file", "secret"),
        ("copy", f"clickhouse://loader:{CANARY}@{host}/default/kept", "out.csv", "-s", "query=SELECT throwIf(1)"),
        ("preview", f"clickhouse://{host}/default/kept?proxy=http://u:{CANARY}@127.0.0.1:1"),
        ("preview", f"clickhouse://nowhere.invalid/a/b?token={CANARY}&secure=false"),
        ("preview", f"clickhouse://a:{CANARY}/b@{host}/c"),
        ("tables", f"clickhouses://loader:{CANARY}@{host}"),
        ("schema", f"clickhouse://loader@{host}/default/kept", "-o", f"passwrd={CANARY}"),
        ("columns", f"clickhouse://{host}/default/kept", "-o", f"key_password={CANARY}"),
    ]
    for arguments in runs:
        done = command(*arguments)
        written.append(done.stdout + done.stderr)
    secret = command("preview", f"clickhouse://{host}/default/kept", FLATBED_CLICKHOUSE_PASSWORD=CANARY)
    written.append(secret.stdout + secret.stderr)
    with pytest.raises(fb.Error) as caught:
        fb.preview(f"clickhouse://loader@{host}/default/kept", options={"password": CANARY})
    written.append(repr(caught.value) + str(caught.value) + str(vars(caught.value)))
    for text in written:
        assert CANARY not in text
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "secret":
            assert CANARY.encode() not in path.read_bytes()


def test_a_receipt_and_the_process_list_hold_no_secret(server: ClickHouse, tmp_path: Path) -> None:
    user, password = LOADER
    (tmp_path / "secret").write_text(password)
    source = "clickhouse://" + f"{user}@127.0.0.1:{server.http_port}/default/"
    process = subprocess.Popen(
        [
            *(
                sys.executable,
                "-m",
                "flatbed.command",
                "copy",
                source,
                "out.csv",
                "--json",
                "--password-file",
                "secret",
            ),
            *("--query", "SELECT number, sleepEachRow(0.01) FROM numbers(100)"),
        ],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "FLATBED_CLICKHOUSE_PASSWORD": ""},
    )
    seen = []

    def look() -> None:
        while process.poll() is None:
            seen.append(subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout)
            threading.Event().wait(0.2)

    looking = threading.Thread(target=look)
    looking.start()
    out, err = process.communicate(timeout=60)
    looking.join()
    assert process.returncode == 0, err
    assert json.loads(out)["loaded"] == 100
    assert seen and not any(password in text for text in [*seen, out.decode(), err.decode()])
    logs = "".join(path.read_text(errors="replace") for path in server.folder.glob("*.log"))
    assert password not in logs
