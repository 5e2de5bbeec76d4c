"""What the routes share, and how they reach it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Cookie, Depends, Request

import flatbed
from flatbed_web.files import Disk, Samples
from flatbed_web.guard import ServerList
from flatbed_web.loads import Runner
from flatbed_web.problems import Refusal
from flatbed_web.sessions import COOKIE, Session, Sessions
from flatbed_web.settings import Settings
from flatbed_web.unfinished import Unfinished


@dataclass
class State:
    settings: Settings
    sessions: Sessions
    disk: Disk
    samples: Samples
    servers: ServerList
    runner: Runner
    unfinished: Unfinished
    _engine: flatbed.Reader | None = None
    _starting: threading.Lock = field(default_factory=threading.Lock)

    @property
    def engine_address(self) -> str:
        return f"chdb:{self.settings.data / 'engine'}"

    def start_engine(self) -> None:
        """The embedded engine lives as long as its last user: this reader, which is never read."""
        with self._starting:
            if self._engine is None:
                (self.settings.data / "engine").mkdir(parents=True, exist_ok=True)
                self._engine = flatbed.read_csv(f"{self.engine_address}/system/one")

    def close(self) -> None:
        self.sessions.interrupt_all()
        self.runner.stop()
        self.sessions.leave_unfinished()
        if self._engine is not None:
            self._engine.close()


def state_of(request: Request) -> State:
    state: State = request.app.state.flatbed
    return state


Shared = Annotated[State, Depends(state_of)]


def session_of(state: Shared, flatbed_session: Annotated[str | None, Cookie(alias=COOKIE)] = None) -> Session:
    session = state.sessions.find(flatbed_session)
    if session is None:
        raise Refusal(401, "FB-WEB-0401", "sign in first", hint="POST /api/session")
    return session


Visitor = Annotated[Session, Depends(session_of)]
