import type { Call, Connection } from "./connection.js";
import { serviceError, CancelledError, TaskFinishedError } from "./errors.js";
import { follow, type Following } from "./events/follow.js";
import { resultOf, type Result } from "./result.js";
import type * as wire from "./wire.js";

/** A job in the background. It is known by its id alone, and goes on whether or not anyone follows it. */
export class Task {
  constructor(
    private readonly connection: Connection,
    readonly id: string,
    /** The answer to its start; undefined for a task that was started elsewhere. */
    readonly accepted?: wire.Accepted,
  ) {}

  status(call: Call = {}): Promise<wire.TaskStatus> {
    return this.connection.json(`/task-status/${this.id}`, call);
  }

  /**
   * What happens to the task, its present state first, its end last. Connections that drop are opened again and resume;
   * where sockets do not pass it goes on by server-sent events, and by asking again and again where those do not either.
   */
  events(options: Following = {}): AsyncGenerator<wire.TaskEvent, void, void> {
    return follow(this.connection, this, options);
  }

  /**
   * The result, once the task has ended. Throws the error the task ended with; a CancelledError if it was cancelled.
   * To stop waiting (`signal`) does not stop the task: `cancel` does.
   */
  async wait(options: Following & { onProgress?: (update: wire.ProgressUpdate) => void } = {}): Promise<Result> {
    for await (const event of this.events(options)) {
      if (event.type === "progress_update") options.onProgress?.(event);
      else if (event.type === "task_failed") throw failure(event);
      else if (event.type === "task_cancelled") {
        throw new CancelledError({ error: "cancelled", message: `task ${this.id} was cancelled` }, 0);
      }
    }
    return this.result(options);
  }

  /** Stops the task. Resolves when the work has really stopped. */
  async cancel(call: Call = {}): Promise<wire.Cancelled> {
    try {
      return await this.connection.json(`/cancel-task/${this.id}`, call, { method: "POST" });
    } catch (error) {
      // A try whose answer was lost may have stopped it already.
      const now = error instanceof TaskFinishedError ? await this.status(call) : undefined;
      if (now?.status !== "cancelled") throw error;
      return { task_id: this.id, status: now.status, message: now.message };
    }
  }

  /** The image of a task that is completed. Throws TaskNotFinishedError or ResultExpiredError. */
  result(call: Call = {}): Promise<Result> {
    return this.connection.ask(`/task-result/${this.id}`, {}, call, resultOf);
  }
}

function failure(event: wire.TaskFailed): Error {
  return serviceError({ error: event.error ?? "inference_failed", message: event.error_message ?? "the task failed" }, 0);
}
