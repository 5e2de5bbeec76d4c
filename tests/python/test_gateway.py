"""Tokens and TLS against a real gateway: HAProxy in front of a real ClickHouse."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import flatbed as fb
from conftest import ROOT, Command

sys.path.insert(0, str(ROOT / "tests" / "real"))
from clickhouse import ClickHouse
from gateway import SECRET, Gateway


@pytest.fixture(scope="module")
def server() -> Iterator[ClickHouse]:
    with ClickHouse() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(server: ClickHouse) -> Iterator[Gateway]:
    with Gateway(server) as running:
        yield running


def address(gateway: Gateway, listener: str, what: str = "", scheme: str = "clickhouse") -> str:
    return f"{scheme}://127.0.0.1:{gateway.ports[listener]}/default/{what}"


def one(gateway: Gateway, **options: object) -> str | None:
    uri = address(gateway, "tokens")
    return fb.preview(uri, options={"query": "SELECT currentUser()", **options}).texts()[0][0]


@pytest.mark.parametrize("alg", ["HS256", "RS256"])
def test_a_good_token_opens_the_gateway(
    gateway: Gateway, tmp_path: Path, alg: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = gateway.token(alg)
    assert one(gateway, token=token) == "loader"
    assert one(gateway, token=lambda: token) == "loader"
    (tmp_path / "token").write_text(token + "\n")
    assert one(gateway, token_file=tmp_path / "token") == "loader"
    monkeypatch.setenv("FLATBED_CLICKHOUSE_TOKEN", token)
    assert one(gateway) == "loader"
    monkeypatch.delenv("FLATBED_CLICKHOUSE_TOKEN")
    monkeypatch.setenv("FLATBED_CLICKHOUSE_TOKEN_FILE", str(tmp_path / "token"))
    assert one(gateway) == "loader"


def test_a_bad_token_is_told_by_its_cause(gateway: Gateway) -> None:
    header, payload, signature = gateway.token().split(".")
    bad = {
        "expired": gateway.token(seconds=-5),
        "bad signature": gateway.token(key="another secret"),
        "no expiry": gateway.token(exp=None),
        "wrong audience": gateway.token(aud="elsewhere"),
        "wrong issuer": gateway.token(iss="https://elsewhere.example"),
        "unknown user": gateway.token(sub="nobody"),
    }
    forged = [
        gateway.token("none"),
        gateway.token("RS256", key="other_rs.key"),
        gateway.token(key=gateway.path("rs.pub").read_text()),
        f"{header}.{payload[:-4]}AAAA.{signature}",
        "garbage",
    ]
    for cause, token in [*bad.items(), *(("bad signature", token) for token in forged)]:
        with pytest.raises(fb.IOError) as caught:
            one(gateway, token=token)
        assert caught.value.code == "FB-NET-0102"
        assert cause in str(caught.value)
        assert token not in str(caught.value)
    with pytest.raises(fb.IOError, match="no token"):
        one(gateway)


def test_a_callback_that_fails_is_told_without_its_secret(gateway: Gateway) -> None:
    def fails() -> str:
        raise ValueError("canary")

    with pytest.raises(fb.IOError, match="raised ValueError") as caught:
        one(gateway, token=fails)
    assert "canary" not in str(caught.value)
    with pytest.raises(fb.IOError, match="did not return a str"):
        one(gateway, token=lambda: None)


def write_numbers(path: Path, rows: int) -> Path:
    path.write_text("id,text\n" + "".join(f"{i},row {i}\n" for i in range(rows)))
    return path


def test_tokens_that_expire_in_the_middle_of_a_load_are_renewed(
    server: ClickHouse, gateway: Gateway, tmp_path: Path
) -> None:
    rows = 200_000
    made: list[float] = []

    def short_lived() -> str:
        made.append(time.monotonic())
        return gateway.token(seconds=2)

    batches = []

    def slowly(batch: fb.Batch) -> list[bool]:
        batches.append(len(batch))
        if len(batches) == 3:
            time.sleep(2.5)  # longer than a token lives
        return [True] * len(batch)

    numbers = write_numbers(tmp_path / "numbers.csv", rows)
    target = {"create": True, "order_by": "id", "block_rows": 5000, "token": short_lived}
    pipeline = fb.Pipeline(numbers).then(slowly).sink(address(gateway, "tokens", "renewed"), options=target)
    receipt = pipeline.run(memory="16M")
    assert receipt.loaded == rows
    assert len(batches) >= 3
    assert len(made) >= 2
    assert server.query("SELECT count(), sum(id) FROM renewed").split() == [str(rows), str(rows * (rows - 1) // 2)]


def test_a_token_that_is_refused_in_the_middle_is_renewed_and_nothing_doubled(
    server: ClickHouse, gateway: Gateway, tmp_path: Path
) -> None:
    """Each second token is refused: its block is not taken, and goes again with the next one."""
    rows, made = 300_000, 0

    def unsteady() -> str:
        nonlocal made
        made += 1
        # No expiry that the client could see in time: only the refusal tells.
        return gateway.token(key=SECRET if made % 2 == 0 else "another secret")

    numbers = write_numbers(tmp_path / "numbers.csv", rows)
    target = {"create": True, "order_by": "id", "block_rows": 10_000, "token": unsteady}
    assert fb.copy(numbers, address(gateway, "tokens", "refused"), target_options=target).loaded == rows
    assert server.query("SELECT count(), sum(id) FROM refused").split() == [str(rows), str(rows * (rows - 1) // 2)]


def failure(gateway: Gateway, listener: str, **options: object) -> str:
    with pytest.raises(fb.Error) as caught:
        fb.preview(address(gateway, listener, scheme="clickhouses"), options={"query": "SELECT 1", **options})
    assert caught.value.code == "FB-NET-0105"
    return str(caught.value)


def test_tls_and_what_is_wrong_with_it(gateway: Gateway, tmp_path: Path) -> None:
    ca, query = gateway.path("ca.crt"), {"query": "SELECT 1"}
    good = address(gateway, "good", scheme="clickhouses")
    assert fb.preview(good, options={**query, "ca_file": ca}).texts() == [("1",)]
    assert fb.preview(good, options={**query, "verify": False}).texts() == [("1",)]

    message = failure(gateway, "good")
    assert "signed by an authority that is not trusted" in message and "ca_file=FILE" in message
    message = failure(gateway, "other_ca", ca_file=ca)
    assert "signed by an authority that is not trusted" in message and "ca_file=FILE" in message
    message = failure(gateway, "expired", ca_file=ca)
    assert "the server's certificate has expired" in message and "renew it" in message
    message = failure(gateway, "other_name", ca_file=ca)
    assert "is for another name" in message and "verify=false" in message
    message = failure(gateway, "good", ca_file=tmp_path / "none.pem")
    assert "the file of ca_file cannot be read" in message
    message = failure(gateway, "tokens")
    assert "the port does not speak TLS" in message and "insecure=true" in message


def test_client_certificates(gateway: Gateway, tmp_path: Path) -> None:
    query = {"query": "SELECT 1", "ca_file": gateway.path("ca.crt")}
    uri = address(gateway, "client", scheme="clickhouses")
    pair = {"cert_file": gateway.path("client.crt"), "key_file": gateway.path("client.key")}
    assert fb.preview(uri, options={**query, **pair}).texts() == [("1",)]
    locked = {**pair, "key_file": gateway.path("locked.key")}
    assert fb.preview(uri, options={**query, **locked, "key_password": "key secret"}).texts() == [("1",)]

    message = failure(gateway, "client", **query)
    assert "the server asks for a client's certificate" in message and "cert_file=FILE" in message
    strange = {"cert_file": gateway.path("strange_client.crt"), "key_file": gateway.path("strange_client.key")}
    message = failure(gateway, "client", **query, **strange)
    assert "does not trust the client's certificate" in message and "cert_file=FILE" in message
    message = failure(gateway, "client", **query, **locked, key_password="canary")
    assert "the client's key cannot be read" in message and "key_password" in message and "canary" not in message
    message = failure(gateway, "client", **query, **{**pair, "key_file": gateway.path("strange_client.key")})
    assert "key_file=FILE" in message
    message = failure(gateway, "client", **query, **{**pair, "cert_file": tmp_path / "none.pem"})
    assert "the client's certificate cannot be read" in message


class Relay:
    """Passes connections on to a port, and counts them and their bytes."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.connections = self.sent = self.received = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self._pump, args=(client, server, "sent"), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, "received"), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, counter: str) -> None:
        with suppress(OSError):
            while part := source.recv(65536):
                setattr(self, counter, getattr(self, counter) + len(part))
                target.sendall(part)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        source.close()

    def close(self) -> None:
        self._socket.close()


def test_blocks_are_packed_on_the_wire_both_ways(server: ClickHouse, tmp_path: Path) -> None:
    numbers = write_numbers(tmp_path / "numbers.csv", 50_000)
    sent, received = {}, {}
    for compression in ("none", "lz4", "zstd"):
        relay = Relay(server.http_port)
        table = f"clickhouse://127.0.0.1:{relay.port}/default/packed_{compression}"
        back = tmp_path / f"{compression}.csv"
        options = {"compression": compression}
        fb.copy(numbers, table, target_options={**options, "create": True, "order_by": "id"})
        fb.copy(table, back, source_options={**options, "order_by": "id"})
        assert back.read_bytes() == numbers.read_bytes()
        sent[compression], received[compression] = relay.sent, relay.received
        relay.close()
    for counts in (sent, received):
        assert counts["none"] > 500_000
        assert counts["lz4"] < counts["none"] * 0.7
        assert counts["zstd"] < counts["none"] * 0.5


def test_a_token_goes_by_tls_to_another_host(command: Command, gateway: Gateway) -> None:
    token = gateway.token()
    done = command("preview", "clickhouse://gateway.invalid/a/b", FLATBED_CLICKHOUSE_TOKEN=token)
    assert done.returncode == 4 and "no connection to gateway.invalid:8443" in done.stderr
    done = command("preview", "clickhouse://gateway.invalid/a/b", "-o", "secure=false", FLATBED_CLICKHOUSE_TOKEN=token)
    assert done.returncode != 0 and "FB-NET-0106" in done.stderr and token not in done.stderr


class Proxy:
    """An HTTP proxy that leads every host to one port of this machine, and wants a password."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.requests: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            part = client.recv(4096)
            if not part:
                return client.close()
            head += part
        self.requests.append(head)
        if b"Proxy-Authorization: Basic YW5uOnByb3h5IHNlY3JldA==" not in head:  # ann:proxy secret
            client.sendall(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return client.close()
        server = socket.create_connection(("127.0.0.1", self.target))
        if head.startswith(b"CONNECT "):
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            method, url, rest = head.split(b" ", 2)
            path = b"/" + url.split(b"/", 3)[3]  # one request a connection: the next one would need the same
            server.sendall(method + b" " + path + b" " + rest.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        threading.Thread(target=self._pump, args=(client, server), daemon=True).start()
        self._pump(server, client)
        return None

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while part := source.recv(65536):
                target.sendall(part)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        source.close()

    def close(self) -> None:
        self._socket.close()


def test_a_proxy_with_and_without_tls(server: ClickHouse, gateway: Gateway) -> None:
    for scheme, port in (("clickhouse", server.http_port), ("clickhouses", gateway.ports["good"])):
        proxy = Proxy(port)
        uri = f"{scheme}://gateway.test:{port}/default"
        query = {"query": "SELECT 41 + 1", "ca_file": gateway.path("ca.crt"), "compression": "none"}
        good = {**query, "proxy": f"http://ann:proxy%20secret@127.0.0.1:{proxy.port}"}
        assert fb.preview(uri, options=good).texts() == [("42",)]
        assert proxy.requests[0].startswith(b"CONNECT " if scheme == "clickhouses" else b"POST http://")
        bad = {**query, "proxy": f"http://ann:canary@127.0.0.1:{proxy.port}"}
        with pytest.raises(fb.Error) as caught:
            fb.preview(uri, options=bad)
        assert "407" in str(caught.value) and "proxy=http://user:password@host:port" in str(caught.value)
        assert "canary" not in str(caught.value)
        proxy.close()


def test_a_connection_is_used_again(server: ClickHouse, tmp_path: Path) -> None:
    """One load of many blocks opens no more connections than it has ways."""
    relay = Relay(server.http_port)
    numbers = write_numbers(tmp_path / "numbers.csv", 100_000)
    uri = f"clickhouse://127.0.0.1:{relay.port}/default/reused"
    fb.copy(numbers, uri, target_options={"create": True, "order_by": "id", "block_rows": 2000, "connections": 2})
    relay.close()
    assert relay.connections <= 3
