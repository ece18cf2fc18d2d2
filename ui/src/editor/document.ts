/** One picture a person works on, and all that belongs to it. Results live in here and nowhere else, so none can be
 * taken for another picture's. Never changed in place. */

import type { Size } from "./geometry";
import type { Mark } from "./marks";

/** Bytes and how they are shown: `file` is what is sent; `shown` what the browser can draw, which for a HEIC is another
 * file. `key` names these very pixels: whatever was asked about them carries it. */
export interface Picture extends Size {
  readonly key: string;
  readonly file: Blob;
  readonly shown: Blob;
  /** Of a file with several, from 0. */
  readonly page?: number;
}

/** What the service says of a result. */
export interface Facts {
  readonly seconds: number | null;
  readonly regions: number | null;
  readonly area: number | null;
  readonly model: string | null;
  /** The model that was wanted, if another answered. */
  readonly wanted: string | null;
  readonly fitted: number | null;
  readonly modelled: number | null;
  readonly boxes: number | null;
  readonly seed: string | null;
}

/** The picture after one run; the first step is the file itself and has no facts. */
export interface Step {
  readonly picture: Picture;
  readonly facts: Facts | null;
}

/** What undo and redo go between. */
export interface Moment {
  readonly steps: readonly Step[];
  readonly at: number;
  readonly marks: readonly Mark[];
}

export type Stage = "queued" | "upload" | "waiting" | "finding" | "masking" | "filling" | "finishing" | "download";

/** A run that has not ended. `picture` is the key of what it works on, `done` 0-1 within the stage (null: unknown). */
export interface Run {
  readonly id: string;
  readonly picture: string;
  readonly stage: Stage;
  /** Which of the run's tasks; see plan.ts. */
  readonly part: number;
  readonly done: number | null;
  /** Of the whole run, 0-1; never goes back. */
  readonly overall: number;
  readonly place: number | null;
  readonly remaining: number | null;
  readonly startedAt: number;
  /** No news: the connection is being made again. */
  readonly lost: boolean;
  readonly cancelling: boolean;
}

/** Why something did not work: a word of ours or of the service's error table, and its sentence. */
export interface Problem {
  readonly code: string;
  readonly message: string;
}

export interface Document extends Moment {
  readonly id: string;
  readonly name: string;
  /** As sniffed from the bytes: JPEG, HEIC, … */
  readonly format: string;
  readonly past: readonly Moment[];
  readonly future: readonly Moment[];
  readonly selected: string | null;
  /** The search for text that is under way: its id and the key of the picture it looks at. */
  readonly finding: { readonly id: string; readonly picture: string } | null;
  /** Keys of pictures in which text has been looked for. */
  readonly searched: readonly string[];
  readonly run: Run | null;
  readonly problem: Problem | null;
}

export interface Editor {
  readonly documents: readonly Document[];
  readonly current: string | null;
}

export const EMPTY: Editor = { documents: [], current: null };

export const stepOf = (document: Moment): Step => document.steps[document.at] as Step;
export const pictureOf = (document: Moment): Picture => stepOf(document).picture;
export const currentOf = (editor: Editor): Document | null =>
  editor.documents.find((document) => document.id === editor.current) ?? null;
/** The newest result as seen from where the person stands; null on the original. */
export const resultOf = (document: Moment): Step | null => (document.at > 0 ? stepOf(document) : null);
