// folder.ts IN-FOLDER OUT-FOLDER: every picture, four at once. What is there already is not done again, and a file appears
// only when it is whole. Files that cannot be done are named, and do not stop the others.
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client, ServiceError } from "text-removal-client";

const [from = "", to = ""] = process.argv.slice(2);
const client = new Client({ retries: 10 });
const waiting = (await readdir(from, { withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name);
await mkdir(to, { recursive: true });

async function work(): Promise<void> {
  for (let name = waiting.pop(); name; name = waiting.pop()) {
    const target = join(to, name);
    if (await stat(target).catch(() => undefined)) continue;
    try {
      const { blob } = await client.removeText(await readFile(join(from, name)), { output_format: "same" });
      await writeFile(`${target}.part`, blob.stream());
      await rename(`${target}.part`, target);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      console.error(`${name}: ${error.message} (${error.code}, request ${error.requestId})`);
      process.exitCode = 1;
    }
  }
}

await Promise.all([work(), work(), work(), work()]);
