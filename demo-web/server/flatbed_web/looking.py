"""Looking at a source before anything moves: dialect, columns, first rows, what a load would do."""

from __future__ import annotations

from fastapi import APIRouter, Request

import flatbed
import flatbed.excel
from flatbed_web import files, models
from flatbed_web.endpoints import command_of, source_of, target_of
from flatbed_web.loads import Endpoint
from flatbed_web.problems import Refusal, named, problem_of
from flatbed_web.state import Shared, State, Visitor

router = APIRouter(tags=["looking"])
MOST_KEYS = 20
SETTINGS = ("delimiter", "quote", "escape", "newline", "header", "skip_rows", "encoding")


def _source(state: State, session: Visitor, request: Request, look: models.Look) -> Endpoint:
    source = source_of(state, session, look)
    request.state.names = source.names
    return source


def _columns(schema: flatbed.Schema, names: dict[str, str]) -> list[models.Column]:
    return [
        models.Column(name=field.name, type=field.type, decided_by=named(field.decided_by, names)) for field in schema
    ]


@router.post("/sniff")
def sniff(state: Shared, session: Visitor, body: models.Look, request: Request) -> models.Sniffed:
    """How the text of a file is written, and who says so."""
    source = _source(state, session, request, body)
    if isinstance(body.source, models.TableSource | models.QuerySource):
        raise Refusal(400, "FB-WEB-0301", "a table has no dialect", hint="ask for a file")
    found = flatbed.sniff(source.uri, options=source.options)
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
    return models.Columns(columns=_columns(flatbed.schema(source.uri, options=source.options), source.names))


@router.post("/profile")
def profile(state: Shared, session: Visitor, body: models.Look, request: Request) -> models.Profile:
    """What the values of the columns are, over every row."""
    source = _source(state, session, request, body)
    found = flatbed.profile(source.uri, options=source.options)
    return models.Profile(
        rows=found.rows,
        rejected=found.rejected,
        columns=[models.ColumnProfile.model_validate(column, from_attributes=True) for column in found.columns],
        order_by=found.order_by,
    )


@router.post("/preview")
def preview(state: Shared, session: Visitor, body: models.PreviewRequest, request: Request) -> models.Preview:
    """The first rows, read as they will be, beside the text they were read from."""
    source = _source(state, session, request, body)
    batch = flatbed.preview(source.uri, body.rows, options=source.options)
    return models.Preview(
        columns=_columns(batch.schema, source.names),
        rows=[list(row) for row in batch.texts()],
        raw=files.first_lines(source.path) if source.path else None,
        sheets=flatbed.excel.sheets(source.path, source.options)
        if source.path and source.path.suffix in files.WORKBOOKS
        else [],
    )


@router.post("/join")
def join(session: Visitor, body: models.JoinRequest, request: Request) -> models.Join:
    """The SQL of a join, and the keys that names and types propose for each table from the second on."""
    connection = session.connection(body.connection)
    names = request.state.names = {connection.base: connection.shown.name}
    built = flatbed.Join()
    sides: list[models.JoinSide] = []
    for at, (table, alias) in enumerate(zip(body.tables, _aliases(body.tables), strict=True)):
        known = built.proposals()
        kind = f"{table.kind.value} " if at else ""
        built.table(f"{kind}{_backquoted(table.database)}.{_backquoted(table.table)} AS {_backquoted(alias)}")
        built.look_up(connection.base, options=connection.options)
        found = [proposal for proposal in built.proposals() if proposal not in known]
        keys = [key for key, _, _ in found[:1]] if table.keys is None else table.keys
        if at and table.kind is not models.JoinKind.cross:
            for key in keys:
                built.on(key)
        if at:
            proposals = [models.KeyProposal(key=key, score=score, why=why) for key, score, why in found[:MOST_KEYS]]
            sides.append(models.JoinSide(keys=keys, proposals=proposals))
    try:
        return models.Join(sides=sides, sql=built.sql(), problem=None)
    except flatbed.Error as error:
        return models.Join(sides=sides, sql=None, problem=problem_of(error, names))


def _aliases(tables: list[models.JoinedTable]) -> list[str]:
    """The tables' names, numbered where they come again."""
    names = [table.table for table in tables]
    return [
        name if names.index(name) == at else f"{name}_{names[: at + 1].count(name)}" for at, name in enumerate(names)
    ]


def _backquoted(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "``") + "`"


@router.post("/plan")
def propose(state: Shared, session: Visitor, body: models.Plan, request: Request) -> models.Proposal:
    """What a load would do: the table it would make, and the same as a command line. Nothing is written."""
    source = _source(state, session, request, body)
    target = target_of(session, state.disk, body.target)
    request.state.names = {**source.names, **target.names}
    command = command_of(body, source, target)
    if not isinstance(body.target, models.TableTarget):
        return models.Proposal(ddl=None, columns=[], problem=None, command=command)
    found = flatbed.difference(
        source.uri,
        target.uri,
        columns=body.columns,
        rename=body.rename,
        types=body.types,
        source_options=source.options,
        target_options=target.options,
    )
    return models.Proposal(
        ddl=None if found.exists else found.schema.ddl(target.name, body.target.order_by),
        columns=[models.ColumnDifference.model_validate(column, from_attributes=True) for column in found.columns]
        if found.exists
        else [],
        problem=problem_of(found.problem, request.state.names) if found.problem else None,
        command=command,
    )
