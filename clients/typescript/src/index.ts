export { Client } from "./client.js";
export { Task } from "./task.js";
export { verifyCallback, type Callback, type Signed } from "./callbacks.js";
export type { Call, Where } from "./connection.js";
export type { Following, Way } from "./events/follow.js";
export type { Result } from "./result.js";
export type { Uploaded } from "./transfer.js";
export type * from "./wire.js";
export * from "./errors.js";
