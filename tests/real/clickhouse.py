#!/usr/bin/env python3
"""A real ClickHouse server for tests, out of the PyPI package chdb-core: python tests/real/clickhouse.py --dir DIR

Prints "READY pid=PID http=PORT tcp=PORT" and leaves the two ports in DIR/ports. SIGTERM stops it cleanly, and so does the
end of the process that started it with --kill-with-parent. Needs nothing but chdb-core and Linux; from Python use the
class ClickHouse. Users: `default` without a password, `loader` with the password "load secret", `reader` with the password
"read secret" who may only read. The tables of DIR survive a restart.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
import types
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path
from xml.sax.saxutils import escape

LOADER = ("loader", "load secret")
READER = ("reader", "read secret")

CONFIG = """<clickhouse>
  <logger><level>information</level><log>{dir}/server.log</log><errorlog>{dir}/server.err.log</errorlog></logger>
  <log-level>information</log-level>
  <listen_host>127.0.0.1</listen_host>
  <http_port>{http_port}</http_port>
  <tcp_port>{tcp_port}</tcp_port>
  <path>{dir}/data/</path>
  <default_database>local_</default_database>
  <users_config>{users}</users_config>
  <allow_no_password>1</allow_no_password>
  <max_server_memory_usage>{max_memory}</max_server_memory_usage>
  <mark_cache_size>67108864</mark_cache_size>
  <query_log><database>system</database><table>query_log</table>
    <flush_interval_milliseconds>1000</flush_interval_milliseconds></query_log>
  <part_log><database>system</database><table>part_log</table>
    <flush_interval_milliseconds>1000</flush_interval_milliseconds></part_log>
{extra}
</clickhouse>
"""

USERS = """<clickhouse>
  <profiles>
    <default>
      <implicit_select>0</implicit_select>
      <allow_introspection_functions>0</allow_introspection_functions>
      <storage_file_read_method>pread</storage_file_read_method>
    </default>
    <reading><readonly>1</readonly></reading>
  </profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <password></password><networks><ip>127.0.0.1</ip><ip>::1</ip></networks><profile>default</profile>
      <quota>default</quota><default_database>default</default_database><access_management>1</access_management>
    </default>
    <loader>
      <password>load secret</password><networks><ip>::/0</ip></networks><profile>default</profile>
      <quota>default</quota><default_database>default</default_database>
    </loader>
    <reader>
      <password>read secret</password><networks><ip>::/0</ip></networks><profile>reading</profile>
      <quota>default</quota><default_database>default</default_database>
    </reader>
  </users>
</clickhouse>
"""

# The last SELECT lasts until standard input ends, and the server with it.
STATEMENTS = """
SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP;
SELECT getServerPort('http_port'), getServerPort('tcp_port') INTO OUTFILE '{ports}' TRUNCATE FORMAT TSV;
SELECT count() FROM file('/dev/stdin', 'LineAsString', 'line String')
  SETTINGS max_execution_time = 0, storage_file_read_method = 'read', log_queries = 0;
SYSTEM STOP LISTEN HTTP; SYSTEM STOP LISTEN TCP; SYSTEM FLUSH LOGS"""


def run_engine(folder: Path) -> None:
    """Is the server, until its standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.chdir(folder)  # config.xml is read from the current folder
    package = importlib.util.find_spec("chdb")
    assert package is not None and package.submodule_search_locations is not None
    module = types.ModuleType("chdb")  # the package's own __init__ would open an engine in this process
    module.__path__ = list(package.submodule_search_locations)
    sys.modules["chdb"] = module
    engine = importlib.import_module("chdb._chdb")
    statements = STATEMENTS.format(ports=str(folder / "ports").replace("\\", "\\\\").replace("'", "\\'"))
    engine.query(statements, "TabSeparated", path=str(folder / "data"))
    os._exit(0)


def write_configuration(options: argparse.Namespace) -> None:
    folder: Path = options.dir
    metadata = folder / "data" / "metadata"
    metadata.mkdir(parents=True, exist_ok=True)
    users = options.users.resolve() if options.users else folder / "users.xml"
    if not options.users:
        users.write_text(USERS)
    (folder / "config.xml").write_text(
        CONFIG.format(
            dir=escape(str(folder)),
            users=escape(str(users)),
            http_port=options.http_port,
            tcp_port=options.tcp_port,
            max_memory=options.max_memory,
            extra=options.extra_config.read_text() if options.extra_config else "",
        )
    )
    for database in ("default", "system"):  # on disk: a plain clickhouse-local keeps them in memory
        description = metadata / f"{database}.sql"
        if not os.path.lexists(description):
            description.write_text(f"ATTACH DATABASE {database} UUID '{uuid.uuid4()}' ENGINE = Atomic\n")


def supervise(options: argparse.Namespace) -> int:
    """Starts the engine, tells its ports, and ends its input when asked to stop."""
    parent = os.getppid()
    write_configuration(options)
    ports = options.dir / "ports"
    ports.unlink(missing_ok=True)
    engine = subprocess.Popen(
        [sys.executable, os.path.abspath(__file__), "--dir", options.dir, "--engine"],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert engine.stdin
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        if not stopping:
            stopping = True
            engine.stdin.close()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not (ports.exists() and ports.read_text().endswith("\n")):
        if engine.poll() is not None:
            return engine.returncode or 1
        time.sleep(0.01)
    http, tcp = ports.read_text().split()
    print(f"READY pid={engine.pid} http={http} tcp={tcp}", flush=True)
    status = None
    while status is None:
        if options.kill_with_parent and os.getppid() != parent:
            stop()
        try:
            status = engine.wait(0.2)
        except subprocess.TimeoutExpired:
            continue
    return 0 if stopping and status == 0 else status or 1


class ServerFailed(RuntimeError):
    """The server did not start or did not end: says nothing about what was tested with it."""


def ended(process: subprocess.Popen[str], seconds: int) -> bool:
    """Waits for a process. Turns are counted and not the clock, which goes on while both are stopped together."""
    for _ in range(10 * seconds):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            return True
    return False


class ClickHouse:
    """A server of one's own: `with ClickHouse() as server: server.query("SELECT 1")`."""

    def __init__(self, folder: Path | str | None = None, *arguments: str) -> None:
        self._temporary = tempfile.TemporaryDirectory() if folder is None else None
        self.folder = Path(self._temporary.name if self._temporary else str(folder)).resolve()
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None
        self.pid = self.http_port = self.tcp_port = 0

    def start(self) -> ClickHouse:
        """Starts the server; after the first time on the same ports."""
        ports = ["--http-port", str(self.http_port), "--tcp-port", str(self.tcp_port)]
        self._process = subprocess.Popen(
            [
                sys.executable,
                os.path.abspath(__file__),
                "--dir",
                str(self.folder),
                "--kill-with-parent",
                *ports,
                *self._arguments,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line.startswith("READY "):
            self._ended()
            raise ServerFailed(f"the server did not start: see {self.folder}/server.err.log")
        told = dict(word.split("=") for word in line.split()[1:])
        self.pid, self.http_port, self.tcp_port = int(told["pid"]), int(told["http"]), int(told["tcp"])
        return self

    def _ended(self) -> None:
        assert self._process and self._process.stdout
        if not ended(self._process, 60):
            raise ServerFailed(f"the server did not end within 60 s: see {self.folder}/server.err.log")
        self._process.stdout.close()
        self._process = None

    def stop(self) -> None:
        """Stops the server cleanly."""
        if self._process is not None:
            self._process.terminate()
            self._ended()

    def kill9(self) -> None:
        """Kills the server as a power cut would."""
        os.kill(self.pid, signal.SIGKILL)
        self._ended()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def query(
        self, sql: str, data: bytes | None = None, user: tuple[str, str] | None = None, **settings: object
    ) -> str:
        """Runs a statement; returns its answer, TSV unless it names a format; RuntimeError carries the server's text."""
        parameters = {name: str(value) for name, value in settings.items()}
        body = sql.encode()
        if data is not None:
            parameters["query"], body = sql, data
        request = urllib.request.Request(f"{self.url}/?{urllib.parse.urlencode(parameters)}", data=body)
        if user:
            request.add_header("X-ClickHouse-User", user[0])
            request.add_header("X-ClickHouse-Key", user[1])
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
                return str(answer.read().decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode("utf-8", "replace")) from None

    def cpu_seconds(self) -> float:
        """User and system time of the server so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_until_idle(self, seconds: float = 60) -> None:
        """Waits until no merge runs any more, so that its cost is counted with the load that caused it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.query("SELECT count() FROM system.merges").strip() != "0":
            time.sleep(0.1)

    def __enter__(self) -> ClickHouse:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._temporary:
            self._temporary.cleanup()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, required=True, help="folder of data, configuration and logs")
    parser.add_argument("--http-port", type=int, default=0, help="0: the system chooses")
    parser.add_argument("--tcp-port", type=int, default=0, help="0: the system chooses")
    parser.add_argument("--max-memory", type=int, default=4 << 30, help="most bytes the server may hold")
    parser.add_argument("--extra-config", type=Path, help="file of XML to put inside <clickhouse> of config.xml")
    parser.add_argument("--users", type=Path, help="users.xml to use in place of the built-in one")
    parser.add_argument("--kill-with-parent", action="store_true", help="stop when the process that started this ends")
    parser.add_argument("--engine", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.dir = options.dir.resolve()
    if options.engine:
        run_engine(options.dir)
        return 0
    return supervise(options)


if __name__ == "__main__":
    sys.exit(main())
