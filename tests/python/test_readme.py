"""Every snippet of the README stands, letter for letter, in a program that the tests run."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SNIPPET = re.compile(r"<!-- from (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)
SNIPPETS = SNIPPET.findall((ROOT / "README.md").read_text(encoding="utf-8"))


def test_there_is_a_snippet_of_each_language() -> None:
    assert {Path(source).suffix for source, _ in SNIPPETS} == {".sh", ".py", ".cpp", ".c"}


@pytest.mark.parametrize(("source", "snippet"), SNIPPETS)
def test_snippet_is_cut_from_its_program(source: str, snippet: str) -> None:
    assert snippet in (ROOT / source).read_text(encoding="utf-8")
