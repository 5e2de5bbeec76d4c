"""What a reader says it has read, short enough to compare: rows, and one fact about each column.

Integers: the sum modulo 2**64. Decimals: the exact sum. Floats: sum of magnitudes, least and greatest. Text: bytes in
all. Dates and times: first and last, as days or seconds since 1970. And the number of NULLs, but for text, where tools
differ on whether an empty field is one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Schema = list[tuple[str, str]]


def base(kind: str) -> str:
    """The ClickHouse type without Nullable and without its parameters."""
    return kind.removeprefix("Nullable(").split("(")[0].rstrip(")")


def scale_of(kind: str) -> int:
    return int(kind.split(",")[1].rstrip(") "))


def digits_of(kind: str) -> int:
    return int(kind.split("(")[-1].split(",")[0])


def arrow_type(kind: str) -> pa.DataType:
    name = base(kind)
    if name == "Decimal":
        return pa.decimal128(digits_of(kind), scale_of(kind))
    names = {"String": pa.string(), "Float64": pa.float64(), "Date": pa.date32(), "DateTime": pa.timestamp("s", "UTC")}
    return names.get(name) or getattr(pa, name.lower())()


def column_answer(column: pa.ChunkedArray, kind: str) -> dict[str, Any]:
    name = base(kind)
    if name == "String":
        total = pc.sum(pc.binary_length(column.cast(pa.large_binary()))).as_py()
        return {"bytes": total or 0}
    nulls = column.null_count
    if name in ("Date", "DateTime"):
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("s", column.type.tz)).cast(pa.int64())
        elif pa.types.is_date(column.type):
            column = column.cast(pa.date32()).cast(pa.int32())
        ends = pc.min_max(column).as_py()
        return {"nulls": nulls, "first": ends["min"], "last": ends["max"]}
    if name == "Float64":
        ends = pc.min_max(column).as_py()
        return {"nulls": nulls, "magnitude": pc.sum(pc.abs(column)).as_py(), "min": ends["min"], "max": ends["max"]}
    total = pc.sum(column).as_py() or 0
    if name == "Decimal":
        if isinstance(total, Decimal):
            return {"nulls": nulls, "sum": str(int(total.scaleb(scale_of(kind))))}
        return {"nulls": nulls, "sum": total * 10 ** scale_of(kind)}
    return {"nulls": nulls, "sum": str(int(total) % 2**64)}


def answer(table: pa.Table, schema: Schema) -> dict[str, Any]:
    columns = {name: column_answer(table.column(name), kind) for name, kind in schema}
    return {"rows": table.num_rows, "columns": columns}


def agree(one: Any, other: Any) -> bool:
    """True where two facts are the same; floats within 1e-9, because the order of a sum shows in its last digits."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(agree(one[key], other[key]) for key in one)
    if isinstance(one, float) or isinstance(other, float):
        return abs(float(one) - float(other)) <= 1e-9 * max(abs(float(one)), abs(float(other)))
    return bool(one == other)


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Names what two answers disagree on."""
    found = []
    for key in one.keys() | other.keys():
        left, right = one.get(key), other.get(key)
        if key == "columns" and isinstance(left, dict) and isinstance(right, dict):
            found += [
                f"{name}: {left.get(name)} against {right.get(name)}"
                for name in left | right
                if not agree(left.get(name), right.get(name))
            ]
        elif not agree(left, right):
            found.append(f"{key}: {left} against {right}")
    return found
