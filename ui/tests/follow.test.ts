import { expect, test } from "vitest";

import { ServiceError } from "../src/api/errors";
import { follow, type TaskEvent, type Way } from "../src/api/follow";

const PACE = { patience: 2, giveUpMs: 60, firstPauseMs: 1 };
const done: TaskEvent = { type: "task_completed", seq: 9 };
const never = new AbortController().signal;
const quiet = { onProgress: () => undefined, onLost: () => undefined };

const broken: Way = () => Promise.reject(new TypeError("no connection"));
const telling =
  (...events: TaskEvent[]): Way =>
  async (_task, _after, hear) => {
    events.forEach(hear);
    return null;
  };

test("the first way that works is the only one used", async () => {
  const unused: Way = () => Promise.reject(new Error("not to be used"));
  expect(await follow([telling(done), unused], "t", quiet, never, PACE)).toEqual({ kind: "completed" });
});

test("where sockets do not work events are tried, and then asking", async () => {
  const tried: string[] = [];
  const way = (name: string, then: Way): Way => (...all) => (tried.push(name), then(...all));
  const ways = [way("socket", broken), way("events", broken), way("asking", telling(done))];
  expect(await follow(ways, "t", quiet, never, PACE)).toEqual({ kind: "completed" });
  expect(tried).toEqual(["socket", "socket", "events", "events", "asking"]);
});

test("a connection that drops is made again behind what was heard", async () => {
  const after: (number | null)[] = [];
  const dropping: Way = async (_task, seq, hear) => {
    after.push(seq);
    hear(after.length < 4 ? { type: "progress_update", seq: after.length } : done);
    return null;
  };
  expect(await follow([dropping, broken], "t", quiet, never, PACE)).toEqual({ kind: "completed" });
  expect(after).toEqual([null, 1, 2, 3]);
});

test("a task that is not known ends the following", async () => {
  const unknown: Way = () => Promise.reject(new ServiceError(404, "unknown_task", "gone"));
  await expect(follow([unknown], "t", quiet, never, PACE)).rejects.toMatchObject({ code: "unknown_task" });
});

test("a service that stays away is given up in the end", async () => {
  await expect(follow([broken], "t", quiet, never, PACE)).rejects.toMatchObject({ code: "unreachable" });
});

test("what failed says why", async () => {
  const failed = telling({ type: "task_failed", error: "inference_failed", error_message: "no memory" });
  expect(await follow([failed], "t", quiet, never, PACE)).toEqual({
    kind: "failed",
    code: "inference_failed",
    message: "no memory",
  });
});
