"""A gateway as companies put in front of ClickHouse: HAProxy (Debian's package) that checks JSON Web Tokens and does TLS.

    with ClickHouse() as server, Gateway(server) as gateway: ...

Keys and certificates are made on the spot by openssl, in a temporary folder. The token's `sub` names the ClickHouse user;
the only one that the gateway knows is `loader`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from clickhouse import LOADER, ClickHouse

SECRET = "a secret of HS256 for tests"
ISSUER, AUDIENCE = "https://issuer.example", "warehouse"
NAME = "gateway.test"  # what the good certificate is for, beside 127.0.0.1

CONFIG = """
global
  log stdout format raw local0 warning
  maxconn 200
defaults
  mode http
  log global
  timeout connect 5s
  timeout client 60s
  timeout server 60s

frontend tokens
  bind 127.0.0.1:{tokens}
  bind 127.0.0.1:{tokens_tls} ssl crt {dir}/good.pem
  http-request del-header X-ClickHouse-User
  http-request del-header X-ClickHouse-Key
  http-request set-var(txn.token) http_auth_bearer
  http-request deny deny_status 401 content-type text/plain string "no token" unless {{ var(txn.token) -m found }}
  http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')
  http-request set-var(txn.iss) var(txn.token),jwt_payload_query('$.iss')
  http-request set-var(txn.aud) var(txn.token),jwt_payload_query('$.aud')
  http-request set-var(txn.sub) var(txn.token),jwt_payload_query('$.sub')
  http-request set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  # A key goes with one algorithm: the public key of RS256 must never serve as a secret of HS256.
  http-request set-var(txn.good) var(txn.token),jwt_verify("RS256","{dir}/rs.pub") if {{ var(txn.alg) -m str RS256 }}
  http-request set-var(txn.good) var(txn.token),jwt_verify("HS256","{secret}") if {{ var(txn.alg) -m str HS256 }}
  http-request deny deny_status 401 content-type text/plain string "bad signature" unless {{ var(txn.good) -m int 1 }}
  http-request deny deny_status 401 content-type text/plain string "no expiry" unless {{ var(txn.exp) -m found }}
  http-request deny deny_status 401 content-type text/plain string "expired" unless {{ var(txn.exp),sub(txn.now) -m int gt 0 }}
  http-request deny deny_status 401 content-type text/plain string "wrong issuer" unless {{ var(txn.iss) -m str {issuer} }}
  http-request deny deny_status 401 content-type text/plain string "wrong audience" unless {{ var(txn.aud) -m str {audience} }}
  http-request deny deny_status 403 content-type text/plain string "unknown user" unless {{ var(txn.sub) -m str {user} }}
  http-request del-header Authorization
  http-request set-header X-ClickHouse-User "{user}"
  http-request set-header X-ClickHouse-Key "{password}"
  default_backend clickhouse

frontend tls
  bind 127.0.0.1:{good} ssl crt {dir}/good.pem
  bind 127.0.0.1:{expired} ssl crt {dir}/expired.pem
  bind 127.0.0.1:{other_name} ssl crt {dir}/other_name.pem
  bind 127.0.0.1:{other_ca} ssl crt {dir}/other_ca.pem
  bind 127.0.0.1:{client} ssl crt {dir}/good.pem ca-file {dir}/ca.crt verify required
  default_backend clickhouse

backend clickhouse
  server one 127.0.0.1:{http}
"""

PORTS = ("tokens", "tokens_tls", "good", "expired", "other_name", "other_ca", "client")


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Gateway:
    """HAProxy in front of a server; `ports` tells where it listens for what."""

    def __init__(self, server: ClickHouse) -> None:
        self.server = server
        self.folder = Path(tempfile.mkdtemp(prefix="flatbed-gateway-"))
        self.ports: dict[str, int] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def _openssl(self, *arguments: str, data: bytes | None = None) -> bytes:
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, input=data, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode())
        return done.stdout

    def _authority(self, name: str) -> None:
        self._openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={name}"),
            *("-keyout", f"{name}.key", "-out", f"{name}.crt"),
        )

    def _certificate(self, name: str, authority: str, names: str, days: int = 30) -> None:
        """Makes NAME.key, NAME.crt, and NAME.pem of both."""
        self._openssl(
            *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}"),
            *("-keyout", f"{name}.key", "-out", f"{name}.csr"),
        )
        self._openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.crt", "-CAkey", f"{authority}.key"),
            *("-CAcreateserial", "-copy_extensions", "copy", "-days", str(days), "-out", f"{name}.crt"),
        )
        pem = (self.folder / f"{name}.crt").read_bytes() + (self.folder / f"{name}.key").read_bytes()
        (self.folder / f"{name}.pem").write_bytes(pem)

    def path(self, name: str) -> Path:
        return self.folder / name

    def start(self) -> Gateway:
        self._openssl("genrsa", "-out", "rs.key", "2048")
        self._openssl("rsa", "-in", "rs.key", "-pubout", "-out", "rs.pub")
        self._openssl("genrsa", "-out", "other_rs.key", "2048")
        self._authority("ca")
        self._authority("stranger")
        here = f"DNS:{NAME},IP:127.0.0.1"
        self._certificate("good", "ca", here)
        self._certificate("expired", "ca", here, days=-1)
        self._certificate("other_name", "ca", "DNS:elsewhere.example")
        self._certificate("other_ca", "stranger", here)
        self._certificate("client", "ca", "DNS:client")
        self._certificate("strange_client", "stranger", "DNS:client")
        self._openssl("rsa", "-aes256", "-in", "client.key", "-passout", "pass:key secret", "-out", "locked.key")
        self.ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
        config = CONFIG.format(
            dir=self.folder,
            secret=SECRET,
            issuer=ISSUER,
            audience=AUDIENCE,
            user=LOADER[0],
            password=LOADER[1],
            http=self.server.http_port,
            **self.ports,
        )
        (self.folder / "haproxy.cfg").write_text(config)
        with (self.folder / "log").open("wb") as log:
            binary = shutil.which("haproxy") or "/usr/sbin/haproxy"
            self._process = subprocess.Popen(
                [binary, "-db", "-f", "haproxy.cfg"], cwd=self.folder, stdout=log, stderr=log
            )
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.ports["client"]), 1).close()
                return self
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.02)
        raise RuntimeError("HAProxy did not start: " + (self.folder / "log").read_text())

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def token(self, alg: str = "HS256", key: str | None = None, seconds: float = 300, **claims: Any) -> str:
        """Makes a token; a claim that is None is left out."""
        payload = {"sub": LOADER[0], "iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time() + seconds), **claims}
        payload = {name: value for name, value in payload.items() if value is not None}
        parts = [json.dumps({"alg": alg, "typ": "JWT"}).encode(), json.dumps(payload).encode()]
        signed = b".".join(_base64url(part) for part in parts)
        signature = b""
        if alg == "HS256":
            signature = hmac.new((key or SECRET).encode(), signed, hashlib.sha256).digest()
        elif alg == "RS256":
            signature = self._openssl("dgst", "-sha256", "-sign", key or "rs.key", data=signed)
        return (signed + b"." + _base64url(signature)).decode()

    def __enter__(self) -> Gateway:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
