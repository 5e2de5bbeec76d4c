"""Files of visitors and of the operator. A name that a visitor gives is shown, and never becomes a path."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from flatbed_web import models
from flatbed_web.problems import Refusal, not_found

RAW_LINES = 20
RAW_BYTES = 8192
PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"\xfd7zXZ", b"BZh", b"PK\x03\x04", b"PAR1")
PARTS = ("uploads", "exports", "quarantine", "loads")
PARQUET = ".parquet"
WORKBOOKS = (".xlsx", ".xlsm")
ENDINGS = (".csv", ".tsv", ".tab", ".txt", ".ndjson", ".jsonl", ".json", PARQUET)
PACKINGS = ("", ".gz", ".zst", ".lz4", ".xz", ".bz2", ".zip")


def ending_of(name: str) -> str:
    """What tells the library the format, out of a fixed list."""
    packed = (ending + packing for ending in ENDINGS for packing in PACKINGS)
    return next((ending for ending in (*WORKBOOKS, *packed) if name.lower().endswith(ending)), "")


def first_lines(path: Path) -> str | None:
    """The head of a text file as it stands, for a person to look at."""
    with path.open("rb") as file:
        head = file.read(RAW_BYTES)
    if head.startswith(PACKED):
        return None
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    return "\n".join(head.decode(encoding, "replace").splitlines()[:RAW_LINES])


@dataclass
class Upload:
    name: str
    size: int
    path: Path
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    offset: int = 0
    busy: bool = False

    @property
    def complete(self) -> bool:
        return self.offset == self.size

    def shown(self) -> models.Upload:
        return models.Upload(id=self.id, name=self.name, size=self.size, offset=self.offset, complete=self.complete)


class Disk:
    """The folder of the app."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.limit = limit
        for part in PARTS:
            (folder / part).mkdir(parents=True, exist_ok=True)

    def clear(self, needed: set[Path]) -> None:
        """What an earlier process left belongs to nobody, and goes; but for what is needed, and for its loads."""
        for part in PARTS[:-1]:
            for path in (self.folder / part).iterdir():
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                elif path not in needed:
                    path.unlink(missing_ok=True)

    def folders(self, part: str) -> list[Path]:
        return sorted(path for path in (self.folder / part).iterdir() if path.is_dir())

    def used(self) -> int:
        parts = (path for part in PARTS for path in (self.folder / part).rglob("*"))
        return sum(path.stat().st_size for path in parts if path.is_file())

    def room_for(self, size: int, promised: int) -> None:
        if self.used() + promised + size > self.limit or size > shutil.disk_usage(self.folder).free:
            raise Refusal(507, "FB-WEB-0201", "there is no room for this file", hint="delete earlier uploads")

    def new_path(self, part: str, ending: str) -> Path:
        return self.folder / part / (secrets.token_hex(16) + ending)


class Samples:
    """A folder of the operator's, flat and read only."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def list(self) -> list[models.SampleFile]:
        if self.folder is None or not self.folder.is_dir():
            return []
        return [
            models.SampleFile(name=path.name, size=path.stat().st_size)
            for path in sorted(self.folder.iterdir())
            if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
        ]

    def path(self, name: str) -> Path:
        """Looked up among the names there are: a name with a slash is none of them."""
        if self.folder is None or name not in {file.name for file in self.list()}:
            raise not_found("file")
        return self.folder / name
