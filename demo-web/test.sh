#!/usr/bin/env bash
# Tests the demo app: the server against a real ClickHouse, the pages in a real browser. A gigabyte through the browser and
# every page in more views: python -m pytest -c demo-web/tests/pytest.ini demo-web/tests -m large
set -euo pipefail
cd "$(dirname "$0")"
../tests/setup.sh test
./setup.sh test
export PATH="$PWD/../.venv/bin:$PATH"
ruff check server tests
ruff format --check server tests
mypy --strict --python-executable "$PWD/../.venv/bin/python" server/flatbed_web
hadolint Dockerfile
check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml
frontend/types.sh "$PWD/frontend/node_modules/.types.ts"
diff frontend/src/api/types.ts frontend/node_modules/.types.ts # the pages' types are the server's
python -m pytest -c tests/pytest.ini -n 2 --dist worksteal tests
