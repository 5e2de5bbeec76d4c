"""copy and Pipeline: sources, steps, rejects, progress."""

from __future__ import annotations

import array
import json
import threading
import time
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import flatbed as fb

ROWS = b"id,name\n1,one\n2,two\n3,three\n4,four\n"


def copied(source: Any, target: Path, **more: Any) -> str:
    fb.copy(source, target, **more)
    return target.read_text()


def test_a_file_to_a_file(people: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.tsv"
    receipt = fb.copy(people, target, columns=["name", "id"], rename={"name": "who"}, types={"id": "UInt64"})
    assert target.read_text() == "who\tid\nann\t1\nbob\t2\nO'Brien\t3\n"
    assert (receipt.read, receipt.loaded, receipt.rejected, receipt.balanced) == (3, 3, 0, True)
    assert (receipt.source, receipt.target) == (str(people), str(target))
    assert [(field.name, field.type) for field in receipt.schema] == [("who", "String"), ("id", "UInt64")]
    assert receipt.bytes_written == target.stat().st_size
    assert "detected" in receipt.settings["delimiter"]
    assert json.loads(receipt.to_json())["loaded"] == 3
    with pytest.raises(fb.IOError, match="FB-TGT-0101"):
        fb.copy(people, target)
    fb.copy(people, target, target_options={"overwrite": True})


def test_sources_of_other_kinds(tmp_path: Path) -> None:
    wanted = ROWS.decode()
    table = pa.table({"id": [1, 2, 3, 4], "name": ["one", "two", "three", "four"]})
    sources = [ROWS, memoryview(ROWS), table, table.to_batches()[0], table.to_reader(), pl.DataFrame(table)]
    for index, source in enumerate([*sources, fb.read_csv(ROWS)]):
        assert copied(source, tmp_path / f"{index}.csv") == wanted


def test_options_of_a_source_in_memory(tmp_path: Path) -> None:
    text = copied(b"1|x\n2|y\n", tmp_path / "o.csv", source_options={"delimiter": "|", "header": False})
    assert text.splitlines()[1:] == ["1,x", "2,y"]


@pytest.mark.parametrize(
    "flags",
    [
        lambda batch: [name != "two" for _, name in batch.texts()],
        lambda batch: bytes(name != "two" for _, name in batch.texts()),
        lambda batch: array.array("B", [name != "two" for _, name in batch.texts()]),
        lambda batch: pc.not_equal(pa.record_batch(batch)["id"], 2),
        lambda batch: pa.chunked_array([pc.not_equal(pa.record_batch(batch)["id"], 2)]),
        lambda batch: pl.DataFrame(pa.record_batch(batch))["name"] != "two",
    ],
    ids=["list", "bytes", "buffer", "arrow", "chunked", "polars"],
)
def test_a_step_that_chooses_rows(tmp_path: Path, flags: Any) -> None:
    receipt = fb.Pipeline(ROWS).then(flags).sink(tmp_path / "o.csv").run()
    assert (tmp_path / "o.csv").read_text() == "id,name\n1,one\n3,three\n4,four\n"
    assert (receipt.read, receipt.loaded, receipt.filtered, receipt.balanced) == (4, 3, 1, True)


def test_a_step_that_changes_columns(tmp_path: Path) -> None:
    def shout(batch: fb.Batch) -> pa.RecordBatch:
        given = pa.record_batch(batch)
        length = pc.utf8_length(given["name"].cast(pa.string()))
        return pa.record_batch({"name": pc.utf8_upper(given["name"].cast(pa.string())), "length": length})

    pipeline = fb.Pipeline(ROWS)
    assert pipeline.then(shout) is pipeline
    pipeline.sink(tmp_path / "o.csv").run()
    assert (tmp_path / "o.csv").read_text() == "name,length\nONE,3\nTWO,3\nTHREE,5\nFOUR,4\n"


def test_steps_that_answer_wrongly(tmp_path: Path) -> None:
    def run(step: Any) -> None:
        fb.Pipeline(ROWS).then(step).sink(tmp_path / "never.csv").run()

    with pytest.raises(fb.UsageError, match="answered with NoneType"):
        run(lambda batch: None)
    with pytest.raises(fb.UsageError, match="answered with 1 flags"):
        run(lambda batch: [True] if len(batch) else [])
    with pytest.raises(fb.UsageError, match="to drop rows, answer with flags"):
        run(lambda batch: pa.record_batch(batch).slice(0, 1))
    with pytest.raises(ZeroDivisionError):
        run(lambda batch: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(lambda batch: 1 / 0 if len(batch) else [])
    assert not (tmp_path / "never.csv").exists()
    assert list(tmp_path.iterdir()) == []


def test_rejects(tmp_path: Path) -> None:
    source = b"id,name\n1,one\nx,two\n3\n4,four\n"
    types = {"id": "UInt8"}
    with pytest.raises(fb.ConvertError) as caught:
        fb.copy(source, tmp_path / "a.csv", types=types)
    assert (caught.value.line, caught.value.column_name) == (3, "id")
    receipt = fb.copy(source, tmp_path / "b.csv", types=types, on_reject="skip")
    assert (receipt.read, receipt.loaded, receipt.rejected, receipt.balanced) == (4, 2, 2, True)
    assert receipt.rejects_by_code == {"FB-CSV-0101": 1, "FB-TYPE-0102": 1}
    assert [reject.line for reject in receipt.first_rejects] == [3, 4]
    assert [reject.raw for reject in receipt.first_rejects] == [b"x,two", b"3"]
    fb.copy(source, tmp_path / "c.csv", types=types, rejects=tmp_path / "rejects.csv")
    rejects = pa.table(fb.read_csv(tmp_path / "rejects.csv")).to_pylist()
    assert [(row["line"], row["code"], row["raw"]) for row in rejects] == [
        (3, "FB-TYPE-0102", "x,two"),
        (4, "FB-CSV-0101", "3"),
    ]
    with pytest.raises(fb.RunError, match="FB-RUN-0101"):
        fb.copy(source, tmp_path / "d.csv", types=types, on_reject="skip", max_rejects=1)
    assert not (tmp_path / "d.csv").exists()


def test_progress(tmp_path: Path) -> None:
    seen: list[fb.Progress] = []
    fb.copy(ROWS, tmp_path / "o.csv", progress=seen.append)
    assert seen[-1].rows_read == 4 and seen[-1].rows_acknowledged == 4
    assert seen[-1].bytes_read == len(ROWS) == seen[-1].bytes_total


def test_what_progress_raises_stops_the_run(tmp_path: Path) -> None:
    def endless() -> Any:
        batch = pa.record_batch({"a": list(range(1000))})
        while True:
            yield batch

    def stop(progress: fb.Progress) -> None:
        raise LookupError("enough")

    reader = pa.RecordBatchReader.from_batches(pa.schema({"a": pa.int64()}), endless())
    threads = threading.active_count()
    with pytest.raises(LookupError, match="enough"):
        fb.copy(reader, tmp_path / "never.csv", progress=stop)
    assert threading.active_count() == threads
    assert list(tmp_path.iterdir()) == []


def test_a_progress_callback_that_waits_pauses_the_run(tmp_path: Path) -> None:
    taken = 0

    def batches() -> Any:
        nonlocal taken
        batch = pa.record_batch({"a": list(range(100_000))})
        while True:
            taken += 1
            yield batch

    def pause(progress: fb.Progress) -> None:
        time.sleep(1)  # what is in memory fills up
        before = taken
        time.sleep(2)
        raise LookupError(taken - before)

    reader = pa.RecordBatchReader.from_batches(pa.schema({"a": pa.int64()}), batches())
    with pytest.raises(LookupError) as caught:
        fb.copy(reader, tmp_path / "never.csv", progress=pause, memory="16M")
    assert caught.value.args[0] < 5


def test_a_pipeline_runs_once(tmp_path: Path) -> None:
    pipeline = fb.Pipeline(ROWS).sink(tmp_path / "o.csv")
    pipeline.run()
    with pytest.raises(fb.UsageError, match="ran before"):
        pipeline.run()
