/** All that can happen to the editor. What comes back from the service names the document and what it was asked for. */

import type { Document, Facts, Picture, Problem, Run } from "./document";
import type { Area, Mark } from "./marks";
import type { Point } from "./geometry";

export type Action =
  | { type: "opened"; id: string; name: string; format: string; picture: Picture }
  | { type: "restored"; documents: readonly Document[]; current: string | null }
  | { type: "closed"; id: string }
  | { type: "chosen"; id: string }
  | { type: "selected"; id: string; mark: string | null }
  | { type: "marked"; id: string; mark: Mark }
  | { type: "moved"; id: string; mark: string; points: readonly Point[] }
  | { type: "toggled"; id: string; mark: string }
  | { type: "deleted"; id: string; mark: string }
  | { type: "cleared"; id: string }
  | { type: "undone"; id: string }
  | { type: "redone"; id: string }
  | { type: "stepped"; id: string; at: number }
  | { type: "findStarted"; id: string; find: string }
  | { type: "found"; id: string; find: string; areas: readonly Area[] }
  | { type: "findFailed"; id: string; find: string; problem: Problem | null }
  | { type: "runStarted"; id: string; run: string; now: number }
  | { type: "runTold"; id: string; run: string; news: RunNews }
  | { type: "runFinished"; id: string; run: string; picture: Picture; facts: Facts }
  | { type: "runEnded"; id: string; run: string; problem: Problem | null }
  | { type: "told"; id: string; problem: Problem | null };

export type RunNews = Partial<Omit<Run, "id" | "picture" | "startedAt">>;
