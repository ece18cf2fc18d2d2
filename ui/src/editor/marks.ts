/** What a person has marked on a picture: outlines, brush strokes, a mask from a file. Never changed in place. */

import { clampedInto, hasArea, overlap, type Point, type Size } from "./geometry";

/** `keep`: not a pixel of it changes, whatever else is marked there. */
export type Effect = "erase" | "keep";

/** A polygon. `found` by the service and not touched since, or `drawn`; `confidence` 0-1 of found ones. */
export interface Area {
  readonly kind: "area";
  readonly id: string;
  readonly points: readonly Point[];
  readonly effect: Effect;
  readonly origin: "found" | "drawn";
  readonly confidence?: number;
}

/** A round brush of `size` pixels along `points`; `rub` takes marks away where it passes. */
export interface Stroke {
  readonly kind: "stroke";
  readonly id: string;
  readonly points: readonly Point[];
  readonly size: number;
  readonly effect: "paint" | "rub";
}

/** A PNG of the picture's size; what is opaque in it is filled. */
export interface MaskFile {
  readonly kind: "mask";
  readonly id: string;
  readonly file: Blob;
}

export type Mark = Area | Stroke | MaskFile;

export const isArea = (mark: Mark): mark is Area => mark.kind === "area";

/** A mark as the picture can hold it; null if nothing of it lies inside. */
export function fitted(mark: Mark, picture: Size): Mark | null {
  if (mark.kind !== "area") return mark.kind === "mask" || mark.points.length > 0 ? mark : null;
  const points = clampedInto(mark.points, picture);
  return hasArea(points) ? { ...mark, points } : null;
}

/** With what was found anew instead of what was found before. What a person has drawn or moved stays, and nothing is
 * found under it; and what was to be kept is kept. */
export function withFound(marks: readonly Mark[], found: readonly Area[]): Mark[] {
  const areas = marks.filter(isArea);
  const [before, own] = [areas.filter(({ origin }) => origin === "found"), areas.filter(({ origin }) => origin !== "found")];
  const anew = found
    .filter((area) => !own.some((other) => overlap(area.points, other.points) > SAME))
    .map((area) => {
      const old = before.find((other) => overlap(area.points, other.points) > SAME);
      return old ? { ...area, effect: old.effect } : area;
    });
  return [...anew, ...marks.filter((mark) => !isArea(mark) || mark.origin !== "found")];
}

/** From which share on two outlines are about the same text. */
const SAME = 0.6;

/** Whether anything of it would be erased. */
export const erases = (marks: readonly Mark[]): boolean =>
  marks.some((mark) => (isArea(mark) ? mark.effect === "erase" : mark.kind === "mask" || mark.effect === "paint"));
