"""Loads under way. A load runs in a thread of its own; pages look at it as often as they like, from wherever they are."""

from __future__ import annotations

import json
import secrets
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flatbed
from flatbed_web import models
from flatbed_web.files import WORKBOOKS
from flatbed_web.models import Status
from flatbed_web.problems import problem_of

MOST_LOG_LINES = 200
MOST_RATES = 120
SECRETS = ("password", "token")


class Cancelled(Exception):
    """The visitor asked for the end of the load."""


@dataclass
class Endpoint:
    """Where rows come from or go to, as the library takes it."""

    uri: str
    options: dict[str, Any]
    name: str
    """What a visitor calls it."""
    path: Path | None = None
    names: dict[str, str] = field(default_factory=dict)
    """Paths of the app and what to show in their place."""

    def can_be_read_again(self, shown: str) -> bool:
        """Whether a receipt, which shows the source so, is enough to read it again. It keeps no secret of an address,
        and what a sheet holds was in memory."""
        if self.path is None:
            return shown == self.uri and shown.startswith(("http://", "https://"))
        return self.path.suffix not in WORKBOOKS


@dataclass
class Load:
    plan: models.Plan
    source: Endpoint
    target: Endpoint
    rejects_path: Path | None
    """Where rejected rows go, to be downloaded."""
    quarantine: Path | None
    """Where rejected rows go, to be corrected and loaded."""
    memory: int
    replay_of: str | None = None
    """The load whose quarantine this one loads."""
    ledger: Path | None = None
    """Where the library keeps how far the load came."""
    resumes: str | None = None
    """The load that this one goes on with."""
    resumable: bool = False
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    started: float = field(default_factory=time.time)
    version: int = 0
    status: Status = Status.connecting
    progress: models.Progress = field(default_factory=models.Progress)
    rates: list[models.Rate] = field(default_factory=list)
    log: list[models.LogLine] = field(default_factory=list)
    error: models.Problem | None = None
    receipt: models.Receipt | None = None
    proven_by: flatbed.Receipt | None = None
    """The library's receipt of a file that went into a table."""
    undone: bool = False
    _rows_at_rate: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _going: threading.Event = field(default_factory=threading.Event)
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._going.set()

    # ---- What a visitor may do ----

    @property
    def ended(self) -> bool:
        return self.status in (Status.completed, Status.error)

    def pause(self, paused: bool) -> None:
        if self.ended or paused == (not self._going.is_set()):
            return
        (self._going.clear if paused else self._going.set)()
        self._say("info", "paused" if paused else "going on")

    def cancel(self) -> None:
        if not self.ended:
            self._cancelled.set()
            self._going.set()

    def shown(self) -> models.Load:
        with self._lock:
            done = self.status is Status.completed
            return models.Load(
                id=self.id,
                version=self.version,
                status=self.status,
                paused=not self._going.is_set(),
                cancelled=self._cancelled.is_set(),
                started=self.started,
                source=self.source.name,
                target=self.target.name,
                progress=self.progress,
                rates=list(self.rates),
                log=list(self.log),
                error=self.error,
                receipt=self.receipt,
                file=self.target.name if done and self.target.path and not self.plan.check else None,
                rejects=self.rejects_path is not None and self.rejects_path.exists(),
                quarantine=self.quarantine is not None and self.quarantine.is_dir(),
                provable=self.proven_by is not None and not self.undone,
                undone=self.undone,
                replay_of=self.replay_of,
                resumable=self.resumable,
                resumes=self.resumes,
                plan=self.plan,
            )

    def remove_files(self) -> None:
        for path in (self.target.path, self.rejects_path):
            if path is not None:
                path.unlink(missing_ok=True)
        if self.quarantine is not None and self.replay_of is None:
            shutil.rmtree(self.quarantine, ignore_errors=True)
        if self.ledger is not None:
            shutil.rmtree(self.ledger.parent, ignore_errors=True)

    def verify(self) -> models.Proof:
        """Reads the file again and looks for every row in the table. REQUIRES: provable."""
        assert self.proven_by is not None
        found = flatbed.verify(self.proven_by, target_options=self._secrets)
        self._say("info" if found.holds else "error", f"verified: {found.missing} of {found.rows} rows are missing")
        return models.Proof.model_validate(found, from_attributes=True)

    def undo(self, dry: bool) -> models.Undo:
        """Takes the rows out of the table again. REQUIRES: provable."""
        assert self.proven_by is not None
        done = flatbed.undo(self.proven_by, dry=dry, ledger=self.ledger, target_options=self._secrets)
        if done.removed:
            self.undone = True
            self._say("warning", f"undone: {done.rows} rows were taken out of the table")
        return models.Undo.model_validate(done, from_attributes=True)

    def was_begun(self) -> bool:
        """Whether the library knows the load as one that was interrupted."""
        if self.ledger is None or not self.ledger.exists():
            return False
        return any(known["state"] == "open" for known in flatbed.loads(self.ledger))

    @property
    def _secrets(self) -> dict[str, str]:
        return {name: value for name, value in self.target.options.items() if name in SECRETS}

    # ---- The run ----

    def run(self) -> None:
        try:
            self._stop_if_cancelled()
            receipt = self._copy()
        except Cancelled as cancelled:
            done: flatbed.Receipt | None = getattr(cancelled, "receipt", None)
            if done is not None:  # it came too late: everything had been loaded
                self._complete(done)
                return
            problem = models.Problem(
                code="FB-RUN-0102",
                message="you cancelled the load",
                hint="a table keeps the rows that it acknowledged, and a load into one can go on; a file that was being "
                "written is gone",
            )
            self._end(Status.error, problem)
        except flatbed.Error as error:
            self._end(Status.error, problem_of(error, self.names))
        except Exception:  # a mistake of the app must not leave a load that never ends
            self._end(Status.error, models.Problem(code="FB-WEB-0500", message="the app made a mistake"))
            raise
        else:
            self._complete(receipt)

    def _complete(self, receipt: flatbed.Receipt) -> None:
        self.receipt = self._shown_receipt(receipt)
        again = self.source.can_be_read_again(receipt.source)
        if again and not self.target.path and not self.plan.check and self.replay_of is None:
            self.proven_by = receipt
        if self._cancelled.is_set():
            self._say("info", "you cancelled when the load was complete already")
        self._end(Status.completed, None)

    def _copy(self) -> flatbed.Receipt:
        plan, source, target = self.plan, self.source, self.target
        if self.replay_of is not None:
            assert self.quarantine is not None
            return flatbed.replay(
                self.quarantine, target=target.uri, target_options=target.options, progress=self._show
            )
        if self.resumes is not None:
            assert self.ledger is not None
            self._clear_rejects()
            return flatbed.resume(self.ledger, target_options=self._secrets, progress=self._show)
        on_reject = None if plan.on_reject is models.OnReject.quarantine else plan.on_reject.value
        return flatbed.copy(
            source.uri,
            target.uri,
            columns=plan.columns,
            rename=plan.rename or None,
            types=plan.types or None,
            source_options=source.options,
            target_options=target.options,
            rejects=None if plan.check else self.rejects_path,
            quarantine=None if plan.check else self.quarantine,
            on_reject="skip" if plan.check else on_reject,
            check=plan.check,
            max_rejects=None if plan.check else plan.max_rejects,
            memory=self.memory,
            ledger=None if plan.check else self.ledger,
            progress=self._show,
        )

    def _clear_rejects(self) -> None:
        """What an interrupted run had rejected is found again: the file is read from its beginning."""
        if self.rejects_path is not None:
            self.rejects_path.unlink(missing_ok=True)
        if self.quarantine is not None:
            shutil.rmtree(self.quarantine, ignore_errors=True)

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled

    def _show(self, progress: flatbed.Progress) -> None:
        """Called ten times a second; the load stands still as long as this waits, and ends when it raises."""
        self._going.wait()
        self._stop_if_cancelled()
        shown = models.Progress(
            rows_read=progress.rows_read,
            rows_acknowledged=progress.rows_acknowledged,
            rows_rejected=progress.rows_rejected,
            bytes_read=progress.bytes_read,
            bytes_total=progress.bytes_total,
            seconds=progress.seconds,
        )
        before = self.progress
        if shown == before:
            return
        with self._lock:
            self.progress = shown
            self.status = Status.ingesting if shown.rows_acknowledged else Status.fetching
            passed = shown.seconds - (self.rates[-1].seconds if self.rates else 0)
            if passed >= 0.5:
                rows = shown.rows_read - self._rows_at_rate
                self._rows_at_rate = shown.rows_read
                self.rates.append(models.Rate(seconds=shown.seconds, rows_a_second=rows / passed))
                if len(self.rates) > MOST_RATES:  # every second one, so that the whole run stays in sight
                    del self.rates[::2]
            self.version += 1
        if shown.rows_rejected and not before.rows_rejected:
            self._say("warning", "the first row was rejected")

    @property
    def names(self) -> dict[str, str]:
        names = {**self.source.names, **self.target.names}
        if self.quarantine is not None:
            names |= {str(self.quarantine / "rows.csv"): "the rejected rows", str(self.quarantine): "the quarantine"}
        if self.rejects_path is not None:
            names[str(self.rejects_path)] = "the rejects"
        return names

    def _shown_receipt(self, receipt: flatbed.Receipt) -> models.Receipt:
        text = receipt.to_json()
        for path, name in self.names.items():
            text = text.replace(json.dumps(path)[1:-1], json.dumps(name)[1:-1])
        document = json.loads(text)
        rejects = [problem_of(reject, self.names) for reject in receipt.first_rejects]
        shown = {
            "first_rejects": rejects,
            "checked": receipt.checked,
            "findings": [self._shown_finding(finding) for finding in receipt.findings],
            "leniencies": [self._shown_finding(finding) for finding in receipt.leniencies],
            "document": document,
        }
        return models.Receipt(**{**document, **shown})

    def _shown_finding(self, finding: flatbed.Finding) -> models.Finding:
        examples = [problem_of(example, self.names) for example in finding.examples]
        return models.Finding(code=finding.code, column=finding.column, count=finding.count, examples=examples)

    def _say(self, level: str, text: str) -> None:
        with self._lock:
            line = models.LogLine.model_validate(
                {"seconds": time.time() - self.started, "level": level, "text": text[:4000]}
            )
            self.log = [*self.log, line][-MOST_LOG_LINES:]
            self.version += 1

    def _end(self, status: Status, problem: models.Problem | None) -> None:
        if self.receipt is not None:
            for code, count in self.receipt.rejects_by_code.items():
                first = next((reject for reject in self.receipt.first_rejects if reject.code == code), None)
                place = f", first in line {first.place.line}" if first and first.place.line else ""
                said = f": {first.message}" if first else ""
                self._say("warning", f"{code}: {count} rows rejected{place}{said}")
            balance = "the counts balance" if self.receipt.balanced else "the counts do not balance"
            done = "would load, nothing was written" if self.receipt.checked else f"loaded, {balance}"
            self._say("info", f"{self.receipt.loaded} rows {done}")
        if problem is not None:
            place = f"line {problem.place.line}: " if problem.place.line else ""
            self._say("error", f"{problem.code}: {place}{problem.message}")
        resumable = status is Status.error and self.was_begun()
        with self._lock:
            self.error = problem
            self.resumable = resumable
            self.status = status
            self._going.set()
            self.version += 1


class Runner:
    """Runs a few loads at a time; the others wait their turn."""

    def __init__(self, at_a_time: int) -> None:
        self._pool = ThreadPoolExecutor(at_a_time, thread_name_prefix="load")

    def start(self, load: Load) -> None:
        self._pool.submit(load.run)

    def stop(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
