#!/usr/bin/env bash
# Benchmarks Flatbed against its peers: installs the peers, makes the data, builds, checks, measures, writes a report.
#
#   bench/run.sh                                             everything, into bench/results
#   bench/run.sh --only typed --data lineitem --runs 5       a part, into build/bench-results
#
# Options are those of bench/peers.py. FLATBED_BENCH_DATA names a folder of data (default: bench/data).
set -euo pipefail
cd "$(dirname "$0")/.."

data=${FLATBED_BENCH_DATA:-bench/data}
venv=build/bench-venv
workers=build/bench/bench

out=bench/results
[ $# -eq 0 ] || out=build/bench-results

packages=(g++ cmake ninja-build pkg-config python3-venv libcurl4-openssl-dev libarchive-dev zlib1g-dev liblz4-dev libzstd-dev
  libsimdjson-dev libxxhash-dev libsqlite3-dev libssl-dev libbenchmark-dev libfccp-dev)
command -v cargo >/dev/null || packages+=(cargo)

setup_system() {
  local missing=() as_root
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "installing ${missing[*]}" >&2
  as_root=$([ "$(id -u)" = 0 ] || echo sudo)
  $as_root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

setup_peers() {
  [ -x $venv/bin/python ] || python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r bench/requirements.txt
}

build() {
  cmake --preset bench >/dev/null
  cmake --build --preset bench >&2
  cargo build --quiet --release --manifest-path bench/rust/Cargo.toml --target-dir "$workers/rust"
}

setup_system
setup_peers
build

stages=()
for program in "$workers"/bench_*; do
  [ -x "$program" ] && stages+=("$program")
done
exec "$venv/bin/python" bench/peers.py --workers "$workers" --data-folder "$data" --out "$out" \
  ${stages[@]+--stages "${stages[@]}"} "$@"
