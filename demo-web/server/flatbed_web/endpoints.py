"""From what a page asks for to what the library takes: addresses and options."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from flatbed_web import models
from flatbed_web.files import PARQUET, WORKBOOKS, Disk
from flatbed_web.loads import Endpoint
from flatbed_web.problems import Refusal
from flatbed_web.sessions import Connection, Session

if TYPE_CHECKING:
    from flatbed_web.state import State

NOT_SHOWN = ("password", "token", "unpack_limit", "hosts", "timeout")
"""Options that a command line leaves out: secrets, and the app's own limits."""


WORKBOOK_LIMIT = 256 << 20
"""Most bytes that a workbook may unpack to: a sheet is held in memory."""
WEB_SECONDS = 30
"""Most seconds that a web server may be silent."""

OPTIONS_OF: dict[models.TargetFormat, set[str]] = {
    models.TargetFormat.csv: {"format", "compression", "header", "formula_safe"},
    models.TargetFormat.tsv: {"format", "compression", "header", "formula_safe"},
    models.TargetFormat.parquet: set(),
}
"""Options of a file that is written; JSON has the others'."""


def table_uri(connection: Connection, database: str, table: str) -> str:
    return f"{connection.base}/{quote(database, safe='')}/{quote(table, safe='')}"


def _of_file(path: Path, name: str, dialect: models.Dialect, unpack_limit: int) -> Endpoint:
    given = dialect.model_dump(exclude_none=True, exclude={"sheet"}, mode="json")
    options: dict[str, Any] = {**given, "unpack_limit": unpack_limit}
    if path.suffix == PARQUET:
        options = {}
    if path.suffix in WORKBOOKS:
        options = {**dialect.model_dump(include={"sheet", "header"}, exclude_none=True), "unpack_limit": WORKBOOK_LIMIT}
    return Endpoint(str(path), options, name, path, {str(path): name})


def _of_clickhouse(connection: Connection, database: str, table: str, name: str, **more: Any) -> Endpoint:
    uri = table_uri(connection, database, table)
    return Endpoint(uri, {**connection.options, **more}, name, None, {connection.base: connection.shown.name})


def _of_web(state: State, url: str, dialect: models.Dialect) -> Endpoint:
    """The library asks none but the hosts of the list, also where it is redirected."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise Refusal(400, "FB-WEB-0206", "this is no address of a file", expected="https://host/file.csv") from None
    if "@" in parts.netloc:
        raise Refusal(
            400, "FB-WEB-0207", "the address holds a user or password", hint="take an address that is open, or upload"
        )
    state.servers.check(host, port)
    name = unquote(parts.path.rsplit("/", 1)[-1]) or host
    options = {
        **dialect.model_dump(exclude_none=True, exclude={"sheet"}, mode="json"),
        "unpack_limit": state.settings.unpack_limit,
        "hosts": state.servers.allowed,
        "timeout": WEB_SECONDS,
    }
    return Endpoint(url, options, name)


def source_of(state: State, session: Session, look: models.Look) -> Endpoint:
    source = look.source
    unpack_limit = state.settings.unpack_limit
    if isinstance(source, models.UploadSource):
        upload = session.upload(source.upload)
        if not upload.complete:
            raise Refusal(409, "FB-WEB-0202", "the upload has not ended", hint="wait for it, or send the rest")
        return _of_file(upload.path, upload.name, look.dialect, unpack_limit)
    if isinstance(source, models.SampleSource):
        return _of_file(state.samples.path(source.name), source.name, look.dialect, unpack_limit)
    if isinstance(source, models.WebSource):
        return _of_web(state, source.url, look.dialect)
    connection = session.connection(source.connection)
    if isinstance(source, models.TableSource):
        return _of_clickhouse(connection, source.database, source.table, f"{source.database}.{source.table}")
    return _of_clickhouse(connection, connection.shown.database or "default", "query", "a query", query=source.sql)


def target_of(session: Session, disk: Disk, target: models.Target) -> Endpoint:
    if isinstance(target, models.TableTarget):
        connection = session.connection(target.connection)
        made: dict[str, Any] = {"create": True} if target.create else {}
        if target.create and target.order_by:
            made["order_by"] = target.order_by
        return _of_clickhouse(connection, target.database, target.table, f"{target.database}.{target.table}", **made)
    path = disk.new_path("exports", f".{target.format.value}")
    name = file_name(target)
    options = target.model_dump(include=OPTIONS_OF.get(target.format, {"format", "compression"}), mode="json")
    return Endpoint(str(path), options, name, path, {str(path): name})


def file_name(target: models.FileTarget) -> str:
    packed = target.compression if target.format is not models.TargetFormat.parquet else "none"
    ending = {"none": "", "gzip": ".gz", "zstd": ".zst"}[packed]
    stem = target.name.replace("/", "_").replace("\\", "_").lstrip(".") or "export"
    whole = f".{target.format.value}{ending}"
    return stem if stem.endswith(whole) else stem.removesuffix(f".{target.format.value}") + whole


def command_of(plan: models.Plan, source: Endpoint, target: Endpoint) -> str:
    """The load as a line for a shell. Secrets are left to the environment, as the command wants them."""
    words = ["flatbed", "copy", *(end.name if end.path else end.uri for end in (source, target))]
    for column, name in plan.rename.items():
        words += ["--rename", f"{column}:{name}"]
    for column, type_ in plan.types.items():
        words += ["--type", f"{column}:{type_}"]
    if plan.columns is not None:
        words += ["--columns", ",".join(_quoted(name) for name in plan.columns)]
    for flag, endpoint in (("-s", source), ("-t", target)):
        for name, value in endpoint.options.items():
            if name not in NOT_SHOWN:
                words += [flag, f"{name}={_option_text(value)}"]
    if plan.on_reject is models.OnReject.skip:
        words += ["--on-reject", "skip"]
    if plan.on_reject is models.OnReject.divert:
        words += ["--rejects", "rejects.csv"]
    if plan.on_reject is models.OnReject.quarantine:
        words += ["--quarantine", "rejects"]
    if plan.max_rejects is not None:
        words += ["--max-rejects", str(plan.max_rejects)]
    return shlex.join(words)


def _option_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(_quoted(part) for part in value) if isinstance(value, list) else str(value)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',"') or name == "" else name
