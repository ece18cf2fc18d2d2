// Types of the wire, from the service's own descriptions: `npm run generate -- URL [FILE]`, URL of a running service.
// Requests and answers come from its openapi.json, the events of a task from its asyncapi.json.
import { writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const EVENTS = ["progress_update", "task_completed", "task_failed", "task_cancelled"];
const [service, file = new URL("../src/openapi.ts", import.meta.url)] = process.argv.slice(2);

const read = async (path) => (await fetch(`${service}${path}`)).json();
const [described, sockets] = await Promise.all([read("/openapi.json"), read("/asyncapi.json")]);
const { schemas } = described.components;
for (const name of EVENTS) schemas[name] = sockets.components.messages[name].payload;

// Only the schemas: the addresses are few, and stand in the code that calls them.
const source = { openapi: described.openapi, info: described.info, paths: {}, components: { schemas } };
const types = astToString(await openapiTS(source, { defaultNonNullable: false, alphabetize: true }));
await writeFile(file, `// Made by \`npm run generate\` from the service's openapi.json and asyncapi.json.\n\n${types}`);
