"""Connections to ClickHouse: made, tried, listed, forgotten."""

from __future__ import annotations

import secrets
from typing import Annotated

import limits
from fastapi import APIRouter, Path, Request

import flatbed
from flatbed_web import models
from flatbed_web.problems import Refusal
from flatbed_web.sessions import Connection
from flatbed_web.state import Shared, State, Visitor

router = APIRouter(tags=["connections"])
ConnectionId = Annotated[models.Id, Path()]
CONNECT_SECONDS = 10
_limiter = limits.strategies.FixedWindowRateLimiter(limits.storage.MemoryStorage())


@router.get("/connections")
def list_connections(session: Visitor) -> list[models.Connection]:
    return [connection.shown for connection in session.connections.values()]


@router.post("/connections", status_code=201)
def connect(state: Shared, session: Visitor, body: models.ConnectionRequest, request: Request) -> models.Connection:
    """Connects once, so that a wrong password is known now, and keeps the way there for this session."""
    client = request.client.host if request.client else ""
    if not _limiter.hit(limits.RateLimitItemPerMinute(state.settings.connections_a_minute), client):
        raise Refusal(429, "FB-WEB-0103", "too many attempts to connect", hint="wait a minute")
    connection = _server(state, body) if isinstance(body, models.ServerRequest) else _embedded(state)
    request.state.names = {connection.base: connection.shown.name}
    flatbed.tables(connection.base, options=connection.options)
    for known in session.connections.values():
        if known.base == connection.base and known.shown.user == connection.shown.user:
            known.options = connection.options
            known.shown = connection.shown.model_copy(update={"id": known.shown.id})
            return known.shown
    session.connections[connection.shown.id] = connection
    return connection.shown


def _embedded(state: State) -> Connection:
    if not state.settings.embedded:
        raise Refusal(403, "FB-WEB-0107", "the app has no embedded ClickHouse", hint="connect to a server")
    state.start_engine()
    shown = models.Connection(id=secrets.token_urlsafe(12), kind="embedded", name="Embedded ClickHouse")
    return Connection(shown, state.engine_address, {})


def _server(state: State, body: models.ServerRequest) -> Connection:
    state.servers.check(body.host, body.port)
    host = f"[{body.host.strip('[]')}]" if ":" in body.host else body.host
    base = f"{'clickhouses' if body.secure else 'clickhouse'}://{host}:{body.port}"
    options = {"connect_timeout": str(CONNECT_SECONDS)}
    for name, given in (("user", body.user), ("password", body.password), ("token", body.token)):
        value = given if isinstance(given, str) else given.get_secret_value() if given else ""
        if value:
            options[name] = value
    if body.insecure:
        options["insecure"] = "true"
    shown = models.Connection(
        id=secrets.token_urlsafe(12),
        kind="server",
        name=f"{host}:{body.port}",
        **body.model_dump(include={"host", "port", "secure", "database", "user"}),
    )
    return Connection(shown, base, options)


@router.delete("/connections/{id}", status_code=204)
def disconnect(session: Visitor, id: ConnectionId) -> None:
    """Forgets a connection and its secrets."""
    session.connection(id)
    del session.connections[id]


@router.get("/connections/{id}/tables")
def list_tables(session: Visitor, id: ConnectionId) -> list[models.Table]:
    connection = session.connection(id)
    return [
        models.Table(
            database=table.database,
            name=table.name,
            engine=table.engine,
            rows=table.rows,
            bytes=table.bytes,
            comment=table.comment,
        )
        for table in flatbed.tables(connection.base, options=connection.options)
    ]
