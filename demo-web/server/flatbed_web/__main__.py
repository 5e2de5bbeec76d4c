"""python -m flatbed_web: serves the app as its environment says."""

from __future__ import annotations

import sys

import uvicorn
from pydantic import ValidationError

from flatbed_web.app import create_app
from flatbed_web.settings import Settings


def main() -> int:
    try:
        settings = Settings()
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(["FLATBED_WEB", *(str(part).upper() for part in problem["loc"])])
            print(f"{name.rstrip('_')}: {problem['msg']}", file=sys.stderr)
        return 1
    app = create_app(settings)
    if settings.embedded:
        app.state.flatbed.start_engine()
    shown = f"http://{'localhost' if settings.host == '127.0.0.1' else settings.host}:{settings.port}/"
    print(f"Flatbed is on {shown}", flush=True)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=3,
        h11_max_incomplete_event_size=64 << 10,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
