#!/usr/bin/env bash
# Installs what the demo app needs: `demo-web/setup.sh run` to run it, `demo-web/setup.sh test` for its tests too.
set -euo pipefail
cd "$(dirname "$0")"
purpose=${1:-run}
python=../.venv/bin/python

files=(requirements.txt)
[ "$purpose" = test ] && files+=(tests/requirements.txt)
stamp=../.venv/.demo-web-$purpose
if [ "$(cat "$stamp" 2>/dev/null)" != "$(cat "${files[@]}")" ]; then
  echo "installing the app's Python packages"
  $python -m pip install --quiet --disable-pip-version-check "${files[@]/#/-r}"
  cat "${files[@]}" > "$stamp"
fi
