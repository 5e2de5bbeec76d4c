#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test: C++ and C under ASan and UBSan and as released, the installed package,
# Python, examples, the demo app. `tests/run.sh tsan` adds the thread sanitizer, for changes that touch threads.
set -euo pipefail
cd "$(dirname "$0")/.."
tests/setup.sh test
export PATH="$PWD/.venv/bin:$PATH"
export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
jobs=$(nproc)

step() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

step "style"
git ls-files '*.cpp' '*.hpp' '*.h' '*.c' | grep -v '^capi/abi/' | xargs clang-format --dry-run -Werror
ruff check python tests examples bench
ruff format --check python tests examples bench
mypy --strict python/flatbed

for preset in dev "$@" release; do
  step "$preset: build"
  cmake --preset "$preset" >/dev/null
  cmake --build --preset "$preset" -j "$jobs"
  step "$preset: tests"
  python tests/real/with_clickhouse.py -- ctest --preset "$preset"
done

step "the C library: symbols, ABI, header"
tests/abi/check.sh build/release
step "the installed package, used three ways"
tests/install/check.sh build/release

step "Python, the command, the examples"
python -m pytest -n 2 --dist loadfile tests

step "the demo app"
demo-web/test.sh
