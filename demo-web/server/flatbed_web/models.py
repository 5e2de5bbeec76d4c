"""What goes over the wire. The front end's types are generated from these."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

Text = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Sql = Annotated[str, StringConstraints(min_length=1, max_length=100_000, pattern=r"^[^\x00]+$")]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]


class Asked(BaseModel):
    """A body of a request: unknown members are refused."""

    model_config = ConfigDict(extra="forbid")


class Place(BaseModel):
    """Where in the data something was found; absent parts are unknown."""

    uri: str = ""
    byte: int | None = None
    line: int | None = None
    record: int | None = None
    column: int | None = None
    column_name: str = ""


class Problem(BaseModel):
    """An error of Flatbed or of the app, as every answer that is not a success holds it."""

    code: str
    message: str
    expected: str = ""
    hint: str = ""
    raw: str = ""
    place: Place = Place()


class Failure(BaseModel):
    error: Problem


# ---- Who is asking, and what the app offers ----


class SignIn(Asked):
    key: SecretStr | None = None


class About(BaseModel):
    version: str
    kernel: str
    signed_in: bool
    needs_key: bool
    embedded: bool
    samples: bool
    servers: list[str]
    upload_limit: int


# ---- Files ----


class UploadRequest(Asked):
    name: Name = Field(description="Shown, never used as a path")
    size: int = Field(ge=0, le=1 << 50)


class Upload(BaseModel):
    id: str
    name: str
    size: int
    offset: int = Field(description="Bytes that have arrived; the next part starts here")
    complete: bool


class SampleFile(BaseModel):
    name: str
    size: int


# ---- Connections ----


class EmbeddedRequest(Asked):
    kind: Literal["embedded"]


class ServerRequest(Asked):
    kind: Literal["server"]
    host: Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:_-]+$")]
    port: int = Field(default=8123, ge=1, le=65535)
    secure: bool = Field(default=False, description="TLS")
    database: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] = ""
    user: Text = ""
    password: SecretStr | None = None
    token: SecretStr | None = Field(default=None, description="JSON Web Token, in place of user and password")
    insecure: bool = Field(default=False, description="Send a secret to another host without TLS")


ConnectionRequest = Annotated[EmbeddedRequest | ServerRequest, Field(discriminator="kind")]


class Connection(BaseModel):
    """A way to a ClickHouse. Secrets stay in the memory of the app and are never shown."""

    id: str
    kind: Literal["embedded", "server"]
    name: str
    host: str = ""
    port: int = 0
    secure: bool = False
    database: str = ""
    user: str = ""


class Table(BaseModel):
    database: str
    name: str
    engine: str
    rows: int | None
    bytes: int | None
    comment: str


# ---- Sources and targets ----


class UploadSource(Asked):
    kind: Literal["upload"]
    upload: Id


class SampleSource(Asked):
    kind: Literal["sample"]
    name: Name


class WebSource(Asked):
    """A file at an address, which is read as it comes."""

    kind: Literal["web"]
    url: Annotated[str, StringConstraints(max_length=4000, pattern=r"^https?://[^\s\x00-\x1f]+$")]


class TableSource(Asked):
    kind: Literal["table"]
    connection: Id
    database: Name
    table: Name


class QuerySource(Asked):
    kind: Literal["query"]
    connection: Id
    sql: Sql


Source = Annotated[UploadSource | SampleSource | WebSource | TableSource | QuerySource, Field(discriminator="kind")]


class FileFormat(str, Enum):
    csv = "csv"
    tsv = "tsv"


class Dialect(Asked):
    """How a text file is written. What is absent is detected."""

    format: FileFormat | None = None
    delimiter: Annotated[str, StringConstraints(max_length=8)] | None = None
    quote: Annotated[str, StringConstraints(max_length=1)] | None = None
    escape: Annotated[str, StringConstraints(max_length=1)] | None = None
    header: bool | None = None
    skip_rows: int | None = Field(default=None, ge=0, le=1_000_000)
    encoding: Literal["utf-8", "utf-16le", "utf-16be", "latin-1", "cp1252"] | None = None
    nulls: list[Text] | None = Field(default=None, max_length=20)
    all_text: bool | None = None
    member: Text | None = None
    sheet: Text | None = Field(default=None, description="Of a workbook; absent: the first")


class TargetFormat(str, Enum):
    csv = "csv"
    tsv = "tsv"
    ndjson = "ndjson"
    json = "json"
    parquet = "parquet"


class FileTarget(Asked):
    kind: Literal["file"]
    name: Name = Field(description="What the download is called")
    format: TargetFormat = TargetFormat.csv
    compression: Literal["none", "gzip", "zstd"] = "none"
    header: bool = Field(default=True, description="Of CSV and TSV")
    formula_safe: bool = Field(
        default=False, description="Of CSV and TSV: put ' before cells that a spreadsheet would run"
    )


class TableTarget(Asked):
    kind: Literal["table"]
    connection: Id
    database: Name
    table: Name
    create: bool = True
    order_by: list[Name] = Field(default=[], max_length=100)


Target = Annotated[FileTarget | TableTarget, Field(discriminator="kind")]


class OnReject(str, Enum):
    fail = "fail"
    skip = "skip"
    divert = "divert"
    quarantine = "quarantine"


class Look(Asked):
    """A source and how to read it."""

    source: Source
    dialect: Dialect = Dialect()


class PreviewRequest(Look):
    rows: int = Field(default=20, ge=1, le=200)


class Plan(Look):
    """Everything that a load needs."""

    target: Target
    columns: list[Name] | None = Field(default=None, max_length=10_000)
    rename: dict[Name, Name] = {}
    types: dict[Name, Text] = {}
    on_reject: OnReject = OnReject.fail
    max_rejects: int | None = Field(default=None, ge=0, le=1 << 60)
    check: bool = Field(default=False, description="Do everything but write")


# ---- Answers about sources ----


class Setting(BaseModel):
    value: str | bool | int
    chosen_by: Literal["you", "detected"]


class Sniffed(BaseModel):
    settings: dict[str, Setting]
    score: float
    runner_up: str


class Column(BaseModel):
    name: str
    type: str
    decided_by: str


class Columns(BaseModel):
    columns: list[Column]


class ColumnProfile(BaseModel):
    """What the values of a column are, over every row."""

    name: str
    nulls: int
    null_texts: list[str]
    distinct: int
    distinct_is_exact: bool
    min: str
    max: str
    proposed: str = Field(description="A type that serves a table better, or the same")
    why: str


class Profile(BaseModel):
    rows: int
    rejected: int
    columns: list[ColumnProfile]
    order_by: list[str] = Field(description="Columns that a table is well sorted by")


class Preview(BaseModel):
    columns: list[Column]
    rows: list[list[str | None]]
    raw: str | None = Field(description="The first lines as they stand in an upload or sample that is plain text")
    sheets: list[str] = Field(description="Of a workbook")


class ColumnDifference(BaseModel):
    """A column of the source beside one of the table."""

    name: str
    source_name: str = Field(description="Empty: the source lacks it")
    source_type: str
    target_type: str = Field(description="Empty: the table lacks it")
    default_expression: str
    fit: Literal["new", "same", "converted", "filled", "computed", "refused"]


class Proposal(BaseModel):
    ddl: str | None = Field(description="The table that would be made")
    columns: list[ColumnDifference] = Field(description="Of the source and of the table that is there")
    problem: Problem | None = Field(description="Why the load would be refused")
    command: str = Field(description="The same load as a command line")


# ---- Joins ----


class JoinKind(str, Enum):
    inner = "inner"
    left = "left"
    right = "right"
    full = "full"
    cross = "cross"


class JoinedTable(Asked):
    database: Name
    table: Name
    kind: JoinKind = JoinKind.inner
    keys: list[Text] | None = Field(default=None, max_length=20, description="Absent: the best proposal is taken")


class JoinRequest(Asked):
    connection: Id
    tables: list[JoinedTable] = Field(min_length=1, max_length=20)


class KeyProposal(BaseModel):
    key: str
    score: float = Field(description="From 0 to 1")
    why: str


class JoinSide(BaseModel):
    """A table of a join, from the second on: the keys that are used, and those that names and types propose."""

    keys: list[str]
    proposals: list[KeyProposal]


class Join(BaseModel):
    sides: list[JoinSide]
    sql: str | None
    problem: Problem | None = Field(description="Why there is no SQL yet")


# ---- Loads ----


class Status(str, Enum):
    connecting = "Connecting"
    fetching = "Fetching"
    ingesting = "Ingesting"
    completed = "Completed"
    error = "Error"


class Progress(BaseModel):
    rows_read: int = 0
    rows_acknowledged: int = 0
    rows_rejected: int = 0
    bytes_read: int = 0
    bytes_total: int | None = None
    seconds: float = 0


class Rate(BaseModel):
    seconds: float
    rows_a_second: float


class LogLine(BaseModel):
    seconds: float
    level: Literal["info", "warning", "error"]
    text: str


class Finding(BaseModel):
    """Rejects or leniencies of one kind in one column."""

    code: str
    column: str
    count: int
    examples: list[Problem]


class Receipt(BaseModel):
    checked: bool = Field(description="Nothing was written; loaded counts the rows that would be")
    findings: list[Finding]
    leniencies: list[Finding]
    source: str
    target: str
    settings: dict[str, str]
    schema_: list[Column] = Field(alias="schema")
    read: int
    loaded: int
    rejected: int
    duplicate: int
    filtered: int
    balanced: bool
    bytes_read: int
    bytes_written: int
    blocks: int
    target_rows_before: int | None = None
    target_rows_after: int | None = None
    rejects_by_code: dict[str, int]
    first_rejects: list[Problem]
    seconds: float
    version: str
    document: dict[str, Any] = Field(description="The library's own receipt, whole")


class Load(BaseModel):
    """One run. `version` grows with each change."""

    id: str
    version: int
    status: Status
    paused: bool
    cancelled: bool
    started: float = Field(description="Seconds since 1970")
    source: str
    target: str
    progress: Progress
    rates: list[Rate]
    log: list[LogLine]
    error: Problem | None
    receipt: Receipt | None
    file: str | None = Field(description="Name of the file to download, once it is there")
    rejects: bool = Field(description="Rejected rows can be downloaded")
    quarantine: bool = Field(description="Rejected rows were set aside, to be corrected and loaded")
    provable: bool = Field(description="The rows can be looked for in the table, and taken out of it")
    undone: bool = Field(description="Its rows were taken out of the table again")
    replay_of: str | None = Field(description="The load whose rows in quarantine this one loads")
    resumable: bool = Field(description="It was interrupted, and can go on where it stopped")
    resumes: str | None = Field(description="The load that this one goes on with")
    plan: Plan


class Differing(BaseModel):
    """Rows of a block that are not in the table as they were loaded."""

    number: int
    missing: int
    first_missing_record: int
    last_missing_record: int


class Proof(BaseModel):
    holds: bool
    blocks: int
    rows: int
    missing: int
    target_rows: int
    differing: list[Differing]
    seconds: float


class UndoRequest(Asked):
    dry: bool = Field(default=True, description="Tell what would be done, and change nothing")


class Undo(BaseModel):
    removed: bool
    rows: int
    equal: int = Field(description="Rows of others that equal removed ones, and stay")
    seconds: float


# ---- Quarantine ----


class RowState(str, Enum):
    open = "open"
    loaded = "loaded"
    missing = "missing"
    unclear = "unclear"


class QuarantinedRow(BaseModel):
    number: int
    state: RowState
    edited: bool
    line: int | None
    text: str = Field(description="As it stands in the file of rows now")
    newline: str = Field(description="What ends it there")
    reject: Problem


class Quarantine(BaseModel):
    load: str
    source: str
    target: str
    finished: bool
    busy: bool = Field(description="A replay is under way")
    open: int
    loaded: int
    header: str = Field(description="The lines above the rows; empty where there are none")
    unclear: int = Field(description="Rows that are missing or cannot be told apart after lines were added or removed")
    rows: list[QuarantinedRow] = Field(description="The first ones that are not loaded yet")


class Corrections(Asked):
    """Texts of rows, by their number."""

    rows: dict[int, Annotated[str, StringConstraints(max_length=100_000, pattern=r"^[^\x00]*$")]] = Field(
        max_length=1000
    )
