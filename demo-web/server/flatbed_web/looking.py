"""Looking at a source before anything moves: dialect, columns, first rows, what a load would do."""

from __future__ import annotations

from fastapi import APIRouter, Request

import flatbed
from flatbed_web import files, models
from flatbed_web.endpoints import Endpoint, command_of, source_of, target_of
from flatbed_web.problems import Refusal
from flatbed_web.state import Shared, State, Visitor

router = APIRouter(tags=["looking"])
SETTINGS = ("delimiter", "quote", "escape", "newline", "header", "skip_rows", "encoding")


def _source(state: State, session: Visitor, request: Request, look: models.Look) -> Endpoint:
    source = source_of(session, state.samples, look, state.settings.unpack_limit)
    request.state.names = source.names
    return source


def _columns(schema: flatbed.Schema) -> list[models.Column]:
    return [models.Column(name=field.name, type=field.type, decided_by=field.decided_by) for field in schema]


@router.post("/sniff")
def sniff(state: Shared, session: Visitor, body: models.Look, request: Request) -> models.Sniffed:
    """How the text of a file is written, and who says so."""
    source = _source(state, session, request, body)
    if source.path is None:
        raise Refusal(400, "FB-WEB-0301", "a table has no dialect", hint="ask for a file")
    found = flatbed.sniff(source.path, options=source.options)
    given = body.dialect.model_dump(exclude_none=True)
    return models.Sniffed(
        settings={
            name: models.Setting(value=getattr(found, name), chosen_by="you" if name in given else "detected")
            for name in SETTINGS
        },
        score=found.score,
        runner_up=found.runner_up,
    )


@router.post("/columns")
def load_columns(state: Shared, session: Visitor, body: models.Look, request: Request) -> models.Columns:
    """The columns, with types that hold every row of a file, and the row that decided."""
    source = _source(state, session, request, body)
    return models.Columns(columns=_columns(flatbed.schema(source.uri, options=source.options)))


@router.post("/preview")
def preview(state: Shared, session: Visitor, body: models.PreviewRequest, request: Request) -> models.Preview:
    """The first rows, read as they will be, beside the text they were read from."""
    source = _source(state, session, request, body)
    batch = flatbed.preview(source.uri, body.rows, options=source.options)
    return models.Preview(
        columns=_columns(batch.schema),
        rows=[list(row) for row in batch.texts()],
        raw=files.first_lines(source.path) if source.path else None,
    )


@router.post("/plan")
def propose(state: Shared, session: Visitor, body: models.Plan, request: Request) -> models.Proposal:
    """What a load would do: the table it would make, and the same as a command line. Nothing is written."""
    source = _source(state, session, request, body)
    target = target_of(session, state.disk, body.target)
    request.state.names = {**source.names, **target.names}
    ddl = None
    if isinstance(body.target, models.TableTarget) and body.target.create:
        with flatbed.read_csv(
            source.uri, columns=body.columns, types=body.types or None, options=source.options
        ) as reader:
            ddl = reader.schema.ddl(target.name, body.target.order_by)
    return models.Proposal(ddl=ddl, command=command_of(body, source, target))
