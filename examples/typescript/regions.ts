// regions.ts IN OUT: looks what is found first, and erases only what the service is sure of, with the best model it has.
import { readFile, writeFile } from "node:fs/promises";
import { Client } from "text-removal-client";

const [from = "", to = ""] = process.argv.slice(2);
const client = new Client();
const { status, degraded, reasons } = await client.health();
console.log(status, degraded ? reasons.join("; ") : "");

const ready = (await client.models()).models.filter((model) => model.status === "ready").map((model) => model.name);
const model = ["lama", "mend"].find((name) => ready.includes(name));

const picture = await readFile(from);
if (picture.length > (await client.info()).limits.max_file_size) throw new Error(`${from} is too large`);
const { regions } = await client.detect(picture);
const sure = regions.filter(({ confidence }) => confidence > 0.8);
console.log(`${sure.length} of ${regions.length} texts`);
if (sure.length > 0) {
  // The points of a text are corners of a polygon, which is a region as it is.
  const result = await client.erase(picture, { regions: sure.map(({ points }) => points), model, mask_mode: "strokes", output_format: "same" });
  await writeFile(to, result.blob.stream());
}
