import type { Connection } from "../connection.js";
import { ConnectionLostError, errorOf, ServiceError } from "../errors.js";
import type { Task } from "../task.js";
import { linked } from "../waiting.js";
import type { TaskEvent } from "../wire.js";
import { byPolling } from "./polling.js";

/** The service says something every 15 s, and be it that it is still there. */
const QUIET_MS = 45_000;
const NO_MORE_TO_COME = 204;

/** Server-sent events, by fetch: an EventSource takes no key. Throws ConnectionLostError when they stop before the end. */
export async function* byStream(
  connection: Connection, task: Task, seq?: number, signal?: AbortSignal,
): AsyncGenerator<TaskEvent, void, void> {
  const { signal: either, abort, release } = linked(signal);
  const lost = (cause?: unknown) => new ConnectionLostError("the stream of events broke", { cause });
  let watch = setTimeout(() => abort(lost()), QUIET_MS);
  const headers = { ...connection.headers({}), ...(seq !== undefined && { "Last-Event-ID": String(seq) }) };
  try {
    const answer = await fetch(connection.at(`/tasks/${task.id}/events`), { headers, signal: either });
    if (!answer.ok) throw await errorOf(answer);
    if (answer.status === NO_MORE_TO_COME || !answer.body) return yield* byPolling(connection, task, seq, signal);
    const decoder = new TextDecoder();
    const reader = answer.body.getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw lost();
      clearTimeout(watch);
      watch = setTimeout(() => abort(lost()), QUIET_MS);
      const blocks = (text + decoder.decode(value, { stream: true })).split(/\r?\n\r?\n/);
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const data = /^data: ?(.*)$/m.exec(block)?.[1];
        if (data) yield JSON.parse(data) as TaskEvent;
      }
    }
  } catch (error) {
    if (either.aborted) throw either.reason;
    throw error instanceof ServiceError || error instanceof ConnectionLostError ? error : lost(error);
  } finally {
    clearTimeout(watch);
    release();
    abort(undefined);
  }
}
