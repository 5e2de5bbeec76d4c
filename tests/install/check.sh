#!/usr/bin/env bash
# Installs the build into a folder of its own and builds the examples against it: `tests/install/check.sh BUILD_FOLDER`.
# Every program must print what examples/flights.stdout holds.
set -euo pipefail
build=$(realpath "${1:?give the build folder}")
cd "$(dirname "$0")/../.."
root=$PWD
export FLATBED_PYTHON=${FLATBED_PYTHON:-$(command -v python3)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

prints_the_same() {
  "$1" examples/flights.csv "$(mktemp -d "$work/data-XXXX")" | diff examples/flights.stdout -
}

cmake --install "$build" --prefix "$work/prefix" --component development >/dev/null
mv "$work/prefix" "$work/moved" # an installed tree may be moved
libraries=$(dirname "$(find "$work/moved" -name libflatbed.so.1)")

echo "C, by pkg-config"
export PKG_CONFIG_PATH=$libraries/pkgconfig
# shellcheck disable=SC2046
cc -std=c99 -Wall -Wextra -Wpedantic -Werror examples/c/flights.c $(pkg-config --cflags --libs flatbed) -o "$work/flights"
LD_LIBRARY_PATH=$libraries prints_the_same "$work/flights"

echo "C++, by find_package"
cmake -S examples/cpp -B "$work/found" -DCMAKE_PREFIX_PATH="$work/moved" >/dev/null
cmake --build "$work/found" >/dev/null
prints_the_same "$work/found/flights"

echo "C++, by add_subdirectory"
# With the flags of the preset release, so that a compiler cache serves both.
cmake -S examples/cpp -B build/subdirectory -G Ninja -DFLATBED_SOURCE="$root" -DCMAKE_BUILD_TYPE=Release \
  -DFLATBED_WERROR=ON >/dev/null
cmake --build build/subdirectory --target flights >/dev/null
prints_the_same build/subdirectory/flights
echo "ok"
