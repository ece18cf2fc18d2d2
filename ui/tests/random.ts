/** What tests make their cases of. */

import type { Action } from "../src/editor/actions";
import type { Picture } from "../src/editor/document";
import type { Area } from "../src/editor/marks";

export const picture = (key: string): Picture => ({ key, width: 100, height: 80, file: new Blob([key]), shown: new Blob([key]) });

export const box = (id: string, x = 10, origin: Area["origin"] = "drawn"): Area => ({
  kind: "area",
  id,
  origin,
  effect: "erase",
  points: [
    [x, 10],
    [x + 20, 10],
    [x + 20, 30],
    [x, 30],
  ],
});

export const opened = (id: string): Action => ({
  type: "opened",
  id,
  name: `${id}.jpg`,
  format: "JPEG",
  picture: picture(`${id}-0`),
});
