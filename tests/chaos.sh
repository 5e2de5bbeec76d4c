#!/usr/bin/env bash
# Loads that are killed, cut off and lied to at random points: exact after each, or this fails. Takes about an hour;
# tests/run.sh has a short version of it.
set -euo pipefail
cd "$(dirname "$0")/.."
tests/setup.sh test
.venv/bin/python tests/real/chaos.py --client 150 --server 50 --link 150 --swallow 100 --embedded 30 "$@"
FLATBED_FAULTS=300 .venv/bin/python -m pytest -q tests/python/test_failing_calls.py
