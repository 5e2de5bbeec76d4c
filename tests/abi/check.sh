#!/usr/bin/env bash
# Holds the C library to its promises: `tests/abi/check.sh BUILD_FOLDER`. With --update the baseline is written anew; a
# change of it is a change of the ABI and is reviewed as one.
set -euo pipefail
build=$(realpath "${1:?give the build folder}")
cd "$(dirname "$0")/../.."
library=$build/capi/libflatbed.so.1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "exported symbols are those of capi/abi/symbols.txt"
nm -D --defined-only "$library" | awk '$2 != "A" {print $3}' | sed 's/@.*//' | sort > "$work/exported"
grep -v '^#' capi/abi/symbols.txt | cut -d' ' -f1 | sort | diff - "$work/exported"
[ "$(wc -l < "$work/exported")" -lt 128 ]

echo "every function of the header has @since and @stability"
[ "$(grep -c '^FLATBED_API' capi/flatbed.h)" = "$(grep -o '@since 1\.[0-9]* @stability [a-z]*' capi/flatbed.h | wc -l)" ]

if command -v abidw >/dev/null; then
  # What the header declares, as a library of its own: the types a C caller sees and nothing from inside.
  sed 's/FLATBED_NOEXCEPT;/{ __builtin_trap(); }/' capi/flatbed.h > "$work/header.c"
  (cd "$work" && cc -std=c11 -g -O0 -fPIC -shared -Wl,--version-script="$OLDPWD/capi/flatbed.map" \
    -Wl,-soname,libflatbed.so.1 header.c -o header.so)
  abidw="abidw --no-corpus-path --no-comp-dir-path --no-show-locs"
  [ "${2:-}" != --update ] || $abidw --out-file capi/abi/libflatbed.abi "$work/header.so"
  echo "the ABI is that of capi/abi/libflatbed.abi"
  abidiff capi/abi/libflatbed.abi "$work/header.so"
else
  echo "skipped: abidw is not installed (package abigail-tools)"
fi

echo "the header is C99, C11 and C++20"
for dialect in "cc -x c -std=c99" "cc -x c -std=c11" "c++ -x c++ -std=c++20"; do
  echo '#include "flatbed.h"' | $dialect -Wall -Wextra -Wpedantic -Werror -Icapi -fsyntax-only -
done

echo "a C program links without the C++ library, and one of the first header runs with the library of today"
for header in capi capi/abi/v1_0; do
  cc -std=c99 -Wall -Wextra -Wpedantic -Werror -I$header tests/abi/client.c "$library" -o "$work/client"
  [ "$(LD_LIBRARY_PATH=$build/capi "$work/client")" = "3 records, FB-SRC-0101, libflatbed 1" ]
done
echo "ok"
