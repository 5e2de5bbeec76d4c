#!/usr/bin/env bash
# Tests the demo app: the server against a real ClickHouse, and the pages in a real browser.
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
python -m pytest -c tests/pytest.ini tests
