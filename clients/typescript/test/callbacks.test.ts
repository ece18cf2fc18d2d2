import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { InvalidSignatureError, verifyCallback } from "text-removal-client";

const SECRET = "sécret";
const BODY = JSON.stringify({ task_id: "t", status: "completed", image_data: "aW1hZ2U=", timestamp: "2026-01-01T00:00:00Z" });
const NOW = 1_800_000_000;
const signed = (at: number, body = BODY, secret = SECRET) => ({
  "X-Signature": "sha256=" + createHmac("sha256", secret).update(`${at}.`).update(body).digest("hex"),
  "X-Signature-Timestamp": String(at),
});

describe("a callback", () => {
  it("is read if it is signed, whatever holds the headers", async () => {
    const headers = signed(NOW);
    const node = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const pair = { signature: headers["X-Signature"], timestamp: headers["X-Signature-Timestamp"] };
    for (const form of [headers, new Headers(headers), node, pair]) {
      assert.equal((await verifyCallback(SECRET, form, BODY, { now: NOW })).task_id, "t");
    }
    assert.equal((await verifyCallback(SECRET, headers, new TextEncoder().encode(BODY), { now: NOW })).status, "completed");
  });

  it("is turned away if anything in it was changed", async () => {
    const headers = signed(NOW);
    const bad = [
      ["other", headers, BODY],
      [SECRET, headers, BODY + " "],
      [SECRET, { ...headers, "X-Signature-Timestamp": String(NOW + 1) }, BODY],
      [SECRET, { ...headers, "X-Signature": "sha256=" + "0".repeat(64) }, BODY],
      [SECRET, {}, BODY],
    ] as const;
    for (const [secret, signature, body] of bad) {
      await assert.rejects(verifyCallback(secret, signature, body, { now: NOW }), InvalidSignatureError);
    }
  });

  it("may be as old, or as far ahead, as clocks differ, and no more", async () => {
    for (const off of [-299, 299]) await verifyCallback(SECRET, signed(NOW + off), BODY, { now: NOW });
    for (const off of [-301, 301]) await assert.rejects(verifyCallback(SECRET, signed(NOW + off), BODY, { now: NOW }), /too long ago/);
    await verifyCallback(SECRET, signed(NOW - 900), BODY, { now: NOW, tolerance: 1000 });
  });
});
