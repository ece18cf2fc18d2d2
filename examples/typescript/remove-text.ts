// remove-text.ts IN OUT: one picture, in the format it came in.
import { readFile, writeFile } from "node:fs/promises";
import { Client } from "text-removal-client";

const [from = "", to = ""] = process.argv.slice(2);
const result = await new Client().removeText(await readFile(from), { output_format: "same" });
await writeFile(to, result.blob.stream());
console.log(`${result.regionsCount} regions in ${result.processingTime} s by ${result.model}`);
