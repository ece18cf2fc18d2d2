import { InvalidSignatureError } from "./errors.js";

/** What the service posts to a `callback_url`. */
export interface Callback {
  task_id: string;
  status: "completed" | "error" | "cancelled";
  timestamp: string;
  /** The image as base64, if the task is completed. */
  image_data?: string;
  error_message?: string | null;
}

/** The two headers of a signature, or all headers of the request as the platform gives them. */
export type Signed =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | { signature: string; timestamp: string };

/**
 * The callback, if it was signed with CALLBACK_SECRET at most `tolerance` seconds ago (or ahead, as clocks differ).
 * `body` is the raw body, before anything has parsed it. Throws InvalidSignatureError: no answer can be taken for a yes.
 */
export async function verifyCallback(
  secret: string, signed: Signed, body: string | Uint8Array, { tolerance = 300, now = Date.now() / 1000 } = {},
): Promise<Callback> {
  const { signature, timestamp } = signatureOf(signed);
  if (!/^\d+$/.test(timestamp) || !/^sha256=[0-9a-f]{64}$/.test(signature)) {
    throw new InvalidSignatureError("the callback carries no signature");
  }
  if (Math.abs(now - Number(timestamp)) > tolerance) throw new InvalidSignatureError("the callback was signed too long ago");
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey(
    "raw", encoder.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["verify"],
  );
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const content = joined(encoder.encode(`${timestamp}.`), bytes);
  // Of WebCrypto, because it takes the same time wherever the first wrong byte is.
  if (!await crypto.subtle.verify("HMAC", key, fromHex(signature.slice("sha256=".length)), content)) {
    throw new InvalidSignatureError("the callback is not signed with this secret");
  }
  return JSON.parse(new TextDecoder().decode(bytes)) as Callback;
}

function signatureOf(signed: Signed): { signature: string; timestamp: string } {
  if (signed instanceof Headers) {
    return { signature: signed.get("X-Signature") ?? "", timestamp: signed.get("X-Signature-Timestamp") ?? "" };
  }
  const lower = new Map(Object.entries(signed).map(([name, value]) => [name.toLowerCase(), String(value ?? "")]));
  return {
    signature: lower.get("x-signature") ?? lower.get("signature") ?? "",
    timestamp: lower.get("x-signature-timestamp") ?? lower.get("timestamp") ?? "",
  };
}

function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
