#!/usr/bin/env bash
# folder.sh IN-FOLDER OUT-FOLDER: every picture, four at once. What is there already is not done again, and a file appears
# only when it is whole. Ends with 1 if one of them could not be done.
set -euo pipefail
export service=${TEXT_REMOVAL_URL:-http://127.0.0.1:8081} out=$2
mkdir -p "$out"

one() {
  target=$out/$(basename "$1")
  [ ! -e "$target" ] || return 0
  key=(); [ -z "${TEXT_REMOVAL_API_KEY:-}" ] || key=(-H "X-API-Key: $TEXT_REMOVAL_API_KEY")
  if curl -sS --fail-with-body --retry 5 --retry-connrefused "${key[@]}" -F "image=@$1" -F output_format=same \
          -o "$target.part" "$service/api/v1/remove-text"; then
    mv "$target.part" "$target"
  else
    echo "$1: $(cat "$target.part" 2>/dev/null)" >&2
    rm -f "$target.part"
    return 1
  fi
}
export -f one

find "$1" -maxdepth 1 -type f -print0 | xargs -0 -P 4 -I {} bash -c 'one "$1" || exit 1' _ {} || exit 1
