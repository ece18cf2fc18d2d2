import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CancelledError, Client, ConnectionLostError, InferenceFailedError, TaskConflictError, TaskNotFinishedError, UnauthorizedError, UnknownTaskError, type ProgressUpdate, type TaskEvent, type Way } from "text-removal-client";
import { picture, relay, serve, type Service } from "./service.js";

const WAYS: Way[] = ["websocket", "sse", "polling"];
const KEY = "tell-nobody_42+/=";

describe("tasks", () => {
  let service: Service;
  let client: Client;
  before(async () => {
    service = await serve(KEY);
    client = new Client({ url: service.url, apiKey: KEY });
  });
  after(() => service.stop());

  it("are started, and found again by their id", async () => {
    const task = await client.submit(picture);

    assert.match(task.id, /^[0-9a-f]{32}$/);
    assert.equal(task.accepted?.task_id, task.id);
    assert.equal((await client.task(task.id).status()).task_id, task.id);
  });

  it("are started once, however often they are sent", async () => {
    const before = (await client.tasks()).total_tasks;
    await service.breaks({ path: "/inpaint-regions-async", times: 2, after: 0 });

    const task = await client.submit(picture, { task_id: "once", regions: [{ x: 1, y: 1, width: 5, height: 5 }] });
    await client.submit(picture, { task_id: "once", regions: [{ x: 1, y: 1, width: 5, height: 5 }] });

    assert.equal(task.id, "once");
    assert.equal((await client.tasks()).total_tasks, before + 1);
    await assert.rejects(client.submit(picture, { task_id: "once" }), TaskConflictError);
  });

  for (const way of WAYS) {
    it(`tell their progress and bring their result, by ${way}`, async () => {
      const updates: ProgressUpdate[] = [];
      const task = await client.submit(picture, { progress_interval: 0 });

      const result = await task.wait({ ways: [way], onProgress: (update) => updates.push(update) });

      assert.equal(result.blob.size, picture.length);
      assert.equal(result.fileName, `${task.id}.png`);
      assert.ok(updates.length >= 1);
      const percents = updates.map((update) => update.overall_progress);
      assert.deepEqual(percents, percents.toSorted((a, b) => a - b));
    });

    it(`end with the error of the task, by ${way}`, async () => {
      const task = await client.submit(picture, { task_id: `failing-${way}` });
      await assert.rejects(task.wait({ ways: [way] }), (error) => error instanceof InferenceFailedError && error.message === "the model failed");
    });

    it(`are cancelled, which their followers hear, by ${way}`, async () => {
      const task = await client.submit(picture, { task_id: `held-${way}` });
      const waiting = assert.rejects(task.wait({ ways: [way] }), CancelledError);

      const { status } = await task.cancel();

      assert.equal(status, "cancelled");
      await waiting;
    });

    it(`stop being followed when the signal says so, by ${way}`, async () => {
      const task = await client.submit(picture, { task_id: `held-on-${way}` });
      const controller = new AbortController();
      const reason = new Error("enough");
      const following = task.wait({ ways: [way], signal: controller.signal, onProgress: () => controller.abort(reason) });

      await assert.rejects(following, reason);
      assert.notEqual((await task.status()).status, "cancelled");
    });

    it(`can be left in the middle of a loop, by ${way}`, async () => {
      const task = await client.submit(picture, { task_id: `held-left-${way}` });
      for await (const event of task.events({ ways: [way] })) {
        assert.equal(event.task_id, task.id);
        break;
      }
    });

    it(`are followed through an outage of the service, by ${way}`, async () => {
      const gate = await relay(service.url);
      const far = new Client({ url: gate.url, apiKey: KEY, retries: 1 });
      const task = await far.submit(picture, { task_id: `held-through-an-outage-${way}` });
      const kinds: string[] = [];

      for await (const event of task.events({ ways: [way] })) {
        kinds.push(event.type);
        if (kinds.length > 1) continue;
        gate.cut();
        setTimeout(() => void service.completes(task.id).then(gate.restore), 2500);
      }

      assert.equal(kinds.at(-1), "task_completed");
      assert.equal(kinds.filter((kind) => kind !== "progress_update").length, 1);
      gate.stop();
    });

    it(`are given up when patience ends, by ${way}`, async () => {
      const gate = await relay(service.url);
      const far = new Client({ url: gate.url, apiKey: KEY, retries: 0 });
      const task = await far.submit(picture, { task_id: `held-for-nothing-${way}` });
      await assert.rejects(task.wait({ ways: [way], patience: 500, onProgress: gate.cut }), ConnectionLostError);
      gate.stop();
    });

    it(`are unknown if nobody started them, by ${way}`, async () => {
      // In truth the socket would wait 30 s for somebody to start it.
      await service.breaks({ path: "/ws/progress/nobodys", after: 0, close: 4404 });
      await assert.rejects(client.task("nobodys").wait({ ways: [way] }), UnknownTaskError);
    });

    it(`are not followed without the key, by ${way}`, async () => {
      const stranger = new Client({ url: service.url, apiKey: "wrong", retries: 0 });
      const following = stranger.task("once").wait({ ways: way === "websocket" ? ["websocket", "sse"] : [way] });
      await assert.rejects(following, UnauthorizedError);
    });
  }

  for (const [way, path] of [["websocket", "/ws/progress"], ["sse", "/events"]] as const) {
    it(`go on where they stopped when the connection drops, by ${way}`, async () => {
      const id = `dropped-${way}`;
      await service.breaks({ path: way === "websocket" ? `${path}/${id}` : `/${id}${path}`, times: 2, after: 2 });
      const task = await client.submit(picture, { task_id: id, progress_interval: 0 });
      const events: TaskEvent[] = [];

      for await (const event of task.events({ ways: [way] })) events.push(event);

      const seqs = events.map((event) => event.seq);
      assert.deepEqual(seqs, [...new Set(seqs)].toSorted((a, b) => a - b));
      assert.deepEqual(events.map((event) => event.type !== "progress_update"), events.map((_, i) => i === events.length - 1));
    });
  }

  it("are followed by another way where sockets and streams do not pass", async () => {
    const id = "held-behind-a-wall";
    const task = await client.submit(picture, { task_id: id });
    await service.breaks({ path: `/ws/progress/${id}`, times: 9, after: 0, close: 1011 });
    await service.breaks({ path: `/${id}/events`, times: 9, after: 0 });
    const kinds: string[] = [];

    for await (const event of task.events()) {
      kinds.push(event.type);
      if (event.type === "progress_update") await service.completes(id);
    }

    assert.deepEqual(kinds, ["progress_update", "task_completed"]);
  });

  it("tell a follower who comes after the end of it, and only of it", async () => {
    for (const way of WAYS) {
      const kinds: string[] = [];
      for await (const event of client.task("once").events({ ways: [way], afterSeq: 99 })) kinds.push(event.type);
      assert.deepEqual(kinds, ["task_completed"]);
    }
  });

  it("have no result before their end", async () => {
    const task = await client.submit(picture, { task_id: "held-open" });
    await assert.rejects(task.result(), TaskNotFinishedError);
  });

  it("are cancelled once: a second try that comes too late is told so", async () => {
    const task = await client.submit(picture, { task_id: "held-once-more" });
    await service.breaks({ path: `/cancel-task/${task.id}`, after: 0 });

    assert.equal((await task.cancel()).status, "cancelled");
    await assert.rejects(client.task("once").cancel());
  });
});
