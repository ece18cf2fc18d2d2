import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import puppeteer, { type Browser, type ElementHandle, type Page } from "puppeteer-core";
import type * as library from "text-removal-client";
import { picture, ROOT, serve, type Service } from "./service.js";

const CHROMIUM = [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => path && existsSync(path));

describe("in Chromium", { skip: CHROMIUM ? false : "no Chromium here; CI has one" }, () => {
  let service: Service;
  let site: Server;
  let browser: Browser;
  let page: Page;

  before(async () => {
    service = await serve("plain-key_1");
    site = await pages();
    browser = await puppeteer.launch({ executablePath: CHROMIUM!, args: ["--no-sandbox", "--disable-gpu"] });
    page = await browser.newPage();
    // A page of another origin: what the client reads must be what CORS lets it.
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
  });
  after(async () => {
    await browser?.close();
    site?.close();
    service?.stop();
  });

  it("removes text, tells the upload's progress, and reads the headers", async () => {
    const told = await page.evaluate(async (url, base64) => {
      const { Client } = await import("/index.js" as string) as typeof library;
      const client = new Client({ url, apiKey: "plain-key_1" });
      const image = await (await fetch(`data:image/jpeg;base64,${base64}`)).blob();
      const sent: number[] = [];
      const result = await client.removeText(image, { onUpload: (bytes) => sent.push(bytes), requestId: "from-a-page" });
      const { blob, model, regionsCount, requestId, fileName, timing } = result;
      return { size: blob.size, type: blob.type, model, regionsCount, requestId, fileName, timing, sent: sent.at(-1) };
    }, service.url, Buffer.from(picture).toString("base64"));

    assert.ok((told.sent ?? 0) >= picture.length);
    assert.deepEqual({ ...told, sent: 0 }, {
      size: picture.length, type: "image/png", model: "cv2", regionsCount: 1, requestId: "from-a-page",
      fileName: "erased.png", timing: { queue: 1, decode: 2, inpaint: 200, encode: 10 }, sent: 0,
    });
  });

  it("follows a task by every way, the key never in an address", async () => {
    const addresses: string[] = [];
    page.on("request", (request) => addresses.push(request.url()));
    const session = await page.createCDPSession();
    await session.send("Network.enable");
    session.on("Network.webSocketCreated", ({ url }) => addresses.push(url));
    for (const way of ["websocket", "sse", "polling"] as const) {
      const told = await page.evaluate(async (url, base64, way) => {
        const { Client } = await import("/index.js" as string) as typeof library;
        const image = await (await fetch(`data:image/jpeg;base64,${base64}`)).blob();
        const task = await new Client({ url, apiKey: "plain-key_1" }).submit(image, { progress_interval: 0 });
        const percents: number[] = [];
        const result = await task.wait({ ways: [way], onProgress: (update) => percents.push(update.overall_progress) });
        return { size: result.blob.size, percents };
      }, service.url, Buffer.from(picture).toString("base64"), way);
      assert.equal(told.size, picture.length);
      assert.ok(told.percents.length > 0, way);
    }
    assert.ok(addresses.some((address) => address.startsWith("ws://")));
    assert.ok(addresses.every((address) => !address.includes("plain-key_1")));
  });

  it("throws the same errors, and stops an upload with the signal's reason", async () => {
    const told = await page.evaluate(async (url) => {
      const { Client, InvalidImageError, UnsupportedImageError, TextRemovalError } = await import("/index.js" as string) as typeof library;
      const client = new Client({ url, apiKey: "plain-key_1" });
      const onUpload = () => {};
      const bad = await client.removeText(new Blob(["no image"]), { onUpload }).catch((error: unknown) => error);
      const stopped = await client.removeText(new Blob(["no image"]), { onUpload, signal: AbortSignal.abort("enough") }).catch((error: unknown) => error);
      const wrong = await new Client({ url, apiKey: "no" }).submit(new Blob(["x"])).catch((error: unknown) => error);
      return [
        bad instanceof InvalidImageError || bad instanceof UnsupportedImageError, stopped,
        wrong instanceof TextRemovalError && wrong.name,
      ];
    }, service.url);

    assert.deepEqual(told, [true, "enough", "UnauthorizedError"]);
  });
});

describe("the guide's code for pages", { skip: CHROMIUM ? false : "no Chromium here; CI has one" }, () => {
  it("follows a task by hand and shows its result", async () => {
    const guide = await readFile(new URL("docs/api.md", ROOT), "utf8");
    const [code, ...more] = [...guide.matchAll(/^```javascript\n(.*?)^```/gms)].map(([, code]) => code).filter((code) => code?.includes("document."));
    assert.ok(code);
    assert.equal(more.length, 0);
    const service = await serve();
    const browser = await puppeteer.launch({ executablePath: CHROMIUM!, args: ["--no-sandbox", "--disable-gpu"] });
    try {
      const page = await browser.newPage();
      await page.goto(`${service.url}/`);
      await page.setContent('<input type="file"><img alt="">');
      const input = await page.$("input[type=file]") as ElementHandle<HTMLInputElement>;
      await input.uploadFile(new URL("docs/images/sample.jpg", ROOT).pathname);

      await page.evaluate(`(async () => { ${code} })()`);

      await page.waitForFunction(() => document.images[0]!.complete && document.images[0]!.naturalWidth > 0);
      assert.match(await page.evaluate(() => document.images[0]!.src), /\/api\/v1\/task-result\//);
    } finally {
      await browser.close();
      service.stop();
    }
  });
});

/** The built package as a site. */
function pages(): Promise<Server> {
  const server = createServer(async ({ url = "/" }, answer) => {
    try {
      const script = url.endsWith(".js") ? await readFile(new URL(`../dist${url}`, import.meta.url)) : undefined;
      answer.setHeader("Content-Type", script ? "text/javascript" : "text/html").end(script ?? "<!doctype html><title>test</title>");
    } catch {
      answer.writeHead(404).end();
    }
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
