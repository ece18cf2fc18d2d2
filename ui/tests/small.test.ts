import fc from "fast-check";
import { expect, test } from "vitest";

import { protocols } from "../src/api/http";
import { errorOf } from "../src/api/errors";
import { marked } from "../src/canvas/changes";
import { fit, pinched, toPicture, toWindow, zoomed } from "../src/canvas/view";
import { bounds, capsules, clampedInto, hasArea, movedInside, simplified, type Point } from "../src/editor/geometry";
import { filler } from "../src/work/masks";
import { distinct, formatOf, resultName } from "../src/work/formats";
import { newsOf } from "../src/work/stages";
import { DEFAULTS, fields, isLossless, loaded } from "../src/work/settings";
import { chosen, saidProblem } from "../src/words";
import { en } from "../src/words/en";
import { ja } from "../src/words/ja";
import { zh } from "../src/words/zh";

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const point = fc.tuple(number(-500, 500), number(-500, 500)) as fc.Arbitrary<Point>;

test("what is moved stays in the picture", () => {
  fc.assert(
    fc.property(fc.array(point, { minLength: 3, maxLength: 8 }), number(-900, 900), number(-900, 900), (points, dx, dy) => {
      const inside = clampedInto(points, { width: 300, height: 200 });
      const { x, y, width, height } = bounds(movedInside(inside, dx, dy, { width: 300, height: 200 }));
      expect(x >= -1e-6 && y >= -1e-6 && x + width <= 300 + 1e-6 && y + height <= 200 + 1e-6).toBe(true);
    }),
  );
});

test("a simplified line keeps its ends and loses only points", () => {
  fc.assert(
    fc.property(fc.array(point, { minLength: 1, maxLength: 60 }), (points) => {
      const fewer = simplified(points, 2);
      expect(fewer[0]).toEqual(points[0]);
      expect(fewer.at(-1)).toEqual(points.at(-1));
      for (const kept of fewer) expect(points).toContain(kept);
    }),
  );
});

test("a stroke has an outline for each of its parts, a dot a circle", () => {
  expect(capsules([[5, 5]], 10).length).toBe(1);
  expect(capsules([[0, 0], [9, 0], [9, 9]], 4).every(hasArea)).toBe(true);
});

test("zooming leaves the place under the pointer where it is", () => {
  const [picture, window] = [{ width: 4000, height: 3000 }, { width: 800, height: 600 }];
  const view = fit(picture, window);
  const about: Point = [300, 200];
  const [x, y] = toWindow(zoomed(view, 1.7, about, picture, window), toPicture(view, about));
  expect(x).toBeCloseTo(300);
  expect(y).toBeCloseTo(200);
});

test("what lies between two fingers stays between them", () => {
  const [picture, window] = [{ width: 4000, height: 3000 }, { width: 800, height: 600 }];
  const view = fit(picture, window);
  const between = toPicture(view, [350, 300]);
  const [x, y] = toWindow(pinched(view, [400, 300], [480, 340], [300, 300], picture, window), between);
  expect(x).toBeCloseTo(390);
  expect(y).toBeCloseTo(320);
});

test("masks are read as the service reads them", () => {
  const pixels = (...all: number[][]) => Uint8ClampedArray.from(all.flat());
  const filled = (data: Uint8ClampedArray) => [filler(data)(0), filler(data)(4)];
  expect(filled(pixels([255, 255, 255, 255], [0, 0, 0, 255]))).toEqual([true, false]);
  expect(filled(pixels([0, 0, 0, 255], [0, 0, 0, 0]))).toEqual([true, false]);
  expect(filled(pixels([10, 20, 30, 255], [0, 0, 0, 0], [90, 20, 30, 255]))).toEqual([false, true]);
});

test("what two decoders make of one file is no change", () => {
  const into = new Uint8ClampedArray(8);
  marked(Uint8ClampedArray.of(9, 9, 9, 255, 9, 9, 9, 255), Uint8ClampedArray.of(11, 8, 9, 255, 9, 60, 9, 255), into);
  expect([...into.slice(0, 4)]).toEqual([0, 0, 0, 0]);
  expect(into[7]).toBeGreaterThan(0);
});

test("formats are known by their first bytes", () => {
  const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  expect(formatOf(bytes("\xff\xd8\xff\xe0"))).toBe("JPEG");
  expect(formatOf(bytes("\x89PNG\r\n"))).toBe("PNG");
  expect(formatOf(bytes("RIFF\0\0\0\0WEBPVP8 "))).toBe("WebP");
  expect(formatOf(bytes("\0\0\0\x18ftypheic\0\0\0\0mif1heic"))).toBe("HEIC");
  expect(formatOf(bytes("\0\0\0\x18ftypavif\0\0\0\0mif1avif"))).toBe("AVIF");
  expect(formatOf(bytes("II*\0"))).toBe("TIFF");
  expect(formatOf(bytes("%PDF-1.7"))).toBeNull();
});

test("results are named after their pictures, and never alike", () => {
  expect(resultName("a b.HEIC", "jpeg")).toBe("a b-clean.jpg");
  expect(resultName("no suffix", "png")).toBe("no suffix-clean.png");
  expect(distinct(["a.png", "a.png", "b.png"])).toEqual(["a.png", "a-2.png", "b.png"]);
});

test("settings of another page, or of none, do no harm", () => {
  const store = (text: string | null) => ({ getItem: () => text });
  expect(loaded(store(null))).toEqual(DEFAULTS);
  expect(loaded(store("{"))).toEqual(DEFAULTS);
  expect(loaded(store('{"dilation": "much", "verify": false, "old": 1}'))).toEqual({ ...DEFAULTS, verify: false });
});

test("what is at its default is left to the service", () => {
  expect(fields(DEFAULTS, true)).toEqual({ mask_mode: "strokes", hd_strategy: "Auto", output_format: "png" });
});

test("a result that would be too large to go on with is coded as its file was", () => {
  expect(isLossless({ width: 4000, height: 3000 }, 50 * 2 ** 20)).toBe(true);
  expect(isLossless({ width: 6000, height: 4000 }, 50 * 2 ** 20)).toBe(false);
  expect(fields(DEFAULTS, false)["output_format"]).toBe("same");
});

test("a key goes as a subprotocol, without a character an address or a header would mind", () => {
  expect(protocols("")).toEqual([]);
  expect(protocols("clé+/=? 𝄞")[1]).toMatch(/^key\.[\w-]+$/);
});

test("errors that are not the service's still say something", () => {
  expect(errorOf(502, "<html>bad gateway</html>", null).message).toBe("the service answered 502");
  expect(errorOf(429, '{"error":"queue_full","message":"full"}', "3")).toMatchObject({ code: "queue_full", retryAfter: 3 });
});

test("all languages are chosen by the browser's, the first that is there", () => {
  expect(chosen(["fr-FR", "ja-JP", "en"])[0]).toBe("ja");
  expect(chosen(["zh-TW"])[0]).toBe("zh-CN");
  expect(chosen(["fr"])[0]).toBe("en");
});

test("no language leaves a sentence empty", () => {
  const sentences = (words: object): unknown[] =>
    Object.values(words).flatMap((value: unknown) => (typeof value === "object" && value ? sentences(value) : [value]));
  for (const words of [en, zh, ja]) {
    for (const sentence of sentences(words)) {
      const text = typeof sentence === "function" ? (sentence as (...all: unknown[]) => string)(1, 2, 3) : sentence;
      expect(text).toMatch(/\S/);
    }
  }
});

test("an error without words of ours is told in the service's", () => {
  expect(saidProblem({ code: "invalid_mask", message: "the mask is odd" }, en)).toContain("the mask is odd");
  expect(saidProblem({ code: "queue_full", message: "x" }, en)).not.toContain("x:");
});

test("the work of the service is the middle of a run's progress", () => {
  const progress = { status: "processing", stage: "masking", overall_progress: 5, stage_progress: 0, current_region: 0, total_regions: 0, estimated_remaining: null } as const;
  expect(newsOf(progress, true)[0].stage).toBe("finding");
  expect(newsOf(progress, false)[0].stage).toBe("masking");
  expect(newsOf({ ...progress, overall_progress: 100 }, false)[1]).toBeCloseTo(0.92);
});
