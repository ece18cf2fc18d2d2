import type { Connection } from "../connection.js";
import { ConnectionLostError, serviceError } from "../errors.js";
import type { Task } from "../task.js";
import type { TaskEvent } from "../wire.js";

const KINDS = new Set(["progress_update", "task_completed", "task_failed", "task_cancelled"]);
/** A socket that is silent this long is asked whether it is alive, and given up if it is silent as long again. */
const QUIET_MS = 15_000;
/** Close codes that coming back does not help against, and the error they stand for. */
const FINAL_CODES: Record<number, string> = { 4401: "unauthorized", 4403: "forbidden_origin", 4404: "unknown_task" };

/** Events as they come by a WebSocket. Throws ConnectionLostError when it closes before the end. */
export async function* bySocket(
  connection: Connection, task: Task, seq?: number, signal?: AbortSignal,
): AsyncGenerator<TaskEvent, void, void> {
  signal?.throwIfAborted();
  const resume = seq === undefined ? "" : `?after_seq=${seq}`;
  const address = connection.at(`/ws/progress/${task.id}${resume}`).replace(/^http/, "ws");
  const socket = new WebSocket(address, protocols(connection.apiKey));
  const heard: TaskEvent[] = [];
  let ended: { by: unknown } | undefined;
  let quiet = 0;
  let wake = () => {};
  const end = (by: unknown) => {
    ended ??= { by };
    wake();
  };
  socket.onmessage = ({ data }) => {
    quiet = 0;
    const message = JSON.parse(String(data)) as TaskEvent;
    if (KINDS.has(message.type)) heard.push(message);
    wake();
  };
  socket.onclose = ({ code, reason }) => end(closed(code, reason));
  socket.onerror = () => end(new ConnectionLostError("the socket did not open, or broke")); // Node 20 tells no close then
  const stop = () => end(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  const watch = setInterval(() => {
    if (++quiet > 1) end(new ConnectionLostError("the socket is silent"));
    else if (socket.readyState === WebSocket.OPEN) socket.send('{"type": "ping"}');
  }, QUIET_MS);
  try {
    for (;;) {
      for (let event = heard.shift(); event; event = heard.shift()) yield event;
      if (ended) throw ended.by;
      await new Promise<void>((resolve) => { wake = resolve; });
    }
  } finally {
    clearInterval(watch);
    signal?.removeEventListener("abort", stop);
    socket.close();
  }
}

function closed(code: number, reason: string): Error {
  const error = FINAL_CODES[code];
  const message = reason || `the socket was closed (${code})`;
  return error ? serviceError({ error, message }, 0) : new ConnectionLostError(message);
}

/** The key in base64url as a subprotocol: a socket takes no headers, and an address is no place for a key. */
function protocols(key: string): string[] {
  if (!key) return [];
  const bytes = String.fromCharCode(...new TextEncoder().encode(key));
  return ["text-removal", "key." + btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")];
}
