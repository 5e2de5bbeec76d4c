"""A TCP proxy that breaks where it is told to: `with Proxy(port) as proxy: proxy.cut_after(10_000)`."""

from __future__ import annotations

import contextlib
import socket
import threading


class Proxy:
    """Forwards to a local port. One fault at a time is armed; once it has struck, everything passes."""

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._cut_after: int | None = None
        self._cut_at = b""
        self._swallow = self._pass = 0
        self.struck = 0
        self._sockets: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def cut_after(self, count: int) -> None:
        """Cuts every connection when `count` more bytes have passed, in either direction."""
        with self._lock:
            self._cut_after = count

    def cut_at(self, words: bytes) -> None:
        """Cuts every connection when the client sends these words."""
        with self._lock:
            self._cut_at = words

    def swallow_answers(self, count: int, after: int = 0) -> None:
        """Lets the next `count` INSERTs through, `after` that many others, and keeps their answers."""
        with self._lock:
            self._swallow, self._pass = count, after

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._upstream))
            except OSError:
                client.close()
                continue
            with self._lock:
                self._sockets |= {client, server}
            kept = threading.Event()  # the answer is not to be handed on
            for source, target, to_server in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=(source, target, to_server, kept), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, to_server: bool, kept: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if to_server and b"insert_deduplication_token" in data:
                    with self._lock:
                        if self._pass > 0:
                            self._pass -= 1
                        elif self._swallow > 0:
                            self._swallow -= 1
                            kept.set()
                if not to_server and kept.is_set():
                    self.struck += 1
                    break
                with self._lock:
                    if to_server and self._cut_at and self._cut_at in data:
                        self._cut_at = b""
                        self.struck += 1
                        self._close_all()
                        return
                    if self._cut_after is not None:
                        self._cut_after -= len(data)
                        if self._cut_after < 0:
                            data, self._cut_after = data[: self._cut_after], None
                            self.struck += 1
                            target.sendall(data)
                            self._close_all()
                            return
                target.sendall(data)
        self._close(source, target)

    def _close(self, *sockets: socket.socket) -> None:
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _close_all(self) -> None:
        sockets, self._sockets = self._sockets, set()
        self._close(*sockets)

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._close(self._listener)
        with self._lock:
            self._close_all()
