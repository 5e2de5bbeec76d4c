#!/usr/bin/env bash
# Tests the demo app: the server against a real ClickHouse; the pages are built, and their types compared with the server.
# tests/test_flows.py and tests/test_looks.py drive the pages in a browser (Debian's chromium). They do not pass yet and are not run.
set -euo pipefail
cd "$(dirname "$0")"
../tests/setup.sh test
./setup.sh test
export PATH="$PWD/../.venv/bin:$PATH"
ruff check server tests
ruff format --check server tests
mypy --strict server/flatbed_web
frontend/types.sh "$PWD/frontend/node_modules/.types.ts"
diff frontend/src/api/types.ts frontend/node_modules/.types.ts # the pages' types are the server's
python -m pytest -c tests/pytest.ini tests/test_attacks.py tests/test_openapi.py tests/test_server.py
