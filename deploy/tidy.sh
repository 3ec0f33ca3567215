#!/usr/bin/env bash
# Runs clang-tidy over the sources; about an hour for all of them on two cores.
#
#   deploy/tidy.sh [FOLDER...]
set -euo pipefail
cd "$(dirname "$0")/.."
command -v clang-tidy >/dev/null || { echo "tidy.sh: install clang-tidy first." >&2; exit 2; }
cmake --preset dev -B build/tidy -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >/dev/null
cmake --build build/tidy --target mk_proto mk_client_state  # For the generated headers.
folders=("$@")
[ $# -gt 0 ] || folders=(storage proto coordinator worker client tests)
find "${folders[@]}" -name '*.cc' -print0 |
  xargs -0 -n 1 -P "$(nproc)" clang-tidy -p build/tidy --quiet --extra-arg=-Wno-unknown-warning-option
