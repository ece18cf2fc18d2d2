/** A task until its end: by WebSocket, else by server-sent events, else by asking. Whatever breaks is made again. */

import { pause, ServiceError, unreachable } from "./errors";
import { protocols, type Http } from "./http";
import type { Progress } from "./types";

export type End =
  | { readonly kind: "completed" }
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  | { readonly kind: "cancelled" };

export interface Listener {
  onProgress(progress: Progress): void;
  /** Whether there is no connection just now. */
  onLost(lost: boolean): void;
}

/** One way to hear of a task: resolves with its end, or with null when the connection is over without one. */
export type Way = (task: string, after: number | null, hear: (event: TaskEvent) => void, signal: AbortSignal) => Promise<null>;

export interface TaskEvent {
  readonly type: string;
  readonly seq?: number;
  readonly error?: string | null;
  readonly error_message?: string | null;
}

/** `patience` failures in a row without a word, and the next way is tried; after `giveUpMs` of silence on the last one
 * the service counts as gone. */
export interface Pace {
  readonly patience: number;
  readonly giveUpMs: number;
  readonly firstPauseMs: number;
}

export const PACE: Pace = { patience: 2, giveUpMs: 10 * 60_000, firstPauseMs: 300 };
const LONGEST_PAUSE_MS = 4000;
const OPEN_MS = 6000;
const PING_MS = 15_000;
/** The service says something every 15 s on a stream of events, and be it that it is still there. */
const QUIET_MS = 45_000;
const POLL_MS = 1000;

/** Raises: ServiceError if the task is not known, or the service stays away; AbortError. */
export async function follow(
  ways: readonly Way[],
  task: string,
  listener: Listener,
  signal: AbortSignal,
  pace: Pace = PACE,
): Promise<End> {
  let [way, failures, after, heardAt] = [0, 0, null as number | null, Date.now()];
  let end: End | null = null;
  const over = new AbortController();
  const hear = (event: TaskEvent): void => {
    if (end) return;
    [failures, heardAt] = [0, Date.now()];
    listener.onLost(false);
    after = event.seq ?? after;
    if (event.type === "progress_update") listener.onProgress(event as unknown as Progress);
    end = endOf(event);
    if (end) over.abort();
  };
  for (;;) {
    signal.throwIfAborted();
    try {
      await (ways[way] as Way)(task, after, hear, AbortSignal.any([signal, over.signal]));
    } catch (error) {
      if (end) return end;
      signal.throwIfAborted();
      if (error instanceof ServiceError && [400, 401, 403, 404, 410].includes(error.status)) throw error;
    }
    if (end) return end;
    failures += 1;
    listener.onLost(true);
    if (failures >= pace.patience && way < ways.length - 1) [way, failures] = [way + 1, 0];
    if (Date.now() - heardAt > pace.giveUpMs) throw unreachable();
    await pause(Math.min(LONGEST_PAUSE_MS, pace.firstPauseMs * 2 ** failures), signal);
  }
}

function endOf(event: TaskEvent): End | null {
  switch (event.type) {
    case "task_completed":
      return { kind: "completed" };
    case "task_cancelled":
      return { kind: "cancelled" };
    case "task_failed":
      return { kind: "failed", code: event.error ?? "internal_error", message: event.error_message ?? "" };
    default:
      return null;
  }
}

export const ways = (http: Http): readonly Way[] => [bySocket(http), byEvents(http), byAsking(http)];

const bySocket =
  (http: Http): Way =>
  (task, after, hear, signal) =>
    new Promise((resolve, reject) => {
      const address = new URL(`${http.root}/ws/progress/${task}`, location.href);
      address.protocol = address.protocol.replace("http", "ws");
      if (after !== null) address.searchParams.set("after_seq", String(after));
      const socket = new WebSocket(address, protocols(http.keys.get()));
      let heardAt = Date.now();
      const timers = [
        setTimeout(() => socket.readyState === WebSocket.CONNECTING && close(), OPEN_MS),
        setInterval(() => {
          if (Date.now() - heardAt > 2 * PING_MS) return close();
          if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "ping", timestamp: Date.now() }));
        }, PING_MS),
      ];
      const close = (): void => {
        timers.forEach(clearTimeout);
        signal.removeEventListener("abort", close);
        socket.onmessage = socket.onclose = null;
        socket.close();
        resolve(null);
      };
      signal.addEventListener("abort", close, { once: true });
      socket.onmessage = ({ data }) => {
        heardAt = Date.now();
        const event = JSON.parse(String(data)) as TaskEvent;
        if ("seq" in event) hear(event);
      };
      socket.onclose = ({ code }) => {
        close();
        if (code === 4404) reject(new ServiceError(404, "unknown_task", "the service does not know this task"));
      };
    });

const byEvents =
  (http: Http): Way =>
  async (task, after, hear, signal) => {
    const headers = after === null ? {} : { "Last-Event-ID": String(after) };
    const silent = new AbortController();
    let watch = setTimeout(() => silent.abort(), QUIET_MS);
    signal.addEventListener("abort", () => clearTimeout(watch), { once: true });
    const answer = await http.fetched(`/tasks/${task}/events`, AbortSignal.any([signal, silent.signal]), headers);
    if (!answer.body || !answer.headers.get("Content-Type")?.startsWith("text/event-stream")) return null;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      clearTimeout(watch);
      if (done) return null;
      watch = setTimeout(() => silent.abort(), QUIET_MS);
      text += value;
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const data = block.split("\n").filter((line) => line.startsWith("data:"));
        if (data.length) hear(JSON.parse(data.map((line) => line.slice(5)).join("\n")) as TaskEvent);
      }
    }
  };

const byAsking =
  (http: Http): Way =>
  async (task, _after, hear, signal) => {
    for (;;) {
      const status = await http.json<Progress & { error_message: string | null }>(`/task-status/${task}`, signal);
      const type = { completed: "task_completed", error: "task_failed", cancelled: "task_cancelled" }[status.status];
      hear({ ...status, type: type ?? "progress_update", error: null });
      await pause(POLL_MS, signal);
    }
  };
