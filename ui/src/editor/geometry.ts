/** Points, boxes and polygons, in pixels of the upright picture. */

export type Point = readonly [x: number, y: number];

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Box extends Size {
  readonly x: number;
  readonly y: number;
}

export const rectangle = ([ax, ay]: Point, [bx, by]: Point): Point[] => {
  const [left, right] = ax < bx ? [ax, bx] : [bx, ax];
  const [top, bottom] = ay < by ? [ay, by] : [by, ay];
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
};

export function bounds(points: readonly Point[]): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

export const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** Which share of the smaller one's box lies in the other one's. */
export function overlap(a: readonly Point[], b: readonly Point[]): number {
  const [one, other] = [bounds(a), bounds(b)];
  const width = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const height = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  const smaller = Math.min(one.width * one.height, other.width * other.height);
  return width > 0 && height > 0 && smaller > 0 ? (width * height) / smaller : 0;
}

/** `points` moved so that they stay inside the picture as far as they fit into it. */
export function movedInside(points: readonly Point[], dx: number, dy: number, picture: Size): Point[] {
  const box = bounds(points);
  const mx = clamp(dx, Math.min(0, -box.x), Math.max(0, picture.width - box.x - box.width));
  const my = clamp(dy, Math.min(0, -box.y), Math.max(0, picture.height - box.y - box.height));
  return points.map(([x, y]) => [x + mx, y + my]);
}

/** `points` stretched about their upper left corner, by at least one pixel's width and height left. */
export function stretched(points: readonly Point[], dw: number, dh: number): Point[] {
  const box = bounds(points);
  const sx = box.width > 0 ? Math.max(1, box.width + dw) / box.width : 1;
  const sy = box.height > 0 ? Math.max(1, box.height + dh) / box.height : 1;
  return points.map(([x, y]) => [box.x + (x - box.x) * sx, box.y + (y - box.y) * sy]);
}

export const clampedInto = (points: readonly Point[], picture: Size): Point[] =>
  points.map(([x, y]) => [clamp(x, 0, picture.width), clamp(y, 0, picture.height)]);

/** Twice nothing is no area: whether a polygon covers at least about a pixel. */
export function hasArea(points: readonly Point[]): boolean {
  let twice = 0;
  for (let i = 0; i < points.length; i++) {
    const [ax, ay] = points[i] as Point;
    const [bx, by] = points[(i + 1) % points.length] as Point;
    twice += ax * by - bx * ay;
  }
  return points.length >= 3 && Math.abs(twice) >= 2;
}

/** Douglas and Peucker: as few points as stay within `tolerance` of the line. */
export function simplified(points: readonly Point[], tolerance: number): Point[] {
  if (points.length < 3) return [...points];
  const kept = new Uint8Array(points.length);
  kept[0] = kept[points.length - 1] = 1;
  const open: [number, number][] = [[0, points.length - 1]];
  for (let span = open.pop(); span; span = open.pop()) {
    const [from, to] = span;
    let [farthest, distance] = [-1, tolerance];
    for (let i = from + 1; i < to; i++) {
      const d = toSegment(points[i] as Point, points[from] as Point, points[to] as Point);
      if (d > distance) [farthest, distance] = [i, d];
    }
    if (farthest < 0) continue;
    kept[farthest] = 1;
    open.push([from, farthest], [farthest, to]);
  }
  return points.filter((_, i) => kept[i]);
}

function toSegment([px, py]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const t = length ? clamp(((px - ax) * dx + (py - ay) * dy) / length, 0, 1) : 0;
  return Math.hypot(px - ax - t * dx, py - ay - t * dy);
}

/** The outlines of a round brush drawn along `points`: one convex polygon a segment, a circle for a single dot. */
export function capsules(points: readonly Point[], size: number): Point[][] {
  const first = points[0];
  if (!first) return [];
  if (points.length === 1) return [arc(first, size / 2, 0, 2 * Math.PI, 16)];
  return points.slice(1).map((end, i) => {
    const start = points[i] as Point;
    const angle = Math.atan2(end[1] - start[1], end[0] - start[0]);
    return [
      ...arc(start, size / 2, angle + Math.PI / 2, angle + (3 * Math.PI) / 2, 8),
      ...arc(end, size / 2, angle - Math.PI / 2, angle + Math.PI / 2, 8),
    ];
  });
}

const arc = ([x, y]: Point, radius: number, from: number, to: number, parts: number): Point[] =>
  Array.from({ length: parts + 1 }, (_, i) => {
    const angle = from + ((to - from) * i) / parts;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
