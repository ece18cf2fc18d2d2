#!/usr/bin/env bash
# task.sh IN OUT: one picture in the background, with its progress. The id comes from the file: run again after a crash of
# either side, it goes on with the same task.
set -euo pipefail
service=${TEXT_REMOVAL_URL:-http://127.0.0.1:8081}
key=(); [ -z "${TEXT_REMOVAL_API_KEY:-}" ] || key=(-H "X-API-Key: $TEXT_REMOVAL_API_KEY")
ask() { curl -sS --fail-with-body --retry 5 --retry-connrefused "${key[@]}" "$@"; }

task=$(sha256sum < "$1" | cut -c 1-32)
ask -F "image=@$1" -F detect=true -F mask_mode=strokes -F "task_id=$task" -o /dev/null "$service/api/v1/inpaint-regions-async"

# Server-sent events until the last one; a curl that was cut off would begin anew with the present state.
ask -N "$service/api/v1/tasks/$task/events" | sed -n 's/^event: //p; s/.*"overall_progress":\([0-9.]*\).*/  \1 %/p'
ask -o "$2" "$service/api/v1/task-result/$task"
