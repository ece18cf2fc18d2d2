// task.ts IN OUT: one picture in the background, with its progress. Ctrl-C cancels it in the service, too.
import { readFile, writeFile } from "node:fs/promises";
import { CancelledError, Client } from "text-removal-client";

const [from = "", to = ""] = process.argv.slice(2);
const task = await new Client().submit(await readFile(from), { progress_interval: 0.2 });
process.once("SIGINT", () => void task.cancel());
try {
  const { blob } = await task.wait({
    onProgress: ({ overall_progress, message }) => console.log(`${overall_progress.toFixed(0)} % ${message}`),
  });
  await writeFile(to, blob.stream());
} catch (error) {
  if (!(error instanceof CancelledError)) throw error;
  console.log("cancelled");
  process.exitCode = 130;
}
