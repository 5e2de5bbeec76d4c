"""Rejected rows that a load set aside: shown, corrected, loaded."""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse, Response

import flatbed
from flatbed_web import models
from flatbed_web.loads import Endpoint, Load
from flatbed_web.loads_api import begin
from flatbed_web.problems import Refusal, not_found, problem_of
from flatbed_web.sessions import Session
from flatbed_web.state import Shared, Visitor

router = APIRouter(tags=["quarantine"])
LoadId = Annotated[models.Id, InPath()]
MOST_SHOWN = 200
ROWS = "rows.csv"
CORRECTED = ", corrected rows"


def _quarantine(session: Session, id: str) -> tuple[Load, Path]:
    load = session.load(id)
    if load.quarantine is None or not load.quarantine.is_dir():
        raise not_found("quarantine")
    return load, load.quarantine


def _busy(session: Session, folder: Path) -> bool:
    return any(load.quarantine == folder and not load.ended for load in session.loads.values())


def _lines(folder: Path) -> list[bytes]:
    data = (folder / ROWS).read_bytes()
    return re.split(rb"(?<=\n)" if b"\n" in data else rb"(?<=\r)", data)


def _spans(found: flatbed.Quarantine, lines: list[bytes]) -> dict[int, slice]:
    """Which lines each row has: those up to the next row."""
    starts = sorted({row.line for row in found.rows if row.line is not None} | set(found.added) | {len(lines) + 1})
    after = dict(itertools.pairwise(starts))
    return {row.number: slice(row.line - 1, after[row.line] - 1) for row in found.rows if row.line is not None}


def _newline(lines: list[bytes]) -> str:
    row = b"".join(lines)
    return row[len(row.rstrip(b"\r\n")) :].decode() or "\n"


def _text(lines: list[bytes]) -> str:
    return b"".join(lines).decode("utf-8", "replace").rstrip("\r\n")


@router.get("/loads/{id}/quarantine")
def show_quarantine(session: Visitor, id: LoadId, request: Request) -> models.Quarantine:
    """The rows that are not loaded yet, each with its reason."""
    load, folder = _quarantine(session, id)
    request.state.names = {**load.source.names, str(folder): "the quarantine"}
    found = flatbed.quarantine(folder)
    lines = _lines(folder)
    spans = _spans(found, lines)
    states = [row.state for row in found.rows]
    return models.Quarantine(
        load=load.replay_of or load.id,
        source=load.source.name,
        target=load.target.name,
        finished=found.finished,
        busy=_busy(session, folder),
        open=states.count("open"),
        loaded=states.count("loaded"),
        header=_text(lines[: min((span.start for span in spans.values()), default=0)]),
        unclear=states.count("unclear") + states.count("missing"),
        rows=[
            models.QuarantinedRow(
                number=row.number,
                state=models.RowState(row.state),
                edited=row.edited,
                line=row.line,
                text=_text(lines[spans[row.number]]),
                newline=_newline(lines[spans[row.number]]),
                reject=problem_of(row.reject, request.state.names),
            )
            for row in [row for row in found.rows if row.state == "open"][:MOST_SHOWN]
        ],
    )


@router.get("/loads/{id}/quarantine/file", response_class=FileResponse)
def download_quarantine(session: Visitor, id: LoadId) -> Response:
    """The rows as they stand in their source, under its header."""
    _, folder = _quarantine(session, id)
    return FileResponse(folder / ROWS, filename=ROWS, media_type="application/octet-stream")


@router.put("/loads/{id}/quarantine")
def correct_rows(session: Visitor, id: LoadId, body: models.Corrections, request: Request) -> models.Quarantine:
    """Writes other texts in place of rows; rows that are not named stay byte for byte."""
    _, folder = _quarantine(session, id)
    if _busy(session, folder):
        raise Refusal(409, "FB-WEB-0304", "these rows are being loaded", hint="wait for the load to end")
    found = flatbed.quarantine(folder)
    lines = _lines(folder)
    spans = _spans(found, lines)
    open_rows = {row.number for row in found.rows if row.state == "open"}
    if not body.rows.keys() <= open_rows:
        raise not_found("open row")
    for number in sorted(body.rows, reverse=True):  # from the end, so that the lines before keep their places
        old = b"".join(lines[spans[number]])
        ending = old[len(old.rstrip(b"\r\n")) :]
        lines[spans[number]] = [body.rows[number].encode() + ending]
    fresh = folder / f"{ROWS}.new"
    fresh.write_bytes(b"".join(lines))
    os.replace(fresh, folder / ROWS)
    return show_quarantine(session, id, request)


@router.post("/loads/{id}/replay", status_code=201)
def replay(state: Shared, session: Visitor, id: LoadId) -> models.Load:
    """Loads the open rows as they stand now; those that are rejected again stay."""
    load, folder = _quarantine(session, id)
    if _busy(session, folder):
        raise Refusal(409, "FB-WEB-0304", "these rows are being loaded", hint="wait for the load to end")
    source = Endpoint(str(folder), {}, load.source.name.removesuffix(CORRECTED) + CORRECTED)
    first = load.replay_of or load.id
    again = Load(load.plan, source, load.target, None, folder, state.settings.memory, replay_of=first)
    return begin(state, session, again)
