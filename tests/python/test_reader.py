"""read_csv: batches, Arrow streams, and being read once."""

from __future__ import annotations

import gc
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

import flatbed as fb
from conftest import PEOPLE


def test_iterates_over_batches(people: Path) -> None:
    with fb.read_csv(people) as reader:
        rows = [row for batch in reader for row in batch.texts()]
    assert [row[1] for row in rows] == ["ann", "bob", "O'Brien"]
    assert reader.position == (len(PEOPLE), 3)
    with pytest.raises(fb.UsageError, match="used or closed before"):
        reader.__arrow_c_stream__()


def test_is_an_arrow_stream(people: Path) -> None:
    table = pa.table(fb.read_csv(people))
    assert table.column("id").to_pylist() == [1, 2, 3]
    assert table.column("score").null_count == 1
    assert pl.DataFrame(fb.read_csv(people)).shape == (3, 4)
    reader = fb.read_csv(people)
    assert pa.schema(reader).names == ["id", "name", "born", "score"]
    pa.table(reader)
    with pytest.raises(fb.UsageError, match="used or closed before"):
        pa.table(reader)


def test_json_by_its_name_or_as_values(tmp_path: Path) -> None:
    for name, text in {
        "t.ndjson": '{"a":1}\n{"a":2}\n',
        "t.txt": '[{"a":1},{"a":2}]',
        "t.json": '{"a":1}\n{"a":2}\n',
    }.items():
        (tmp_path / name).write_text(text)
        with fb.read_json(tmp_path / name) as reader:
            assert [row for batch in reader for row in batch.texts()] == [("1",), ("2",)]
    assert pa.table(fb.read_json(b'{"a":1}\n{"a":2}\n')).to_pylist() == [{"a": 1}, {"a": 2}]
    assert pa.table(fb.read_json(b'{"a":1}\n', options={"format": "ndjson"})).num_rows == 1


def test_columns_and_types(people: Path) -> None:
    reader = fb.read_csv(people, columns=["score", "id"], types={"id": "UInt64", "score": "Nullable(Decimal(9, 2))"})
    assert [(field.name, field.type) for field in reader.schema] == [
        ("score", "Nullable(Decimal(9, 2))"),
        ("id", "UInt64"),
    ]
    assert pa.table(reader).column("id").type == pa.uint64()


def test_bytes_are_held_not_copied() -> None:
    data = bytearray(PEOPLE.encode())
    reader = fb.read_csv(data)
    with pytest.raises(BufferError):
        data.extend(b"more")  # somebody looks at them
    reader.close()
    del reader
    gc.collect()
    data.extend(b"more")


def test_a_reader_left_open_warns(people: Path) -> None:
    with pytest.warns(ResourceWarning, match="not closed"):
        fb.read_csv(people)
        gc.collect()


def test_a_bad_value_ends_the_stream() -> None:
    with pytest.raises(fb.ConvertError) as caught:
        list(fb.read_csv(b"a\n1\n2\nx\n", types={"a": "Int32"}))
    assert (caught.value.line, caught.value.code) == (4, "FB-TYPE-0102")
    with pytest.raises((OSError, pa.ArrowException), match="FB-TYPE-0102"):
        pa.table(fb.read_csv(b"a\n1\n2\nx\n", types={"a": "Int32"}))
