import type { Call, Connection } from "../connection.js";
import { worthAnotherTry } from "../connection.js";
import type { Task } from "../task.js";
import { backoff, sleep } from "../waiting.js";
import type { TaskEvent } from "../wire.js";
import { byPolling } from "./polling.js";
import { bySocket } from "./socket.js";
import { byStream } from "./stream.js";

/** How news of a task come: by a WebSocket, as server-sent events, or by asking every second. */
export type Way = "websocket" | "sse" | "polling";

export interface Following extends Call {
  /** The `seq` of the last event that was seen: what came before is left out. */
  afterSeq?: number | undefined;
  /** The ways to try, best first. All of them, unless told. */
  ways?: readonly Way[] | undefined;
  /** Milliseconds without a sign of the service, after which it is given up. 5 minutes unless told. */
  patience?: number | undefined;
}

const PATIENCE_MS = 300_000;
const TRIES_OF_AN_UNPROVEN_WAY = 2;
const WAYS = { websocket: bySocket, sse: byStream, polling: byPolling };

/**
 * Events until the last one. A way that has brought news once passes this network, and is tried until patience ends; one
 * that has not brought any may never, and gives place to the next.
 */
export async function* follow(
  connection: Connection, task: Task, options: Following,
): AsyncGenerator<TaskEvent, void, void> {
  const { signal, patience = PATIENCE_MS } = options;
  const ways = usable(options.ways ?? ["websocket", "sse", "polling"]);
  let seq = options.afterSeq;
  let [failures, proven, heardAt] = [0, false, Date.now()];
  for (;;) {
    let lost: unknown;
    try {
      for await (const event of WAYS[ways[0] ?? "polling"](connection, task, seq, signal)) {
        [seq, failures, proven, heardAt] = [event.seq, 0, true, Date.now()];
        yield event;
        if (event.type !== "progress_update") return;
      }
    } catch (error) {
      if (signal?.aborted || !worthAnotherTry(error)) throw error;
      lost = error;
    }
    failures += 1;
    if (!proven && failures >= TRIES_OF_AN_UNPROVEN_WAY && ways.length > 1) {
      ways.shift();
      failures = 0;
    } else if (Date.now() - heardAt > patience) throw lost;
    else await sleep(backoff(failures - 1), signal);
  }
}

function usable(ways: readonly Way[]): Way[] {
  return ways.filter((way) => way !== "websocket" || typeof WebSocket !== "undefined");
}
