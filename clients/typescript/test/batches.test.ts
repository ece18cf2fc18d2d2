import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Client, TaskNotFinishedError, UnknownTaskError, type BatchStatus } from "text-removal-client";
import { picture, relay, serve, type Service } from "./service.js";

describe("batches", () => {
  let service: Service;
  let client: Client;
  before(async () => {
    service = await serve();
    client = new Client({ url: service.url });
  });
  after(() => service.stop());

  it("take many pictures, report the bad ones and bring the others as a zip", async () => {
    const images = [new File([picture], "a.jpg"), new File(["no picture"], "b.txt"), picture];
    const told: BatchStatus[] = [];

    const batch = await client.submitBatch(images, { output_format: "same" });
    const end = await batch.wait({ onProgress: (status) => told.push(status) });

    assert.deepEqual([end.total, end.completed, end.error], [3, 2, 1]);
    assert.deepEqual(end.tasks.map(({ status }) => status), ["completed", "error", "completed"]);
    assert.equal(end.tasks[1]?.name, "b.txt");
    assert.ok(told.length >= 1);
    const zip = await batch.results();
    assert.equal(new TextDecoder().decode(await zip.slice(0, 2).arrayBuffer()), "PK");
    assert.ok(zip.size > 2 * picture.length);
    assert.equal((await batch.task(0).result()).blob.size, picture.length);
  });

  it("are started once, however often they are sent", async () => {
    await service.breaks({ path: "/inpaint-batch", times: 1, after: 0 });
    const mask = picture;
    await client.submitBatch([picture], { batch_id: "once", mask, allow_full_mask: true });
    const again = await client.submitBatch([picture], { batch_id: "once", mask, allow_full_mask: true });

    assert.equal((await again.status()).total, 1);
  });

  it("are waited for through an outage of the service", async () => {
    const gate = await relay(service.url);
    const batch = await new Client({ url: gate.url, retries: 0 }).submitBatch([picture], { batch_id: "held-on" });
    const waiting = batch.wait({ onProgress: ({ overall_progress }) => { if (overall_progress) gate.cut(); } });
    setTimeout(() => void service.completes("held-on.0").then(gate.restore), 3000);

    assert.equal((await waiting).completed, 1);
    gate.stop();
  });

  it("have no whole zip before their end, and are cancelled", async () => {
    const batch = await client.submitBatch([picture, picture], { batch_id: "held", regions: [[1, 1, 9, 9]] });
    await assert.rejects(batch.results(), TaskNotFinishedError);
    assert.ok((await batch.results({ partial: true })).size > 0);

    assert.equal((await batch.cancel()).cancelled, 2);
    await assert.rejects(client.batch("nobodys").status(), UnknownTaskError);
  });
});
