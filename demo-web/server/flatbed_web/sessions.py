"""Who is asking. Connections with their secrets, uploads and loads live in memory, and end with the session."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

from flatbed_web import models
from flatbed_web.files import Upload
from flatbed_web.loads import Load
from flatbed_web.problems import not_found

COOKIE = "flatbed_session"
IDLE_SECONDS = 12 * 3600
MOST_SESSIONS = 1000


@dataclass
class Connection:
    shown: models.Connection
    base: str
    """Address without database and table."""
    options: dict[str, str]
    """Of the library; the one place where secrets are."""


@dataclass
class Session:
    id: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    used: float = field(default_factory=time.monotonic)
    connections: dict[str, Connection] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    loads: dict[str, Load] = field(default_factory=dict)

    def connection(self, id: str) -> Connection:
        if id not in self.connections:
            raise not_found("connection")
        return self.connections[id]

    def upload(self, id: str) -> Upload:
        if id not in self.uploads:
            raise not_found("upload")
        return self.uploads[id]

    def load(self, id: str) -> Load:
        if id not in self.loads:
            raise not_found("load")
        return self.loads[id]

    def end(self, keep_unfinished: bool = False) -> None:
        needed = set()
        for load in self.loads.values():
            load.cancel()
            if keep_unfinished and load.resumable:
                needed.add(load.source.path)
            else:
                load.remove_files()
        for upload in self.uploads.values():
            if upload.path not in needed:
                upload.path.unlink(missing_ok=True)


class Sessions:
    def __init__(self) -> None:
        self._by_id: dict[str, Session] = {}

    def find(self, id: str | None) -> Session | None:
        session = self._by_id.get(id or "")
        if session is None or time.monotonic() - session.used > IDLE_SECONDS:
            return None
        session.used = time.monotonic()
        return session

    def start(self) -> Session:
        by_use = sorted(self._by_id.values(), key=lambda session: session.used)
        for index, session in enumerate(by_use):
            if time.monotonic() - session.used > IDLE_SECONDS or len(by_use) - index >= MOST_SESSIONS:
                self.end(session)
        session = Session()
        self._by_id[session.id] = session
        return session

    def end(self, session: Session) -> None:
        self._by_id.pop(session.id, None)
        session.end()

    def interrupt_all(self) -> None:
        """The app ends: loads stop where they are."""
        for session in self._by_id.values():
            for load in session.loads.values():
                load.cancel()

    def leave_unfinished(self) -> None:
        """What loads need that can go on stays, for the next start of the app; the rest goes."""
        for session in self._by_id.values():
            session.end(keep_unfinished=True)
        self._by_id.clear()

    def promised(self) -> int:
        """Bytes that uploads under way have still to bring."""
        uploads = (upload for session in self._by_id.values() for upload in session.uploads.values())
        return sum(upload.size - upload.offset for upload in uploads)
