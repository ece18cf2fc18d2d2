import { type Call, type Connection, worthAnotherTry } from "./connection.js";
import { TaskFinishedError } from "./errors.js";
import { Task } from "./task.js";
import { sleep } from "./waiting.js";
import type * as wire from "./wire.js";

const EVERY_MS = 1000;
const PATIENCE_MS = 300_000;

interface Waiting extends Call {
  onProgress?: ((status: wire.BatchStatus) => void) | undefined;
  patience?: number | undefined;
}

/** Many pictures that were handed in together. Each is a task; what is wrong with one does not stop the others. */
export class Batch {
  constructor(private readonly connection: Connection, readonly id: string) {}

  /** How it stands, and each of its items. */
  status(call: Call = {}): Promise<wire.BatchStatus> {
    return this.connection.json(`/batches/${this.id}`, call);
  }

  /** The task of an item, by its place in what was handed in. An item whose picture was refused has none. */
  task(index: number): Task {
    return new Task(this.connection, `${this.id}.${index}`);
  }

  /** How it stands once all items have ended, however each ended. Asks every second, through an outage of `patience` ms. */
  async wait(options: Waiting = {}): Promise<wire.BatchStatus> {
    const { signal, onProgress, patience = PATIENCE_MS } = options;
    for (let heardAt = Date.now(); ; await sleep(EVERY_MS, signal)) {
      try {
        const status = await this.status(options);
        heardAt = Date.now();
        onProgress?.(status);
        if (status.status === "completed") return status;
      } catch (error) {
        if (signal?.aborted || !worthAnotherTry(error) || Date.now() - heardAt > patience) throw error;
      }
    }
  }

  /** A zip of the images and `manifest.json`. Before the end only with `partial`, else a TaskNotFinishedError. */
  results(options: Call & { partial?: boolean } = {}): Promise<Blob> {
    const path = `/batches/${this.id}/results${options.partial ? "?partial=true" : ""}`;
    return this.connection.ask(path, {}, options, (answer) => answer.blob());
  }

  /** Stops what has not ended. Resolves when the work has really stopped. */
  async cancel(call: Call = {}): Promise<wire.BatchStatus> {
    try {
      return await this.connection.json(`/batches/${this.id}/cancel`, call, { method: "POST" });
    } catch (error) {
      // A try whose answer was lost may have stopped it already.
      const now = error instanceof TaskFinishedError ? await this.status(call) : undefined;
      if (!now?.cancelled) throw error;
      return now;
    }
  }
}
