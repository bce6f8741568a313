#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what a make target lacks and says so. This file is the one list of Debian packages.
#
#   cmake/setup.sh build            compilers, libraries and Python to build and test
#   cmake/setup.sh lint             what `make lint` needs beside that
#   cmake/setup.sh venv [extra...]  .venv with the build requirements, dependencies and extras of pyproject.toml
#   cmake/setup.sh package          builds the Python package and installs it into .venv
#
# Nothing happens when nothing is missing; `apt-get update` runs only when something is.
set -euo pipefail
cd "$(dirname "$0")/.."

build_packages=(
  cmake ninja-build g++ ccache pkg-config ca-certificates tzdata
  libsqlite3-dev libfmt-dev libboost-dev nlohmann-json3-dev libutf8proc-dev libhowardhinnant-date-dev
  libpq-dev postgresql pgbouncer # the server and the pooler are for tests alone
  libgtest-dev
  python3 python3-venv python3-dev
)
lint_packages=(clang-format-16 clang-tidy-16 shellcheck)

say() { echo "setup: $*"; }

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Debian makes and starts a cluster when the server is installed; the tests make their own. Only where no server is yet:
# what stands there is the administrator's. A file beside Debian's own settings, which stay as they come.
keep_from_making_a_cluster() {
  local settings=/etc/postgresql-common/createcluster.d/no-main-cluster.conf
  if [ -e "$settings" ] || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then return; fi
  say "no PostgreSQL cluster is made on this machine: $settings"
  "$@" mkdir -p "${settings%/*}"
  echo 'create_main_cluster = false' | "$@" tee "$settings" >/dev/null
}

install_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "this is no Debian; expecting the equivalents of: $*"
    return
  fi
  local missing=() as_root=()
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    say "all $# Debian packages are here"
    return
  fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
      say "missing packages, and no right to install them. Please run as root:"
      say "  apt-get install ${missing[*]}"
      exit 1
    fi
    as_root=(sudo -n)
  fi
  say "installing ${missing[*]}"
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
  "${apt[@]}" update </dev/null >/dev/null
  case " ${missing[*]} " in *" postgresql "*) keep_from_making_a_cluster "${as_root[@]}" ;; esac
  "${apt[@]}" install --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}

# Debian's own Python first: its headers are python3-dev's.
find_python() {
  for python in /usr/bin/python3 python3; do
    if command -v "$python" >/dev/null &&
      "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$python"
      return
    fi
  done
  say "no Python 3.11 or newer with the venv module was found" >&2
  exit 1
}

make_venv() {
  local python wanted stamp=.venv/requirements.txt
  python=$(find_python)
  wanted=$("$python" cmake/requirements.py "$@")
  if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "making the Python environment .venv with $python"
    rm -rf .venv
    "$python" -m venv .venv
  elif [ -f "$stamp" ]; then
    # What another target asked for stays: the environment holds the union.
    wanted=$(printf '%s\n%s\n' "$wanted" "$("$python" cmake/requirements.py --still-declared "$stamp")")
  fi
  wanted=$(sort -u <<<"$wanted" | sed '/^$/d')
  if [ -f "$stamp" ] && [ "$wanted" = "$(cat "$stamp")" ]; then
    say "the Python environment .venv is up to date"
    return
  fi
  say "installing into .venv: $(tr '\n' ' ' <<<"$wanted")"
  rm -f "$stamp"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r <(echo "$wanted")
  echo "$wanted" >"$stamp"
}

# Without isolation the build is incremental. Python would ask for the compiler by another name than CMake does, and the
# cache would take it for another compiler: the same name makes it recognise what `make test` compiled.
install_package() {
  CC=${CC:-cc} CXX=${CXX:-c++} .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
    --no-build-isolation --no-deps --force-reinstall .
}

case "${1:-}" in
  build) install_packages "${build_packages[@]}" ;;
  lint) install_packages "${build_packages[@]}" "${lint_packages[@]}" ;;
  venv)
    shift
    make_venv "$@"
    ;;
  package) install_package ;;
  *)
    say "usage: cmake/setup.sh build | lint | venv [extra...] | package"
    exit 2
    ;;
esac
