// Types of the wire, from the service's own descriptions: `npm run generate -- URL [FILE]`, URL of a running service.
// Requests and answers come from its openapi.json, the events of a task from its asyncapi.json: those that src/wire.ts
// names, and what they are made of.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const [service, file = new URL("../src/openapi.ts", import.meta.url)] = process.argv.slice(2);

const read = async (path) => (await fetch(`${service}${path}`)).json();
const [described, sockets] = await Promise.all([read("/openapi.json"), read("/asyncapi.json")]);
const messages = Object.entries(sockets.components.messages).map(([name, { payload }]) => [name, payload]);
const all = { ...described.components.schemas, ...Object.fromEntries(messages) };

const names = (text, pattern) => [...text.matchAll(pattern)].map(([, name]) => name);
const wanted = new Set(names(await readFile(new URL("../src/wire.ts", import.meta.url), "utf8"), /Schemas\["(\w+)"\]/g));
for (const name of wanted) {
  for (const part of names(JSON.stringify(all[name]), /#\/components\/schemas\/(\w+)/g)) wanted.add(part);
}
const schemas = Object.fromEntries([...wanted].map((name) => [name, all[name]]));

// Only the schemas: the addresses are few, and stand in the code that calls them.
const source = { openapi: described.openapi, info: described.info, paths: {}, components: { schemas } };
const types = astToString(await openapiTS(source, { defaultNonNullable: false, alphabetize: true }));
await writeFile(file, `// Made by \`npm run generate\` from the service's openapi.json and asyncapi.json.\n\n${types}`);
