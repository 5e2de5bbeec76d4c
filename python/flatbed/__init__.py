"""Carries rows between flat files and ClickHouse, and proves the load.

>>> import flatbed as fb
>>> fb.copy("orders.csv", "clickhouse://localhost/shop/orders")  # doctest: +SKIP
<flatbed.Receipt read=66412008 loaded=66412008 rejected=0>

A source is a path, a glob, "-", a URI, the bytes of a text file, or any object with `__arrow_c_stream__` (pyarrow,
Polars, DuckDB, pandas). A target is a path, "-" or a URI.
"""

from __future__ import annotations

import os
import sys

from flatbed._core import (
    Batch,
    CodeEntry,
    Column,
    ColumnProfile,
    Connector,
    Database,
    Dialect,
    Field,
    Finding,
    Join,
    Option,
    Pipeline,
    Profile,
    Progress,
    Proof,
    Quarantine,
    QuarantinedRow,
    Reader,
    Receipt,
    Schema,
    Table,
    Undo,
    __version__,
    catalogue,
    columns,
    connectors,
    copy,
    databases,
    default_ledger,
    kernel,
    loads,
    preview,
    profile,
    quarantine,
    read_csv,
    read_json,
    replay,
    resume,
    schema,
    sniff,
    tables,
    undo,
    verify,
)
from flatbed.errors import (
    ConvertError,
    Error,
    IOError,
    ParseError,
    RunError,
    SchemaError,
    ServerError,
    UsageError,
)

# The embedded engine (chdb:) runs in a Python that has chdb-core: this one, unless another is named.
if sys.executable:
    os.environ.setdefault("FLATBED_PYTHON", sys.executable)

__all__ = [
    "Batch",
    "CodeEntry",
    "Column",
    "ColumnProfile",
    "Connector",
    "ConvertError",
    "Database",
    "Dialect",
    "Error",
    "Field",
    "Finding",
    "IOError",
    "Join",
    "Option",
    "ParseError",
    "Pipeline",
    "Profile",
    "Progress",
    "Proof",
    "Quarantine",
    "QuarantinedRow",
    "Reader",
    "Receipt",
    "RunError",
    "Schema",
    "SchemaError",
    "ServerError",
    "Table",
    "Undo",
    "UsageError",
    "__version__",
    "catalogue",
    "columns",
    "connectors",
    "copy",
    "databases",
    "default_ledger",
    "kernel",
    "loads",
    "preview",
    "profile",
    "quarantine",
    "read_csv",
    "read_json",
    "replay",
    "resume",
    "schema",
    "sniff",
    "tables",
    "undo",
    "verify",
]
