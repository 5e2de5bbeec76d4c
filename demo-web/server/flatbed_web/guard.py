"""The door: host names, origins, sizes, rates and headers, before any other code sees a request."""

from __future__ import annotations

import ipaddress
import json
import secrets
import socket
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import limits
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flatbed_web.problems import Refusal
from flatbed_web.settings import Settings

BODY_LIMIT = 1 << 20
"""Most bytes of a request that is no upload."""

TOO_LARGE = Refusal(413, "FB-WEB-0104", "the request is larger than 1 MB", hint="send files as uploads")

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def content_policy(nonce: str) -> str:
    return (
        "default-src 'none'; script-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        f"style-src 'self' 'nonce-{nonce}'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


def hostname_of(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


class Guard:
    """Refuses what no page of the app would send, and puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self._rate = limits.RateLimitItemPerSecond(settings.requests_a_second)
        self._limiter = limits.strategies.FixedWindowRateLimiter(limits.storage.MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers["Content-Security-Policy"] = content_policy(nonce)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
                if scope.get("scheme") == "https":
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        try:
            self._check(scope)
            await self.app(scope, self._counted(scope, receive), send_guarded)
        except Refusal as refusal:
            await refuse(refusal, send_guarded)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if hostname_of(headers.get("host", "")) not in self.settings.hosts:
            raise Refusal(
                400,
                "FB-WEB-0101",
                "the app is not known under this host name",
                hint="the operator adds it to FLATBED_WEB_HOSTS",
            )
        origin = headers.get("origin")
        if (
            scope["method"] not in ("GET", "HEAD", "OPTIONS")
            and origin is not None
            and urlsplit(origin).netloc != headers.get("host")
            and origin not in self.settings.origins
        ):
            raise Refusal(
                403,
                "FB-WEB-0102",
                "another site's page sent this request",
                hint="the operator adds the site to FLATBED_WEB_ORIGINS",
            )
        length = headers.get("content-length", "0")
        if scope["method"] != "PATCH" and not (length.isdecimal() and int(length) <= BODY_LIMIT):
            raise TOO_LARGE
        client = scope["client"][0] if scope.get("client") else ""
        if scope["path"].startswith("/api/") and not self._limiter.hit(self._rate, client):
            raise Refusal(429, "FB-WEB-0103", "too many requests", hint="wait a second")

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        """Ends a body that is longer than the app takes; uploads count their own."""
        if scope["method"] == "PATCH":
            return receive
        taken = 0

        async def receive_counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > BODY_LIMIT:
                raise TOO_LARGE
            return message

        return receive_counted


async def refuse(refusal: Refusal, send: Callable[[Message], Awaitable[None]]) -> None:
    body = json.dumps({"error": refusal.problem.model_dump()}).encode()
    headers: list[Any] = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if refusal.status == 429:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class ServerList:
    """The hosts that the app may connect to. Names are exact, and none may lead to a link-local address."""

    def __init__(self, allowed: list[str]) -> None:
        self.allowed = [entry.lower() for entry in allowed]

    def check(self, host: str, port: int) -> None:
        host = host.lower().strip("[]")
        shown = f"[{host}]" if ":" in host else host
        if not {host, shown, f"{shown}:{port}"} & set(self.allowed):
            raise Refusal(
                403,
                "FB-WEB-0105",
                f"the app does not connect to {shown}:{port}",
                expected="one of " + ", ".join(self.allowed),
                hint="the operator adds the host to FLATBED_WEB_SERVERS",
            )
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return  # the library says it better
        for *_, address in found:
            ip = ipaddress.ip_address(str(address[0]).partition("%")[0])
            mapped = getattr(ip, "ipv4_mapped", None) or ip
            if mapped.is_link_local or mapped.is_multicast or mapped.is_unspecified:
                raise Refusal(403, "FB-WEB-0106", f"{shown} is a link-local address, which the app never connects to")
