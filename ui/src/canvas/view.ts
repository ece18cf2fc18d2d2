/** Where the picture lies in its window: picture pixels times `scale`, plus (x, y), are CSS pixels. Pure. */

import { clamp, type Point, type Size } from "../editor/geometry";

export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export const MOST = 16;
const MARGIN = 16;
/** So much of the picture always stays in the window. */
const LEFT_OVER = 48;

export function fit(picture: Size, window: Size): View {
  const room = { width: Math.max(1, window.width - 2 * MARGIN), height: Math.max(1, window.height - 2 * MARGIN) };
  const scale = Math.min(room.width / picture.width, room.height / picture.height, 2);
  return centred(scale, picture, window);
}

export const centred = (scale: number, picture: Size, window: Size): View => ({
  scale,
  x: (window.width - picture.width * scale) / 2,
  y: (window.height - picture.height * scale) / 2,
});

/** `about` stays where it is. */
export function zoomed(view: View, factor: number, [ax, ay]: Point, picture: Size, window: Size): View {
  const least = Math.min(fit(picture, window).scale / 2, 1);
  const scale = clamp(view.scale * factor, least, MOST);
  const by = scale / view.scale;
  return held({ scale, x: ax - (ax - view.x) * by, y: ay - (ay - view.y) * by }, picture, window);
}

export const panned = (view: View, dx: number, dy: number, picture: Size, window: Size): View =>
  held({ ...view, x: view.x + dx, y: view.y + dy }, picture, window);

/** One of two fingers has gone from `before` to `at`, the other one lies at `still`. */
export function pinched(view: View, before: Point, at: Point, still: Point, picture: Size, window: Size): View {
  const spread = (finger: Point): number => Math.hypot(finger[0] - still[0], finger[1] - still[1]);
  const moved = panned(view, (at[0] - before[0]) / 2, (at[1] - before[1]) / 2, picture, window);
  const middle: Point = [(at[0] + still[0]) / 2, (at[1] + still[1]) / 2];
  return spread(before) > 0 ? zoomed(moved, spread(at) / spread(before), middle, picture, window) : moved;
}

function held(view: View, picture: Size, window: Size): View {
  const [width, height] = [picture.width * view.scale, picture.height * view.scale];
  return {
    scale: view.scale,
    x: clamp(view.x, LEFT_OVER - width, window.width - LEFT_OVER),
    y: clamp(view.y, LEFT_OVER - height, window.height - LEFT_OVER),
  };
}

export const toPicture = (view: View, [x, y]: Point): Point => [(x - view.x) / view.scale, (y - view.y) / view.scale];
export const toWindow = (view: View, [x, y]: Point): Point => [x * view.scale + view.x, y * view.scale + view.y];
