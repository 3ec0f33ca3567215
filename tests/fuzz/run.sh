#!/usr/bin/env bash
# Searches for files that break the safetensors reader: `tests/fuzz/run.sh [SECONDS]`, ten minutes by default.
# Needs Debian's clang. What it finds stays in build/fuzz/safetensors; the exit status is then not 0.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:-600}
work=build/fuzz/safetensors
cmake --preset fuzz
cmake --build --preset fuzz
python3 tests/fuzz/seeds.py "$work/seeds"
mkdir -p "$work/corpus"
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
exec build/fuzz/bin/safetensors_fuzz -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
  -dict=tests/fuzz/safetensors.dict -artifact_prefix="$work/" -print_final_stats=1 "$work/corpus" "$work/seeds"
