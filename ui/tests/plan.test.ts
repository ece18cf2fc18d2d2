import { expect, test } from "vitest";

import type { Mark } from "../src/editor/marks";
import { plan } from "../src/editor/plan";
import { box } from "./random";

const SIZE = { width: 100, height: 80 };
const stroke = (effect: "paint" | "rub"): Mark => ({ kind: "stroke", id: effect, effect, size: 10, points: [[5, 5], [20, 5]] });
const keep: Mark = { ...box("k", 60), effect: "keep" };

test("nothing marked: the service finds the text", () => {
  expect(plan([], true, SIZE)).toEqual([{ where: "detect", keep: [] }]);
});

test("only areas to keep: the text around them is found", () => {
  expect(plan([keep], true, SIZE)).toEqual([{ where: "detect", keep: [box("k", 60).points] }]);
});

test("outlines go as regions, and what is kept as keep", () => {
  expect(plan([box("a"), keep], true, SIZE)).toEqual([
    { where: "regions", regions: [box("a").points], keep: [box("k", 60).points] },
  ]);
});

test("what is rubbed out of outlines is kept, inside the picture", () => {
  const [part] = plan([box("a"), stroke("rub")], true, SIZE);
  expect(part?.keep.length).toBe(1);
  for (const [x, y] of part?.keep.flat() ?? []) expect(x >= 0 && y >= 0).toBe(true);
});

test("paint is a mask", () => {
  expect(plan([stroke("paint")], true, SIZE).map(({ where }) => where)).toEqual(["mask"]);
});

test("letters in outlines and paint are two tasks, whole outlines and paint one", () => {
  const marks = [box("a"), stroke("paint")];
  expect(plan(marks, true, SIZE).map(({ where }) => where)).toEqual(["regions", "mask"]);
  expect(plan(marks, false, SIZE)).toEqual([{ where: "mask", mask: marks, keep: [] }]);
});
