#!/usr/bin/env bash
# remove-text.sh IN OUT: one picture, in the format it came in. Says what the service did.
set -euo pipefail
service=${TEXT_REMOVAL_URL:-http://127.0.0.1:8081}
key=(); [ -z "${TEXT_REMOVAL_API_KEY:-}" ] || key=(-H "X-API-Key: $TEXT_REMOVAL_API_KEY")

# --retry waits as long as Retry-After says when the service is full.
curl -sS --fail-with-body --retry 5 "${key[@]}" -F "image=@$1" -F output_format=same -o "$2" -D - \
     "$service/api/v1/remove-text" | grep -i '^x-\(model\|regions-count\|fill\|processing-time\)'
