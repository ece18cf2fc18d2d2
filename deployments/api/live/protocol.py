"""The socket protocol as an AsyncAPI 3.0 document, served beside openapi.json. Tests hold real messages against it."""

from typing import Any

TEXT, NUMBER, COUNT = {"type": "string"}, {"type": "number"}, {"type": "integer"}
MAYBE_TEXT, MAYBE_NUMBER = {"type": ["string", "null"]}, {"type": ["number", "null"]}
MOMENT = {"type": "string", "format": "date-time"}
MAYBE_MOMENT = {"type": ["string", "null"], "format": "date-time"}

TASK = {"task_id": TEXT, "seq": COUNT, "session_id": {"type": "null"}}
"""In every message about a task's state. `seq` grows with each change; `?after_seq=` resumes behind it."""

PROGRESS = {
    "status": {"enum": ["pending", "preparing", "processing", "completed", "error", "cancelled"]},
    "stage": {"enum": ["preparing", "masking", "inpainting", "finalizing"]},
    "progress": NUMBER,
    "overall_progress": NUMBER,
    "stage_progress": NUMBER,
    "current_region": COUNT,
    "total_regions": COUNT,
    "message": TEXT,
    "elapsed_time": NUMBER,
    "estimated_remaining": MAYBE_NUMBER,
}
ANSWERED = {"created_at": MOMENT, "started_at": MAYBE_MOMENT, "completed_at": MAYBE_MOMENT, "error_message": MAYBE_TEXT}
RESULT = {
    "type": "object",
    "properties": {"processed_image_path": TEXT, "processing_time": MAYBE_NUMBER, "regions_processed": COUNT},
    "required": ["processed_image_path", "processing_time", "regions_processed"],
}

Fields = dict[str, Any]


def _message(kind: str, required: Fields, optional: Fields | None = None, *, timed: bool = True) -> dict[str, Any]:
    fields = {"type": {"const": kind}, **({"timestamp": MOMENT} if timed else {}), **required}
    payload = {
        "type": "object",
        "properties": {**fields, **(optional or {})},
        "required": list(fields),
        "additionalProperties": False,
    }
    return {"name": kind, "payload": payload}


FROM_SERVER = {
    message["name"]: message
    for message in (
        _message("connection_established", {"connection_id": TEXT, "task_id": MAYBE_TEXT}),
        _message("task_subscribed", {"task_id": TEXT}),
        _message("task_unsubscribed", {"task_id": TEXT}),
        _message("all_subscribed", {}),
        _message("progress_update", TASK | PROGRESS, ANSWERED),
        _message(
            "task_completed",
            TASK | {"result": RESULT, "elapsed_time": NUMBER, "total_regions": COUNT, "result_url": TEXT},
        ),
        _message("task_failed", TASK | {"error": MAYBE_TEXT, "error_message": MAYBE_TEXT, "elapsed_time": NUMBER}),
        _message("task_cancelled", TASK | {"elapsed_time": NUMBER}),
        _message("error", {"error": TEXT}, {"task_id": MAYBE_TEXT}),
        _message("pong", {"timestamp": {}}, timed=False),
    )
}
FROM_CLIENT = {
    message["name"]: message
    for message in (
        _message("authenticate", {}, {"api_key": TEXT, "ticket": TEXT}, timed=False),
        _message("subscribe_task", {"task_id": TEXT}, timed=False),
        _message("unsubscribe_task", {"task_id": TEXT}, timed=False),
        _message("subscribe_all", {}, timed=False),
        _message("get_task_status", {"task_id": TEXT}, timed=False),
        _message("cancel_task", {"task_id": TEXT}, timed=False),
        _message("ping", {}, {"timestamp": {}}, timed=False),
    )
}

CHANNELS = {
    "task": ("/ws/progress/{task_id}", "One task, waited for if nobody has started it yet."),
    "tasks": ("/ws/progress", "None at first; with API keys all of the key; `?all=true`: everybody's."),
}


def asyncapi(title: str, version: str) -> dict[str, Any]:
    messages = {**FROM_SERVER, **FROM_CLIENT}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": f"{title}: progress over WebSockets", "version": version},
        "defaultContentType": "application/json",
        "channels": {
            name: {
                "address": address,
                "description": description,
                "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in messages},
            }
            | ({"parameters": {"task_id": {"description": "The task's id."}}} if "{" in address else {})
            for name, (address, description) in CHANNELS.items()
        },
        "operations": {
            f"{action}_{name}": {
                "action": action,
                "channel": {"$ref": f"#/channels/{name}"},
                "messages": [{"$ref": f"#/channels/{name}/messages/{kind}"} for kind in kinds],
            }
            for name in CHANNELS
            for action, kinds in (("send", FROM_SERVER), ("receive", FROM_CLIENT))
        },
        "components": {"messages": messages},
    }
