#!/usr/bin/env bash
# Loads that are killed, cut off and lied to at random points: exact after each, or this fails. Takes under an hour on
# 2 idle cores; tests/run.sh has a short version of it. The kinds run side by side, each with a server of its own, because a trial
# mostly waits for the next attempt of its load.
set -euo pipefail
cd "$(dirname "$0")/.."
tests/setup.sh test
pids=()
for kind in "--client 300 --embedded 300" "--engine 100" "--server 100" "--link 300" "--swallow 200"; do
  # shellcheck disable=SC2086
  .venv/bin/python tests/real/chaos.py $kind "$@" &
  pids+=($!)
done
status=0
for pid in "${pids[@]}"; do wait "$pid" || status=$?; done
[ "$status" = 0 ] || exit "$status"
FLATBED_FAULTS=300 .venv/bin/python -m pytest -q tests/python/test_failing_calls.py
