#!/usr/bin/env bash
# Writes src/api/types.ts from the OpenAPI document of the server.
set -euo pipefail
cd "$(dirname "$0")"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
PYTHONPATH=../server ../../.venv/bin/python - "$folder" > "$folder/openapi.json" <<'PYTHON'
import json, sys
from pathlib import Path
from flatbed_web.app import create_app
from flatbed_web.settings import Settings
print(json.dumps(create_app(Settings(data=Path(sys.argv[1], "data"))).openapi()))
PYTHON
npx --no-install openapi-typescript "$folder/openapi.json" -o "${1:-src/api/types.ts}" >/dev/null
