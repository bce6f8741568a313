#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Format and habits: clang-format, clang-tidy, ruff, shellcheck. With `changed`, clang-tidy reads only the sources that
# differ from main; with `format` files are rewritten instead. Every tool runs, then the worst result counts.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

scope=${1:-all}
failed=()

step() {
  echo "==> lint: $1"
  shift
  "$@" || failed+=("$1")
}

tracked() {
  git ls-files --cached --others --exclude-standard -- "$@" | while read -r file; do
    [ ! -f "$file" ] || echo "$file"
  done
}

tidy() {
  cmake --preset dev -DKITH_BENCH=OFF >/dev/null || return 1
  local sources
  if [ "$scope" = changed ]; then
    local base
    base=$(git merge-base HEAD origin/main 2>/dev/null || git merge-base HEAD main)
    mapfile -t sources < <({ git diff --name-only --diff-filter=d "$base"; git ls-files --others --exclude-standard; } |
      grep -E '^(src|capi/src)/.*\.cpp$' | sort -u)
  else
    mapfile -t sources < <(tracked 'src/*.cpp' 'capi/src/*.cpp')
  fi
  echo "    ${#sources[@]} sources"
  [ ${#sources[@]} -eq 0 ] ||
    printf '%s\0' "${sources[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy-16 --quiet -p build/dev 2>/dev/null
}

mapfile -t cpp < <(tracked '*.cpp' '*.hpp' '*.c' '*.h')
mapfile -t shell < <(tracked '*.sh' .ci/run)
mapfile -t python < <(tracked '*.py' '*.pyi')

if [ "$scope" = format ]; then
  echo "==> format: ${#cpp[@]} files of C and C++, ${#python[@]} of Python"
  clang-format-16 -i "${cpp[@]}" && .venv/bin/ruff format --quiet "${python[@]}"
  exit
fi

step "clang-format, ${#cpp[@]} files" clang-format-16 --dry-run -Werror "${cpp[@]}"
step "ruff check, ${#python[@]} files" .venv/bin/ruff check --quiet "${python[@]}"
step "ruff format" .venv/bin/ruff format --quiet --check "${python[@]}"
step "shellcheck, ${#shell[@]} files" shellcheck "${shell[@]}"
step "clang-tidy" tidy

if [ ${#failed[@]} -gt 0 ]; then
  echo "lint: failed: ${failed[*]}"
  exit 1
fi
echo "lint: nothing to complain about"
