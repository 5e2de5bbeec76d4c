#!/usr/bin/env python3
"""Smoke test with the oldest server worth one: Debian's clickhouse-server 18.16 (2018). python tests/real/oldest.py

The packages are fetched by apt and unpacked into a folder, not installed, so nothing of the system changes. What must work:
queries, tables and exports. What the server lacks must be told plainly: tokens of inserts, without which a load cannot be
exact, and the columns of its system tables that discovery asks for.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

CONFIG = """<yandex>
  <logger><level>warning</level><log>{dir}/log</log><errorlog>{dir}/errors</errorlog></logger>
  <http_port>{http}</http_port><tcp_port>{tcp}</tcp_port><listen_host>127.0.0.1</listen_host>
  <path>{dir}/data/</path><tmp_path>{dir}/tmp/</tmp_path><users_config>{dir}/users.xml</users_config>
  <default_profile>default</default_profile><default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size>
</yandex>
"""
USERS = """<yandex>
  <profiles><default/></profiles><quotas><default/></quotas>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile><quota>default</quota></default></users>
</yandex>
"""


def unpack(folder: Path) -> Path:
    """Fetches the server and what it needs, and returns the program."""
    plan = subprocess.run(
        ["apt-get", "install", "--simulate", "--no-install-recommends", "clickhouse-server"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    packages = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
    names = [name for name in packages if re.match(r"clickhouse|lib", name)] or [
        "clickhouse-server",
        "clickhouse-common",
    ]
    subprocess.run(["apt-get", "download", "-qq", *names], cwd=folder, check=True)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, folder / "root"], check=True)
    return folder / "root" / "usr" / "sbin" / "clickhouse-server"


def ask(port: int, sql: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/", data=sql.encode()) as answer:
        return str(answer.read().decode())


def start(folder: Path, program: Path) -> tuple[subprocess.Popen[bytes], int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    http, tcp = (one.getsockname()[1] for one in sockets)
    for one in sockets:
        one.close()
    (folder / "tmp").mkdir()
    (folder / "config.xml").write_text(CONFIG.format(dir=folder, http=http, tcp=tcp))
    (folder / "users.xml").write_text(USERS)
    libraries = ":".join(str(folder / "root" / part / "x86_64-linux-gnu") for part in ("usr/lib", "lib"))
    process = subprocess.Popen(
        [program, f"--config-file={folder}/config.xml"], env={"LD_LIBRARY_PATH": libraries, "PATH": "/usr/bin:/bin"}
    )
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            ask(http, "SELECT 1")
            return process, http
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not start")


def flatbed(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "flatbed.command", *arguments], capture_output=True, text=True)


def check(port: int, folder: Path) -> None:
    address = f"clickhouse://127.0.0.1:{port}/default"
    print("server", ask(port, "SELECT version()").strip())
    ask(port, "CREATE TABLE t (a UInt8, b String, c Nullable(Float64), d Date) ENGINE = MergeTree ORDER BY a")
    ask(port, "INSERT INTO t VALUES (1, 'x', 1.5, '2018-01-02'), (2, 'it''s', NULL, '2018-12-24')")
    done = flatbed("copy", f"{address}/t", "-", "--to", "csv", "-s", "order_by=a")
    assert done.stdout == "a,b,c,d\n1,x,1.5,2018-01-02\n2,it's,,2018-12-24\n", done
    done = flatbed("schema", f"{address}/t")
    assert "c\tNullable(Float64)" in done.stdout, done
    done = flatbed("preview", f"{address}/", "--query", "SELECT sum(a) FROM t")
    assert done.stdout.splitlines()[1] == "3", done
    (folder / "in.csv").write_text("a,b,c,d\n3,z,,2019-01-01\n")
    done = flatbed("copy", str(folder / "in.csv"), f"{address}/t")
    assert done.returncode == 5 and "use ClickHouse 22.3 or newer" in done.stderr, done
    assert ask(port, "SELECT count() FROM t") == "2\n"
    done = flatbed("copy", str(folder / "in.csv"), f"{address}/new", "--create", "--order-by", "a")
    assert done.returncode == 5 and "too old for exact loads: use ClickHouse 22.3" in done.stderr, done
    for command in ("tables", "databases", "columns"):
        done = flatbed(command, address)
        assert done.returncode == 4 and "the server is too old to be listed" in done.stderr, done


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="flatbed-oldest-") as name:
        folder = Path(name)
        process, port = start(folder, unpack(folder))
        try:
            check(port, folder)
            print("exports, schemas and queries work; loads are refused with what is missing")
        finally:
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    main()
