"""Coming in and leaving; what the app offers."""

from __future__ import annotations

import hmac
from typing import Annotated

import limits
from fastapi import APIRouter, Cookie, Request, Response

import flatbed
from flatbed_web.models import About, SignIn
from flatbed_web.problems import Refusal
from flatbed_web.sessions import COOKIE
from flatbed_web.state import Shared, State, Visitor

router = APIRouter(tags=["visit"])
KERNEL = flatbed._core.kernel()
_limiter = limits.strategies.FixedWindowRateLimiter(limits.storage.MemoryStorage())
_attempts = limits.RateLimitItemPerMinute(10)


def about(state: State, signed_in: bool) -> About:
    settings = state.settings
    return About(
        version=flatbed.__version__,
        kernel=KERNEL,
        signed_in=signed_in,
        needs_key=settings.access_key is not None,
        embedded=settings.embedded,
        samples=settings.samples is not None,
        servers=settings.servers,
        upload_limit=settings.upload_limit,
    )


@router.get("/about")
def get_about(state: Shared, flatbed_session: Annotated[str | None, Cookie(alias=COOKIE)] = None) -> About:
    return about(state, state.sessions.find(flatbed_session) is not None)


@router.post("/session")
def sign_in(
    state: Shared,
    body: SignIn,
    request: Request,
    response: Response,
    flatbed_session: Annotated[str | None, Cookie(alias=COOKIE)] = None,
) -> About:
    """Starts a session, whose cookie every other request carries; a session that lives goes on."""
    if state.sessions.find(flatbed_session) is not None:
        return about(state, True)
    key = state.settings.access_key
    if key is not None:
        if not _limiter.hit(_attempts, request.client.host if request.client else ""):
            raise Refusal(429, "FB-WEB-0103", "too many attempts", hint="wait a minute")
        given = body.key.get_secret_value() if body.key else ""
        if not hmac.compare_digest(given.encode("utf-8", "replace"), key.get_secret_value().encode()):
            raise Refusal(403, "FB-WEB-0403", "this is not the key of the app", hint="the operator knows it")
    session = state.sessions.start()
    state.unfinished.claim(flatbed_session, session)
    response.set_cookie(
        COOKIE, session.id, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/api"
    )
    return about(state, True)


@router.delete("/session", status_code=204)
def sign_out(state: Shared, session: Visitor, response: Response) -> None:
    """Ends the session: its loads are cancelled, its files and secrets are gone."""
    state.sessions.end(session)
    response.delete_cookie(COOKIE, path="/api")
