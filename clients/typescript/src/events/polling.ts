import type { Connection } from "../connection.js";
import type { Task } from "../task.js";
import { sleep } from "../waiting.js";
import type { TaskEvent, TaskStatus } from "../wire.js";

const EVERY_MS = 1000;

/** The states the task is found in, as events. They have no number of their own: `seq` stays what it was. */
export async function* byPolling(
  connection: Connection, task: Task, seq = 0, signal?: AbortSignal,
): AsyncGenerator<TaskEvent, void, void> {
  for (let told = ""; ; await sleep(EVERY_MS, signal)) {
    const status = await task.status({ signal });
    const event = eventOf(status, connection.at(`/task-result/${task.id}`), seq);
    const { elapsed_time: _, estimated_remaining: __, ...state } = status;
    const found = JSON.stringify(state);
    if (found !== told) yield event;
    if (event.type !== "progress_update") return;
    told = found;
  }
}

function eventOf(status: TaskStatus, resultUrl: string, seq: number): TaskEvent {
  const { task_id, elapsed_time, total_regions } = status;
  const all = { task_id, seq, session_id: null, timestamp: new Date().toISOString(), elapsed_time } as const;
  const result_url = status.result_url ?? resultUrl;
  switch (status.status) {
    case "completed": {
      const result = { processed_image_path: result_url, processing_time: null, regions_processed: total_regions };
      return { ...all, type: "task_completed", result, total_regions, result_url };
    }
    case "error":
      return { ...all, type: "task_failed", error: null, error_message: status.error_message };
    case "cancelled":
      return { ...all, type: "task_cancelled" };
    default: {
      const { stage, overall_progress, stage_progress, current_region, message, estimated_remaining } = status;
      return {
        ...all, type: "progress_update", status: status.status, stage, progress: overall_progress, overall_progress,
        stage_progress, current_region, total_regions, message, estimated_remaining,
      };
    }
  }
}
