"""Loads: started, watched, paused, cancelled, and what comes out of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import FileResponse, Response, StreamingResponse

from flatbed_web import models
from flatbed_web.endpoints import source_of, target_of
from flatbed_web.loads import Load
from flatbed_web.problems import Refusal, not_found
from flatbed_web.sessions import Session
from flatbed_web.state import Shared, State, Visitor
from flatbed_web.unfinished import LEDGER

router = APIRouter(tags=["loads"])
LoadId = Annotated[models.Id, Path()]
LOOK_SECONDS = 0.2
BEAT_SECONDS = 15
MOST_LOADS = 200


@router.get("/loads")
def list_loads(session: Visitor) -> list[models.Load]:
    """The loads of this session, the latest first."""
    return [load.shown() for load in reversed(session.loads.values())]


@router.post("/loads", status_code=201)
def start_load(state: Shared, session: Visitor, body: models.Plan, request: Request) -> models.Load:
    if sum(not load.ended for load in session.loads.values()) >= 10:
        raise Refusal(409, "FB-WEB-0302", "ten loads are under way", hint="wait for one to end, or cancel one")
    state.disk.room_for(0, state.sessions.promised())
    source = source_of(state, session, body)
    target = target_of(session, state.disk, body.target)
    diverts = body.on_reject is models.OnReject.divert
    if body.on_reject is models.OnReject.quarantine and isinstance(body.target, models.FileTarget):
        raise Refusal(400, "FB-WEB-0303", "rows are set aside for a table only", hint="keep them for download")
    rejects = state.disk.new_path("exports", ".csv") if diverts else None
    sets_aside = body.on_reject is models.OnReject.quarantine and not body.check
    quarantine = state.disk.new_path("quarantine", "") if sets_aside else None
    load = Load(body, source, target, rejects, quarantine, state.settings.memory)
    if not body.check and target.path is None and source.can_be_read_again(source.uri):
        load.ledger = state.disk.new_path("loads", "") / LEDGER
        state.unfinished.keep(session, load)
    return begin(state, session, load)


def begin(state: State, session: Session, load: Load) -> models.Load:
    """Puts a load among those of the session and starts it; the oldest of too many goes."""
    for old in [load.id for load in session.loads.values() if load.ended][: max(0, len(session.loads) - MOST_LOADS)]:
        session.loads.pop(old).remove_files()
    session.loads[load.id] = load
    state.runner.start(load)
    return load.shown()


@router.get("/loads/{id}")
def get_load(session: Visitor, id: LoadId) -> models.Load:
    return session.load(id).shown()


@router.get("/loads/{id}/events", response_class=StreamingResponse)
def watch_load(session: Visitor, id: LoadId) -> StreamingResponse:
    """Server-sent events: each is the whole load, the first comes at once, so that a page may come and go."""
    load = session.load(id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(load), media_type="text/event-stream", headers=headers)


async def _events(load: Load) -> AsyncIterator[str]:
    sent, quiet = -1, 0.0
    while True:
        shown = load.shown()
        if shown.version != sent:
            sent, quiet = shown.version, 0.0
            yield f"id: {sent}\nevent: load\ndata: {shown.model_dump_json(by_alias=True)}\n\n"
        if load.ended:
            return
        await asyncio.sleep(LOOK_SECONDS)
        quiet += LOOK_SECONDS
        if quiet > BEAT_SECONDS:
            quiet = 0
            yield ": still here\n\n"


@router.post("/loads/{id}/pause")
def pause_load(session: Visitor, id: LoadId) -> models.Load:
    session.load(id).pause(True)
    return session.load(id).shown()


@router.post("/loads/{id}/continue")
def continue_load(session: Visitor, id: LoadId) -> models.Load:
    session.load(id).pause(False)
    return session.load(id).shown()


@router.post("/loads/{id}/cancel")
def cancel_load(session: Visitor, id: LoadId) -> models.Load:
    session.load(id).cancel()
    return session.load(id).shown()


@router.post("/loads/{id}/resume", status_code=201)
def resume_load(state: Shared, session: Visitor, id: LoadId) -> models.Load:
    """Goes on with a load that was interrupted: the file is read again, and what the table has is not sent."""
    load = session.load(id)
    if not load.resumable:
        raise Refusal(409, "FB-WEB-0308", "this load was not interrupted, or it goes on already")
    target = replace(load.target, options={**load.target.options, **_options_of_target(session, load)})
    if load.target.uri.startswith("chdb:"):
        state.start_engine()
    again = Load(
        load.plan,
        load.source,
        target,
        load.rejects_path,
        load.quarantine,
        load.memory,
        ledger=load.ledger,
        resumes=load.id,
    )
    load.resumable, load.ledger, load.quarantine, load.rejects_path = False, None, None, None
    return begin(state, session, again)


def _options_of_target(session: Session, load: Load) -> dict[str, str]:
    """Those of a connection to the same server; after a new start of the app a visitor has to make one first."""
    for connection in session.connections.values():
        user = load.target.options.get("user", "")
        if load.target.uri.startswith(f"{connection.base}/") and connection.shown.user == user:
            return connection.options
    if load.target.uri.startswith("chdb:"):
        return {}
    server = load.target.uri.split("/")[2]
    raise Refusal(
        409,
        "FB-WEB-0307",
        f"there is no connection to {server} now",
        hint="connect to it on the page Choose, and resume",
    )


@router.post("/loads/{id}/verify")
def verify_load(session: Visitor, id: LoadId, request: Request) -> models.Proof:
    """Reads the file of a load again, and looks for every row in the table."""
    return _provable(session, id, request).verify()


@router.post("/loads/{id}/undo")
def undo_load(session: Visitor, id: LoadId, body: models.UndoRequest, request: Request) -> models.Undo:
    """Takes the rows of a load out of the table again; dry, it tells what would be done."""
    return _provable(session, id, request).undo(body.dry)


def _provable(session: Session, id: str, request: Request) -> Load:
    load = session.load(id)
    if not load.shown().provable:
        raise Refusal(409, "FB-WEB-0305", "only a file that is in a table can be looked for there")
    request.state.names = load.names
    return load


@router.get("/loads/{id}/file", response_class=FileResponse)
def download_file(session: Visitor, id: LoadId) -> Response:
    load = session.load(id)
    name = load.shown().file
    if name is None or load.target.path is None:
        raise not_found("file")
    return FileResponse(load.target.path, filename=name, media_type="application/octet-stream")


@router.get("/loads/{id}/rejects", response_class=FileResponse)
def download_rejects(session: Visitor, id: LoadId) -> Response:
    load = session.load(id)
    if load.rejects_path is None or not load.rejects_path.exists():
        raise not_found("file of rejects")
    return FileResponse(load.rejects_path, filename="rejects.csv", media_type="application/octet-stream")
