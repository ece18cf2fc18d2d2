// callbacks.ts: receives the service's callbacks, keeps the pictures, and turns away what is not signed.
// The service needs CALLBACK_SECRET (the same as here) and CALLBACK_ALLOWED_HOSTS with this machine's name.
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { InvalidSignatureError, verifyCallback } from "text-removal-client";

const secret = process.env["CALLBACK_SECRET"];
if (!secret) throw new Error("CALLBACK_SECRET is not set");

const server = createServer(async (request, answer) => {
  const parts: Uint8Array[] = [];
  for await (const part of request) parts.push(part as Uint8Array);
  try {
    // Of the bytes as they came: parsed and written anew they would be others.
    const callback = await verifyCallback(secret, request.headers, Buffer.concat(parts));
    console.log(callback.task_id, callback.status);
    // A callback may come twice: the task's id names the file, so the second changes nothing.
    if (callback.image_data) await writeFile(`${callback.task_id}.png`, Buffer.from(callback.image_data, "base64"));
    answer.writeHead(204).end();
  } catch (error) {
    if (!(error instanceof InvalidSignatureError)) console.error(error);
    answer.writeHead(error instanceof InvalidSignatureError ? 401 : 500).end();
  }
});
server.listen(Number(process.env["PORT"] ?? 8082), () => console.log("listening on", (server.address() as AddressInfo).port));
