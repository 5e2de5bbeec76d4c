#!/usr/bin/env bash
# Tests the demo app: the server against a real ClickHouse.
set -euo pipefail
cd "$(dirname "$0")"
../tests/setup.sh test
./setup.sh test
export PATH="$PWD/../.venv/bin:$PATH"
ruff check server tests
ruff format --check server tests
mypy --strict server/flatbed_web
python -m pytest -c tests/pytest.ini tests
