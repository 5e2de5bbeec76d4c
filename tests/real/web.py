"""A web server for tests: files with versions and ranges, and the faults of the web."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request, and ways to answer it."""

    protocol_version = "HTTP/1.1"
    server: Web

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))
        answer = self.server.answers.get(self.path)
        if answer is None:
            self.give(404, b"no such file")
        else:
            answer(self)

    def give(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers and "Transfer_Encoding" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self) -> None:
        """Breaks the connection as a crashed server does."""
        self.wfile.flush()
        self.connection.shutdown(2)
        self.close_connection = True

    def handle(self) -> None:
        with suppress(ConnectionError):  # a client that has read enough hangs up
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Web(ThreadingHTTPServer):
    """`web.answers["/x"]` answers for an address; `web.seen` is what was asked, with its headers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.answers: dict[str, Answer] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def __enter__(self) -> Web:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def asked(self, path: str) -> list[dict[str, str]]:
        return [headers for asked, headers in self.seen if asked == path]

    def file(
        self,
        path: str,
        data: bytes,
        *,
        etag: str | None = None,
        modified: float | None = None,
        ranges: bool = True,
        breaks: list[int] | None = None,
    ) -> str:
        """Serves a file. Each of `breaks` ends one answer after so many bytes of its body. Returns the address."""
        left = list(breaks or [])

        def answer(request: Request) -> None:
            headers: dict[str, str] = {}
            if etag is not None:
                headers["ETag"] = etag
            if modified is not None:
                headers["Last-Modified"] = formatdate(modified, usegmt=True)
            status, body = 200, data
            wanted = request.headers.get("Range")
            if ranges and wanted and request.headers.get("If-Range") in (etag, headers.get("Last-Modified")):
                first = int(wanted.removeprefix("bytes=").removesuffix("-"))
                status, body = 206, data[first:]
                headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
            cut = left.pop(0) if left else None
            if cut is None:
                request.give(status, body, **headers)
            else:
                request.give(status, body[:cut], Content_Length=str(len(body)), **headers)
                request.hang_up()

        self.answers[path] = answer
        return self.url(path)
