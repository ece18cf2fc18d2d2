/** What the service says of a task, as a stage of a run and a share of the whole. */

import type { Progress } from "../api/types";
import type { RunNews } from "../editor/actions";

/** Of a run with one task: up to here the upload, up to there the service's work, the rest the download. */
export const SHARE = { upload: 0.12, work: 0.92 } as const;

export function newsOf(progress: Progress, detects: boolean): [news: RunNews, overall: number] {
  const overall = SHARE.upload + (SHARE.work - SHARE.upload) * (progress.overall_progress / 100);
  const remaining = progress.estimated_remaining;
  if (progress.status === "pending") {
    return [{ stage: "waiting", done: null, place: progress.queue_position ?? null, remaining }, overall];
  }
  const done = progress.stage_progress / 100;
  switch (progress.stage) {
    case "inpainting":
      return [{ stage: "filling", done, remaining, place: null }, overall];
    case "finalizing":
      return [{ stage: "finishing", done: null, remaining, place: null }, overall];
    default:
      return [{ stage: detects ? "finding" : "masking", done: null, remaining, place: null }, overall];
  }
}
