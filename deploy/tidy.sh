#!/usr/bin/env bash
# Runs clang-tidy over every source of the release build; about an hour on two cores.
#
#   deploy/tidy.sh [FOLDER...]
set -euo pipefail
cd "$(dirname "$0")/.."
command -v clang-tidy >/dev/null || { echo "tidy.sh: install clang-tidy first." >&2; exit 2; }
cmake --preset release >/dev/null
cmake --build --preset release --target mk_proto  # Generated headers.
folders=("$@")
[ $# -gt 0 ] || folders=(storage proto coordinator worker client tests)
find "${folders[@]}" -name '*.cc' -print0 | xargs -0 -n 1 -P "$(nproc)" clang-tidy -p build/release --quiet
