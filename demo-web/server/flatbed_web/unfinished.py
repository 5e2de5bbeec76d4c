"""Loads into tables, written down while they run: what an earlier process of the app left unfinished waits for its visitor."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from flatbed_web import models
from flatbed_web.files import Disk, Upload
from flatbed_web.loads import SECRETS, Endpoint, Load
from flatbed_web.sessions import Session

RECORD = "load.json"
LEDGER = "ledger.sqlite"
RESTARTED = models.Problem(
    code="FB-WEB-0306",
    message="the app was started anew while this load ran",
    hint="resume it: what the table has is not loaded again",
)


def _owner(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()


def _endpoint_record(endpoint: Endpoint) -> dict[str, Any]:
    """Without secrets, and without addresses of the app that are shown under other names."""
    options = {name: value for name, value in endpoint.options.items() if name not in SECRETS}
    path = str(endpoint.path) if endpoint.path else None
    return {"uri": endpoint.uri, "options": options, "name": endpoint.name, "path": path, "names": endpoint.names}


def _endpoint(record: dict[str, Any]) -> Endpoint:
    return Endpoint(**{**record, "path": Path(record["path"]) if record["path"] else None})


class Unfinished:
    """The loads of an earlier process; `disk` is the folder that they and their files are in."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._records: dict[Path, dict[str, Any]] = {}
        for folder in disk.folders("loads"):
            try:
                record = json.loads((folder / RECORD).read_text())
                begun = self._load(folder, record).was_begun()
            except (OSError, ValueError, KeyError, TypeError):
                begun = False
            if begun:
                self._records[folder] = record
            else:
                shutil.rmtree(folder, ignore_errors=True)
        needed = {record["source"]["path"] for record in self._records.values()}
        disk.clear({Path(path) for path in needed if path})

    def keep(self, session: Session, load: Load) -> None:
        """Writes down a load that is about to start."""
        assert load.ledger is not None
        source = load.plan.source
        upload = session.uploads.get(source.upload) if isinstance(source, models.UploadSource) else None
        record = {
            "owner": _owner(session.id),
            "plan": load.plan.model_dump(mode="json"),
            "source": _endpoint_record(load.source),
            "target": _endpoint_record(load.target),
            "started": load.started,
            "memory": load.memory,
            "rejects": str(load.rejects_path) if load.rejects_path else None,
            "quarantine": str(load.quarantine) if load.quarantine else None,
            "upload": {"id": upload.id, "name": upload.name, "size": upload.size} if upload else None,
        }
        load.ledger.parent.mkdir(parents=True, exist_ok=True)
        (load.ledger.parent / RECORD).write_text(json.dumps(record))

    def claim(self, old_session: str | None, session: Session) -> None:
        """Gives a visitor, who comes back with the cookie of an earlier process, the loads of then."""
        owner = _owner(old_session or "")
        for folder, record in list(self._records.items()):
            if record["owner"] != owner:
                continue
            del self._records[folder]
            load = self._load(folder, record)
            session.loads[load.id] = load
            if record["upload"]:
                kept = record["upload"]
                upload = Upload(kept["name"], kept["size"], Path(record["source"]["path"]), kept["id"], kept["size"])
                session.uploads[upload.id] = upload
            self.keep(session, load)

    def _load(self, folder: Path, record: dict[str, Any]) -> Load:
        load = Load(
            models.Plan.model_validate(record["plan"]),
            _endpoint(record["source"]),
            _endpoint(record["target"]),
            Path(record["rejects"]) if record["rejects"] else None,
            Path(record["quarantine"]) if record["quarantine"] else None,
            record["memory"],
            ledger=folder / LEDGER,
            started=record["started"],
        )
        load.status, load.error, load.resumable = models.Status.error, RESTARTED, True
        return load
