/** What the hand is drawing just now, until it is a mark. */

import { bounds, hasArea, rectangle, simplified, type Point } from "../editor/geometry";
import type { Effect, Stroke } from "../editor/marks";
import type { Overlay } from "./overlay";

export type Tool = "select" | "box" | "lasso" | "brush" | "eraser" | "hand";

export interface Hands {
  readonly tool: Tool;
  readonly effect: Effect;
  /** Of the brush, in pixels of the picture. */
  readonly size: number;
  /** A run is on: look, do not touch. */
  readonly locked: boolean;
}

export interface Drawn {
  onArea(points: Point[]): void;
  onStroke(points: Point[], size: number, effect: Stroke["effect"]): void;
}

/** So small on the screen that it was a slip. */
const SLIP_PX = 3;

export class Drawing {
  private points: Point[] = [];

  constructor(
    private readonly overlay: Overlay,
    private readonly events: Drawn,
  ) {}

  /** Through these points of the picture, after those before. */
  go(hands: Hands, points: readonly Point[]): void {
    this.points.push(...points);
    const [first, last] = [this.points[0], this.points.at(-1)];
    if (!first || !last) return;
    if (hands.tool === "box") this.overlay.sketch(rectangle(first, last), hands.effect);
    else if (hands.tool === "lasso") this.overlay.sketch(this.points, hands.effect);
    else this.overlay.brush(this.points, hands.size, strokeOf(hands.tool));
  }

  abandon(): void {
    this.points = [];
    this.overlay.sketch([], "erase");
    this.overlay.brush([], 1, "paint");
  }

  /** `scale` is how many pixels of the screen one of the picture has. */
  finish({ tool, size }: Hands, scale: number): void {
    const points = this.points;
    const [first, last] = [points[0], points.at(-1)];
    this.abandon();
    if (!first || !last) return;
    if (tool === "brush" || tool === "eraser") {
      return this.events.onStroke(simplified(points, 0.5 / scale), size, strokeOf(tool));
    }
    const outline = tool === "box" ? rectangle(first, last) : simplified(points, 1 / scale);
    const { width, height } = bounds(outline);
    if (Math.min(width, height) * scale >= SLIP_PX && hasArea(outline)) this.events.onArea(outline);
  }
}

const strokeOf = (tool: Tool): Stroke["effect"] => (tool === "eraser" ? "rub" : "paint");
