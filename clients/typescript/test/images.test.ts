import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { Client, InvalidRegionError, InvalidRequestError, QueueFullError, TimedOutError, UnauthorizedError, WeightsUnavailableError, type ServiceError } from "text-removal-client";
import * as errors from "text-removal-client";
import { picture, ROOT, serve, type Service } from "./service.js";

const bytes = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());

describe("images", () => {
  let service: Service;
  let client: Client;
  before(async () => {
    service = await serve();
    client = new Client({ url: service.url });
  });
  after(() => service.stop());

  it("removes text, and tells what the service says of it", async () => {
    const result = await client.removeText(picture, { requestId: "mine" });

    assert.deepEqual(await bytes(result.blob), picture);
    assert.equal(result.blob.type, "image/png");
    assert.equal(result.model, "cv2");
    assert.equal(result.modelFallback, undefined);
    assert.equal(result.regionsCount, 1);
    assert.equal(result.totalArea, 406);
    assert.equal(result.processingTime, 0.25);
    assert.equal(result.timing["inpaint"], 200);
    assert.equal(result.requestId, "mine");
    assert.equal(result.fileName, "erased.png");
    assert.ok(result.headers.get("X-Timestamp"));
  });

  it("takes bytes, buffers, blobs and addresses", async () => {
    for (const image of [picture, picture.buffer, new Blob([picture]), new URL(`data:image/jpeg;base64,${Buffer.from(picture).toString("base64")}`)]) {
      const { blob } = await client.removeText(image);
      assert.equal(blob.size, picture.length);
    }
  });

  it("erases regions of every form, and what a mask marks", async () => {
    const regions = [
      { x: 5, y: 5, width: 60, height: 20 }, { x1: 5, y1: 50, x2: 60, y2: 90 },
      { points: [[1, 1], [9, 1], [9, 9]] as [number, number][] }, [3, 3, 30, 30] as const,
      { bounding_box: { x: 1, y: 1, width: 9, height: 9 }, text: "a word" }, { bbox: [1, 1, 9, 9] as const },
      { left: 1, top: 1, right: 9, bottom: 9 }, { left: 1, top: 1, width: 9, height: 9 }, [[1, 1], [9, 1], [9, 9]],
    ];
    await client.erase(picture, { regions, keep: [[0, 0, 9, 9]], mask_mode: "strokes", verify: true });
    await client.erase(picture, { mask: picture, allow_full_mask: true });
  });

  it("finds text that can be sent back as it is", async () => {
    const found = await client.detect(picture, { min_confidence: 0.5 });

    assert.equal(found.regions[0]?.confidence, 0.9);
    await client.erase(picture, { regions: found.regions });
  });

  it("knows the service's models, limits, tasks and health", async () => {
    assert.equal((await client.models()).default, "lama");
    assert.equal((await client.info()).limits.max_image_size, 2048);
    assert.equal((await client.tasks()).total_tasks, 0);
    assert.equal((await client.health()).status, "healthy");
  });

  it("throws an error of the code's own class, with the request's id, the field and the details", async () => {
    const outside = client.erase(picture, { regions: [{ x: 9000, y: 0, width: 5, height: 5 }], requestId: "r-1" });
    await assert.rejects(outside, (error: ServiceError) => {
      assert.ok(error instanceof InvalidRegionError);
      assert.deepEqual([error.code, error.status, error.requestId, error.name], ["invalid_region", 422, "r-1", "InvalidRegionError"]);
      assert.equal(error.details["index"], 0);
      return true;
    });
    await assert.rejects(client.removeText(picture, { dilation: -1 }), (error: ServiceError) => {
      assert.ok(error instanceof InvalidRequestError);
      assert.equal(error.field, "dilation");
      return true;
    });
  });

  it("has a class for every code of the service's guide", async () => {
    const guide = await readFile(new URL("docs/api.md", ROOT), "utf8");
    const rows = [...guide.matchAll(/^\| \d{3} \|(.*)\|$/gm)];
    const codes = rows.flatMap(([, row = ""]) => [...row.matchAll(/`(\w+)`/g)].map(([, code = ""]) => code));
    assert.ok(codes.length > 20);
    assert.deepEqual(codes.filter((code) => !(code in errors.ERRORS)), []);
  });

  it("comes back after a storm of 429, no sooner than it is told", async () => {
    await service.breaks({ path: "/remove-text", times: 2, status: 429, retry_after: 1 });
    const begun = Date.now();

    const { regionsCount } = await client.removeText(picture);

    assert.equal(regionsCount, 1);
    assert.ok(Date.now() - begun >= 2000);
  });

  it("gives up after the tries it has, with the last error", async () => {
    await service.breaks({ path: "/remove-text", times: 2, status: 429, retry_after: 0 });
    const hasty = new Client({ url: service.url, retries: 1 });
    await assert.rejects(hasty.removeText(picture), (error) => error instanceof QueueFullError && error.retryAfter === 0);
  });

  it("does not wait for weights, nor longer than anyone would", async () => {
    await service.breaks({ path: "/remove-text", status: 503, code: "weights_unavailable" });
    await assert.rejects(client.removeText(picture), WeightsUnavailableError);
    await service.breaks({ path: "/remove-text", status: 429, retry_after: 100_000 });
    await assert.rejects(client.removeText(picture), QueueFullError);
  });

  it("tries again when the connection breaks in the middle of the answer", async () => {
    await service.breaks({ path: "/remove-text", after: 0 });
    assert.equal((await client.removeText(picture)).blob.size, picture.length);
  });

  it("says that the service cannot be reached", async () => {
    const nobody = new Client({ url: "http://127.0.0.1:9", retries: 1 });
    await assert.rejects(nobody.removeText(picture), errors.ConnectionLostError);
  });

  it("stops with the reason of the signal, before, during and between the tries", async () => {
    const reason = new Error("enough");
    await assert.rejects(client.removeText(picture, { signal: AbortSignal.abort(reason) }), reason);
    await service.breaks({ path: "/remove-text", times: 1, status: 429, retry_after: 60 });
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 300);
    await assert.rejects(client.removeText(picture, { signal: controller.signal }), reason);
  });

  it("ends a try that takes longer than its timeout", async () => {
    const hasty = new Client({ url: service.url, timeout: 1, retries: 0 });
    await assert.rejects(hasty.removeText(picture), TimedOutError);
  });
});

describe("a service with keys", () => {
  let service: Service;
  before(async () => { service = await serve("open-sesame"); });
  after(() => {
    service.stop();
    delete process.env["TEXT_REMOVAL_URL"];
    delete process.env["TEXT_REMOVAL_API_KEY"];
  });

  it("turns away who brings none, on a socket too", async () => {
    await assert.rejects(new Client({ url: service.url }).removeText(picture), UnauthorizedError);
    await assert.rejects(new Client({ url: service.url }).task("t").wait(), UnauthorizedError);
  });

  it("lets in who brings it, be it from the environment", async () => {
    process.env["TEXT_REMOVAL_URL"] = `${service.url}/api/v1/`;
    process.env["TEXT_REMOVAL_API_KEY"] = "open-sesame";
    assert.equal((await new Client().removeText(picture)).model, "cv2");
  });

  it("is told before anything is sent that a key cannot be one", () => {
    assert.throws(() => new Client({ apiKey: "clé 𝄞" }), TypeError);
  });
});
