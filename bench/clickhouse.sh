#!/usr/bin/env bash
# Loads into ClickHouse and exports from it, Flatbed beside its peers, on TPC-H lineitem: results equal before timing,
# medians of five, CPU of client and server.
#
#   bench/clickhouse.sh                          everything, about a quarter of an hour on 2 cores
#   bench/clickhouse.sh --runs 3 --only load     a part; --peers flatbed,csv,native chooses who takes part
#
# FLATBED_BENCH_DATA names a folder of data (default: bench/data). Options are those of bench/clickhouse.py.
set -euo pipefail
cd "$(dirname "$0")/.."
tests/setup.sh test
venv=build/bench-venv
[ -x $venv/bin/python ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r bench/requirements.txt
"$venv/bin/pip" install --quiet --disable-pip-version-check clickhouse-connect
exec .venv/bin/python bench/clickhouse.py --data-folder "${FLATBED_BENCH_DATA:-bench/data}" \
  --peers-python "$venv/bin/python" "$@"
