import fc from "fast-check";
import { expect, test } from "vitest";

import { ServiceError } from "../src/api/errors";
import type { End } from "../src/api/follow";
import type { Action } from "../src/editor/actions";
import { EMPTY, pictureOf, type Document, type Editor } from "../src/editor/document";
import { reduce } from "../src/editor/reduce";
import type { Desk, ServiceVerbs } from "../src/work/desk";
import { Finds } from "../src/work/finding";
import { Runs } from "../src/work/running";
import { DEFAULTS } from "../src/work/settings";
import { opened, picture } from "./random";

/** A service that answers when it is told to; each answer says which file it was made of. */
class Fake implements ServiceVerbs {
  readonly files = new Map<string, string>();
  readonly cancelled: string[] = [];
  readonly waiting: (() => void)[] = [];
  fail: unknown = null;

  private wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(new DOMException("stopped", "AbortError"));
      if (signal?.aborted) stop();
      signal?.addEventListener("abort", stop);
      this.waiting.push(() => (this.fail ? reject(this.fail) : resolve()));
    });
  }

  detect: ServiceVerbs["detect"] = async (file, _fields, { signal }) => {
    await this.wait(signal);
    const of = await file.text();
    return [{ points: [[1, 1], [9, 1], [9, of.startsWith("a") ? 9 : 19]], confidence: 0.9 }];
  };

  submit: ServiceVerbs["submit"] = async (task, file, _fields, { signal }) => {
    await this.wait(signal);
    this.files.set(task, await file.text());
  };

  follow: ServiceVerbs["follow"] = async (_task, _listener, signal): Promise<End> => {
    await this.wait(signal);
    return { kind: "completed" };
  };

  status: ServiceVerbs["status"] = () => Promise.reject(new Error("not asked"));

  result: ServiceVerbs["result"] = async (task, { signal }) => {
    await this.wait(signal);
    return { file: new Blob([`${this.files.get(task)}+`]), headers: new Headers({ "X-Regions-Count": "1" }) };
  };

  cancel = (task: string): Promise<void> => {
    this.cancelled.push(task);
    return Promise.resolve();
  };

  preview: ServiceVerbs["preview"] = (file) => Promise.resolve([file, 1]);
  converted: ServiceVerbs["converted"] = (file) => Promise.resolve(file);
}

function desk(): [desk: Desk, service: Fake, state: () => Editor] {
  let [editor, ids] = [EMPTY, 0];
  const service = new Fake();
  const made: Desk = {
    service,
    pictures: {
      made: async (file) => ({ ...picture(await file.text()), file, shown: file }),
      mask: () => Promise.resolve(new Blob(["mask"])),
    },
    editor: () => editor,
    dispatch: (action: Action) => (editor = reduce(editor, action)),
    settings: () => DEFAULTS,
    maxBytes: () => 10_000,
    newId: () => `id${++ids}`,
  };
  return [made, service, () => editor];
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 12; i++) await new Promise((resolve) => setTimeout(resolve));
};
const byId = (editor: Editor, id: string): Document => editor.documents.find((document) => document.id === id) as Document;

/** Lets everything that waits go on until nothing waits any more. */
async function finish(service: Fake): Promise<void> {
  await settled();
  while (service.waiting.length) {
    service.waiting.splice(0).forEach((go) => go());
    await settled();
  }
}

test("a run sends the picture and puts the result where it belongs", async () => {
  const [made, service, state] = desk();
  made.dispatch(opened("a"));
  void new Runs(made).start("a");
  await finish(service);
  expect(pictureOf(byId(state(), "a")).key).toBe("a-0+");
  expect(byId(state(), "a").run).toBeNull();
});

test("a cancel during the upload cancels that task and no other", async () => {
  const [made, service, state] = desk();
  [opened("a"), opened("b")].forEach(made.dispatch);
  const runs = new Runs(made);
  void runs.start("a");
  void runs.start("b");
  await settled();
  const task = `${byId(state(), "a").run?.id}.0`;
  runs.cancel("a");
  await settled();
  expect(service.cancelled).toEqual([task]);
  expect(byId(state(), "a").run).toBeNull();
  await finish(service);
  expect(pictureOf(byId(state(), "b")).key).toBe("b-0+");
  expect(pictureOf(byId(state(), "a")).key).toBe("a-0");
});

test("closing a picture cancels its task", async () => {
  const [made, service] = desk();
  made.dispatch(opened("a"));
  const runs = new Runs(made);
  void runs.start("a");
  await settled();
  service.waiting.shift()?.();
  await settled();
  runs.cancel("a");
  made.dispatch({ type: "closed", id: "a" });
  await settled();
  expect(service.cancelled).toEqual([...service.files.keys()]);
});

test("what goes wrong is said beside its picture, and the run is over", async () => {
  const [made, service, state] = desk();
  made.dispatch(opened("a"));
  service.fail = new ServiceError(429, "queue_full", "too much");
  void new Runs(made).start("a");
  await finish(service);
  expect(byId(state(), "a").problem?.code).toBe("queue_full");
  expect(byId(state(), "a").run).toBeNull();
});

test("a run of before a reload goes on with its task and sends nothing again", async () => {
  const [made, service, state] = desk();
  made.dispatch(opened("a"));
  made.dispatch({ type: "runStarted", id: "a", run: "r", now: 0 });
  made.dispatch({ type: "runTold", id: "a", run: "r", news: { stage: "filling", part: 0 } });
  service.files.set("r.0", "a-0");
  void new Runs(made).resume("a");
  await finish(service);
  expect([...service.files.keys()]).toEqual(["r.0"]);
  expect(pictureOf(byId(state(), "a")).key).toBe("a-0+");
});

test("whatever is clicked when, each picture shows its own results and its own text", async () => {
  const deed = fc.tuple(fc.constantFrom("start", "cancel", "find", "undo", "choose", "answer", "closeB"), fc.constantFrom("a", "b", "c"));
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { maxLength: 25 }), async (deeds) => {
      const [made, service, state] = desk();
      [opened("a"), opened("b"), opened("c")].forEach(made.dispatch);
      const [runs, finds] = [new Runs(made), new Finds(made)];
      for (const [what, id] of deeds) {
        if (what === "start") void runs.start(id);
        if (what === "cancel") runs.cancel(id);
        if (what === "find") void finds.start(id);
        if (what === "undo") made.dispatch({ type: "undone", id });
        if (what === "choose") made.dispatch({ type: "chosen", id });
        if (what === "closeB") (finds.stop("b"), runs.cancel("b"), made.dispatch({ type: "closed", id: "b" }));
        if (what === "answer") service.waiting.shift()?.();
        await new Promise((resolve) => setTimeout(resolve));
      }
      await finish(service);
      for (const document of state().documents) {
        expect(document.run).toBeNull();
        expect(document.finding).toBeNull();
        for (const { picture } of document.steps) expect(picture.key[0]).toBe(document.id);
        const last = document.marks.flatMap((mark) => (mark.kind === "area" ? [mark.points[2]?.[1]] : []));
        expect(new Set(last).size).toBeLessThanOrEqual(1);
        if (last.length) expect(last[0]).toBe(document.id === "a" ? 9 : 19);
      }
    }),
    { numRuns: 40 },
  );
});
