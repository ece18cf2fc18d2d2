/** From marks to what is asked of the service. */

import { capsules, clampedInto, hasArea, type Point, type Size } from "./geometry";
import { isArea, type Mark } from "./marks";

/** One task: exactly one of `detect`, `regions` and `mask` says where; `mask` holds what is to be drawn as one. */
export type Part =
  | { readonly where: "detect"; readonly keep: readonly Points[] }
  | { readonly where: "regions"; readonly regions: readonly Points[]; readonly keep: readonly Points[] }
  | { readonly where: "mask"; readonly mask: readonly Mark[]; readonly keep: readonly Points[] };

type Points = readonly Point[];

/** The tasks of a run, each on the result of the one before. Outlines and paint are two tasks, because in outlines only
 * the letters are filled and paint is filled wholly; where whole outlines are filled too, one mask holds both.
 *
 * Nothing marked for erasing: the service finds the text. What was rubbed out of outlines is kept. */
export function plan(marks: readonly Mark[], lettersOnly: boolean, picture: Size): Part[] {
  const areas = marks.filter(isArea);
  const regions = areas.filter(({ effect }) => effect === "erase").map(({ points }) => points);
  const keep = areas.filter(({ effect }) => effect === "keep").map(({ points }) => points);
  const keepAll = [...keep, ...rubbed(marks, picture)];
  const painted = marks.some((mark) => mark.kind === "mask" || (mark.kind === "stroke" && mark.effect === "paint"));
  if (!regions.length && !painted) return [{ where: "detect", keep: keepAll }];
  if (!painted) return [{ where: "regions", regions, keep: keepAll }];
  const paint = marks.filter((mark) => !isArea(mark));
  if (!regions.length) return [{ where: "mask", mask: paint, keep }];
  if (!lettersOnly) return [{ where: "mask", mask: marks.filter((mark) => !isArea(mark) || mark.effect === "erase"), keep }];
  return [
    { where: "regions", regions, keep: keepAll },
    { where: "mask", mask: paint, keep },
  ];
}

function rubbed(marks: readonly Mark[], picture: Size): Point[][] {
  return marks
    .flatMap((mark) => (mark.kind === "stroke" && mark.effect === "rub" ? capsules(mark.points, mark.size) : []))
    .map((points) => clampedInto(points, picture))
    .filter(hasArea);
}
