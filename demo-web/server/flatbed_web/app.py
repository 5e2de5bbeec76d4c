"""The app put together: who may come in, what is answered when something goes wrong, the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

import flatbed
from flatbed_web import connections, files_api, loads_api, looking, quarantine_api, visit
from flatbed_web.files import Disk, Samples
from flatbed_web.guard import Guard, ServerList
from flatbed_web.loads import Runner
from flatbed_web.models import Failure, Problem
from flatbed_web.problems import Refusal, problem_of
from flatbed_web.sessions import Sessions
from flatbed_web.settings import Settings
from flatbed_web.state import State
from flatbed_web.unfinished import Unfinished

FAILURES: dict[int | str, dict[str, Any]] = {
    422: {"model": Failure, "description": "The request is not what is expected"},
    "default": {"model": Failure, "description": "Flatbed, a file, a server or the app says no"},
}


def create_app(settings: Settings) -> FastAPI:
    disk = Disk(settings.data, settings.disk_limit)
    state = State(
        settings=settings,
        sessions=Sessions(),
        disk=disk,
        samples=Samples(settings.samples),
        servers=ServerList(settings.servers),
        runner=Runner(settings.running),
        unfinished=Unfinished(disk),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        state.close()

    app = FastAPI(
        title="Flatbed demo",
        version=flatbed.__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
        responses=FAILURES,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.flatbed = state
    for part in (visit, files_api, connections, looking, loads_api, quarantine_api):
        app.include_router(part.router, prefix="/api")
    _answer_failures(app)
    _serve_pages(app, settings)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_credentials=True,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Content-Type", "Upload-Offset"],
        )
    app.add_middleware(Guard, settings=settings)
    return app


def _answer_failures(app: FastAPI) -> None:
    def failure(status: int, problem: Problem) -> JSONResponse:
        return JSONResponse({"error": problem.model_dump()}, status)

    @app.exception_handler(Refusal)
    def refused(_: Request, refusal: Refusal) -> Response:
        return failure(refusal.status, refusal.problem)

    @app.exception_handler(flatbed.Error)
    def failed(request: Request, error: flatbed.Error) -> Response:
        return failure(400, problem_of(error, getattr(request.state, "names", {})))

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        return failure(422, Problem(code="FB-WEB-0422", message=f"{where or 'the request'}: {first['msg']}"))

    @app.exception_handler(HTTPException)
    def other(_: Request, error: HTTPException) -> Response:
        answer = failure(error.status_code, Problem(code=f"FB-WEB-{error.status_code:04}", message=str(error.detail)))
        answer.headers.update(error.headers or {})
        return answer


def _serve_pages(app: FastAPI, settings: Settings) -> None:
    index = settings.pages / "index.html"
    if not index.is_file():
        return  # the API alone
    page = index.read_text()
    app.mount("/assets", StaticFiles(directory=settings.pages / "assets"))

    @app.get("/favicon.svg", include_in_schema=False)
    def icon() -> Response:
        return Response((settings.pages / "favicon.svg").read_bytes(), media_type="image/svg+xml")

    @app.get("/{path:path}", include_in_schema=False)
    def any_page(request: Request, path: str) -> Response:
        """Every address is the one page, which knows its steps; styles that it makes carry the nonce of this answer."""
        if path.startswith("api/"):
            raise HTTPException(404, "there is no such address")
        return HTMLResponse(page.replace("__NONCE__", request.state.nonce), headers={"Cache-Control": "no-cache"})
