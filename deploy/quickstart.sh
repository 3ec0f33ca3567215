#!/usr/bin/env bash
# From a fresh Debian 12 to a trained makeover model and a converted folder, on this machine alone.
set -euo pipefail

usage() {
  cat <<'EOF'
Usage: deploy/quickstart.sh [--celeba DIR] [--filter E] [--steps N] [--dir D] [--keep]

  --celeba DIR  import CelebA's files (img_align_celeba/, list_attr_celeba.txt) instead of drawing toy faces
  --filter E    what faces are to become; default: smiling
  --steps N     batches of training; default: 600, some minutes on two cores
  --dir D       where everything goes; default: ./quickstart
  --keep        leave the cluster up at the end
EOF
}

celeba= filter=smiling steps=600 dir=quickstart keep=
while [ $# -gt 0 ]; do
  case $1 in
    --celeba) celeba=$(realpath "${2:?--celeba needs a folder}"); shift 2 ;;
    --filter) filter=${2:?--filter needs an expression}; shift 2 ;;
    --steps) steps=${2:?--steps needs a number}; shift 2 ;;
    --dir) dir=${2:?--dir needs a folder}; shift 2 ;;
    --keep) keep=1; shift ;;
    -h | --help) usage; exit 0 ;;
    *) echo "quickstart.sh: '$1' is not an option." >&2; usage >&2; exit 2 ;;
  esac
done
mkdir -p "$dir"
dir=$(realpath "$dir")
cd "$(dirname "$0")/.."
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say "1/6  Packages and build"
deploy/install-dependencies.sh
cmake --preset release
cmake --build --preset release --target mkctl mkcoordinator mkworker mkengine
export PATH="$PWD/build/release/bin:$PATH"

say "2/6  A cluster of one machine"
export XDG_CONFIG_HOME="$dir/config"
unset MKCTL_SERVER # may name another cluster, which is none of our business
mkdir -p "$dir/cluster"
: >"$dir/up.log"
# In a session of its own: Ctrl-C reaches only this script, whose end stops the cluster once, which saves.
setsid mkctl up --data-dir "$dir/cluster" --listen 127.0.0.1:0 >>"$dir/up.log" 2>&1 &
up=$!
stop() {
  kill -TERM "$up" 2>/dev/null || true
  wait "$up" 2>/dev/null || true
}
[ -n "$keep" ] || trap stop EXIT
# Its own word, and not whoever answers where a cluster usually is.
until address=$(sed -n '/^listening on /{s///p;q}' "$dir/up.log") && [ -n "$address" ]; do
  kill -0 "$up" 2>/dev/null || { echo "The cluster did not start:" >&2; cat "$dir/up.log" >&2; exit 1; }
  sleep 0.2
done
export MKCTL_SERVER="$address"
mkctl status

say "3/6  Faces"
if [ -n "$celeba" ]; then
  faces=$celeba dataset=celeba
else
  faces=$dir/toy-faces dataset=toy
  [ -f "$faces/list_attr_celeba.txt" ] || mkengine synth "$faces" --count 1000 --seed 1
fi
mkctl datasets import "$dataset" "$faces"

say "4/6  Training: --filter '$filter', $steps steps"
model=quickstart-$(printf %s "$filter" | tr -cs 'A-Za-z0-9\n' '-' | sed 's/-*$//')-$steps
if mkctl models show "$model" >/dev/null 2>&1; then
  echo "Model $model is there already."
  job=$(mkctl models show "$model" -o json | sed -n 's/.*"job": *\([0-9]*\).*/\1/p' | head -n 1)
  mkctl jobs watch "$job"
else
  job=$(mkctl submit-train --dataset "$dataset" --filter "$filter" --steps "$steps" --name "$model" -o name)
  mkctl jobs watch "$job"
fi
mkctl samples "$job" --latest --out "$dir/samples"

say "5/6  Conversion"
mkdir -p "$dir/photos"
find "$faces" -type f \( -iname '*.jpg' -o -iname '*.jpeg' -o -iname '*.png' -o -iname '*.webp' \) | sort | tail -n 40 | while read -r picture; do cp "$picture" "$dir/photos/"; done
mkctl convert "$dir/photos" --model "$model" --out "$dir/photos-makeover"

say "6/6  Done"
cat <<EOF
Sample picture:     $(find "$dir/samples" -name '*.png' | sort | tail -n 1)   source left, result right
Converted folder:   $dir/photos-makeover

Try next:
  export PATH="$PWD/build/release/bin:\$PATH"
  mkctl up                                     start a cluster that stays; in another terminal:
  mkctl datasets import mine DIR               your own faces
  mkctl submit-train --filter 'blond hair & !male' --time 1h --follow
  mkctl convert DIR --model MODEL
EOF
if [ -n "$keep" ]; then
  disown "$up"
  echo "The cluster stays up (process $up); reach it with: export MKCTL_SERVER=$MKCTL_SERVER"
  echo "Stop it with: kill $up"
fi
