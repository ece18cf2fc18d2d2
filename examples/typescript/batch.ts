// batch.ts OUT.zip IN...: many pictures in one request, one zip of what became of them. Run again with the same pictures, it
// goes on with the same batch.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { Client } from "text-removal-client";

const [to = "", ...from] = process.argv.slice(2);
const files = await Promise.all(from.map(async (path) => new File([await readFile(path)], basename(path))));
const digest = createHash("sha256");
for (const file of files) digest.update(file.name).update(new Uint8Array(await file.arrayBuffer()));

const client = new Client();
const batch = await client.submitBatch(files, { batch_id: digest.digest("hex").slice(0, 32), output_format: "same" });
process.once("SIGINT", () => void batch.cancel());
const { completed, error, tasks } = await batch.wait({
  onProgress: ({ overall_progress }) => console.log(`${overall_progress.toFixed(0)} %`),
});
for (const { name, error_message } of tasks) if (error_message) console.error(`${name}: ${error_message}`);
await writeFile(to, (await batch.results()).stream());
console.log(`${completed} done, ${error} not; ${(await client.tasks()).active_tasks} tasks are still active`);
