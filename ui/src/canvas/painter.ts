/** Draws the picture below the marks: alone, behind a divider, or beside what it was before. */

import type { Size } from "../editor/geometry";
import type { Pyramid } from "./pyramid";
import type { View } from "./view";

/** `divider` 0-1 of the window's width; `peek` shows what was before, wholly. */
export type Compare = "off" | "divider" | "beside";

export interface Scene {
  readonly after: Pyramid | null;
  readonly before: Pyramid | null;
  readonly changed: CanvasImageSource | null;
  readonly compare: Compare;
  readonly divider: number;
  readonly peek: boolean;
}

const TILE = 8;

export class Painter {
  private readonly context: CanvasRenderingContext2D;
  private board: CanvasPattern | null = null;

  constructor(readonly canvas: HTMLCanvasElement) {
    this.context = canvas.getContext("2d") as CanvasRenderingContext2D;
  }

  resize(window: Size, ratio: number): void {
    this.canvas.width = Math.round(window.width * ratio);
    this.canvas.height = Math.round(window.height * ratio);
    this.board = null;
  }

  paint(scene: Scene, view: View, window: Size, ratio: number, rough: boolean): void {
    const context = this.context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const { before, after } = scene;
    if (!after) return;
    const { width, height } = window;
    const clip = (x: number, to: number, picture: Pyramid, shift = 0, changed = false): void => {
      context.save();
      context.scale(ratio, ratio);
      context.beginPath();
      context.rect(x, 0, to - x, height);
      context.clip();
      context.translate(view.x + shift, view.y);
      if (picture.transparent) this.checkers(picture, view.scale);
      picture.draw(context, view.scale, rough);
      if (changed && scene.changed) {
        context.drawImage(scene.changed, 0, 0, picture.whole.width * view.scale, picture.whole.height * view.scale);
      }
      context.restore();
    };
    if (!before || (scene.compare === "off" && !scene.peek)) return clip(0, width, after, 0, true);
    if (scene.peek) return clip(0, width, before);
    if (scene.compare === "beside") {
      clip(0, width / 2 - 1, before, -width / 4);
      return clip(width / 2 + 1, width, after, width / 4, true);
    }
    const edge = Math.round(scene.divider * width);
    clip(0, edge, before);
    return clip(edge, width, after, 0, true);
  }

  /** Under what is transparent. */
  private checkers(picture: Pyramid, scale: number): void {
    this.board ??= this.context.createPattern(tile(), "repeat");
    this.context.fillStyle = this.board ?? "#fff";
    this.context.fillRect(0, 0, picture.whole.width * scale, picture.whole.height * scale);
  }
}

function tile(): OffscreenCanvas {
  const made = new OffscreenCanvas(2 * TILE, 2 * TILE);
  const context = made.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, 2 * TILE, 2 * TILE);
  context.fillStyle = "#d4d4d8";
  context.fillRect(0, 0, TILE, TILE);
  context.fillRect(TILE, TILE, TILE, TILE);
  return made;
}
