"""The module itself: what it names, what it costs to import, how its errors behave."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import flatbed as fb
from conftest import ROOT


def test_version_is_the_library_s() -> None:
    header = (ROOT / "include/flatbed/version.hpp").read_text()
    assert f'"{fb.__version__}"' in header
    assert fb.kernel() in {"scalar", "avx2", "avx512", "neon"}


def test_stubs_are_those_of_the_module() -> None:
    arguments = [sys.executable, "-m", "mypy.stubtest", "flatbed._core"]
    arguments += ["--allowlist", str(Path(__file__).with_name("stubtest.txt")), "--ignore-unused-allowlist"]
    done = subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT / "build", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_all_names_exist() -> None:
    assert [name for name in fb.__all__ if not hasattr(fb, name)] == []


def test_import_brings_nothing_of_the_command() -> None:
    code = "import sys, flatbed; print([m for m in ('typer', 'rich', 'pyarrow', 'json') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_connectors_and_their_options() -> None:
    known = {connector.name: connector for connector in fb.connectors()}
    assert {"file", "clickhouse", "chdb"} <= set(known)
    assert known["file"].reads and known["file"].writes and not known["file"].lists_tables
    options = {option.name: option for option in known["file"].options}
    assert options["skip_rows"].reads and not options["skip_rows"].writes
    assert options["compression"].choices.split("|")[0] == "auto"
    assert all(option.help and not option.help.endswith(".") for c in known.values() for option in c.options)
    assert all(o.secret for c in known.values() for o in c.options if o.name in ("password", "token"))


def test_every_c_capability_has_a_python_one() -> None:
    symbols = (ROOT / "capi/abi/symbols.txt").read_text()
    nouns = set(re.findall(r"^flatbed_([a-z]+)", symbols, re.MULTILINE))
    python = {
        "abi": "",
        "version": "__version__",
        "kernel": "kernel",
        "error": "Error",
        "context": "",
        "connector": "Connector",
        "option": "Option",
        "options": "",
        "sniff": "sniff",
        "dialect": "Dialect",
        "schema": "schema",
        "preview": "preview",
        "read": "read_csv",
        "tables": "tables",
        "databases": "databases",
        "columns": "columns",
        "join": "Join",
        "receipt": "Receipt",
        "copy": "copy",
        "code": "catalogue",
        "profile": "profile",
        "quarantine": "quarantine",
        "proof": "Proof",
        "verify": "verify",
        "undo": "undo",
        "difference": "difference",
        "pipeline": "Pipeline",
        "csv": "read_csv",
    }
    assert nouns == set(python)
    assert [name for name in python.values() if name and not hasattr(fb, name)] == []


def test_an_error_is_a_record(tmp_path: Path) -> None:
    missing = tmp_path / "missing.csv"
    with pytest.raises(fb.IOError) as caught:
        fb.schema(missing)
    error = caught.value
    assert isinstance(error, OSError) and isinstance(error, fb.Error)
    assert (error.code, error.uri, error.line, error.exit_code) == ("FB-SRC-0101", str(missing), None, 4)
    assert error.message in str(error) and error.code in str(error)


def test_errors_are_picklable() -> None:
    with pytest.raises(fb.ConvertError) as caught:
        list(fb.read_csv(b"a,b\n1,2\n3,x\n", types={"b": "Int8"}))
    error = caught.value
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is fb.ConvertError
    assert vars(again) == vars(error)
    assert str(again) == str(error)
    assert (again.line, again.column_name, again.raw, again.byte) == (3, "b", b"3,x", 10)
    with pytest.raises(fb.IOError) as lost:
        fb.schema("/nowhere/at-all.csv")
    assert pickle.loads(pickle.dumps(lost.value)).code == "FB-SRC-0101"


def test_kinds_of_errors() -> None:
    with pytest.raises(fb.UsageError, match='did you mean "delimiter"'):
        fb.schema(b"a\n1\n", options={"delimeter": ";"})
    with pytest.raises(ValueError, match="FB-USE-0105"):
        fb.schema("clickhose://localhost/x")
    with pytest.raises(fb.SchemaError, match="FB-USE-0107"):
        fb.read_csv(b"a\n1\n", types={"a": "Integer12"})
    with pytest.raises(TypeError):
        fb.copy(5, "x.csv")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        fb.Pipeline(b"a\n1\n").then(5)  # type: ignore[arg-type]
