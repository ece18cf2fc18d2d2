/** The marks over the picture, as Konva's shapes: outlines can be taken hold of, paint is only looked at. */

import Konva from "konva/lib/Core";
import { Image as KonvaImage } from "konva/lib/shapes/Image";
import { Line } from "konva/lib/shapes/Line";
import { Transformer } from "konva/lib/shapes/Transformer";

import type { Point, Size } from "../editor/geometry";
import { isArea, type Area, type Mark, type Stroke } from "../editor/marks";
import { maskBitmap } from "../work/bitmaps";
import { ERASE_COLOUR } from "../work/masks";
import type { View } from "./view";

const COLOURS = {
  erase: { stroke: ERASE_COLOUR, fill: "rgba(225, 29, 72, 0.22)", dash: [] as number[] },
  keep: { stroke: "#059669", fill: "rgba(5, 150, 105, 0.12)", dash: [6, 4] },
};

const SETTLE_MS = 150;

export interface OverlayEvents {
  onTap(area: Area): void;
  onMoved(area: Area, points: Point[]): void;
  onHover(area: Area | null): void;
}

export class Overlay {
  readonly stage: Konva.Stage;
  private readonly paint = new Konva.Layer({ listening: false });
  private readonly areas = new Konva.Layer();
  private readonly top = new Konva.Layer();
  private readonly frame: Transformer;
  private readonly lines = new Map<string, Line>();
  private readonly draft: Line = new Line({ listening: false, strokeScaleEnabled: false, visible: false });
  private readonly wet: Line = new Line({ lineCap: "round", lineJoin: "round", visible: false });
  private view: View = { scale: 1, x: 0, y: 0 };
  private settled = this.view;
  private settledAt = 0;
  private marks: readonly Mark[] = [];
  private selected: string | null = null;

  constructor(
    container: HTMLDivElement,
    private readonly events: OverlayEvents,
  ) {
    const coarse = matchMedia("(pointer: coarse)").matches;
    this.stage = new Konva.Stage({ container, width: 1, height: 1 });
    this.frame = new Transformer({
      anchorSize: coarse ? 18 : 10,
      anchorCornerRadius: 9,
      anchorStroke: "#1d4ed8",
      borderStroke: "#1d4ed8",
      rotateAnchorOffset: 28,
      ignoreStroke: true,
      flipEnabled: false,
      keepRatio: false,
    });
    this.stage.add(this.paint, this.areas, this.top);
    this.paint.getNativeCanvasElement().style.opacity = "0.5";
    this.top.add(this.frame, this.draft);
    Konva.dragDistance = 4;
  }

  resize(window: Size): void {
    this.stage.size(window);
  }

  /** While the view moves what has been drawn is moved as it is, and drawn anew a few times a second: strokes are slow. */
  place(view: View): void {
    this.view = view;
    if (Date.now() - this.settledAt > SETTLE_MS) return this.settle();
    const { scale, x, y } = this.settled;
    const by = view.scale / scale;
    this.stage.container().style.transform = `translate(${view.x - x * by}px, ${view.y - y * by}px) scale(${by})`;
  }

  /** Draws the marks where the view is. */
  settle(): void {
    this.settledAt = Date.now();
    if (this.settled === this.view) return;
    this.settled = this.view;
    this.stage.container().style.transform = "";
    this.stage.scale({ x: this.view.scale, y: this.view.scale });
    this.stage.position({ x: this.view.x, y: this.view.y });
    this.frame.forceUpdate();
    // A finger that comes before the next frame must find the marks where they are.
    this.areas.drawHit();
    this.top.drawHit();
  }

  /** Whether there is something to take hold of at this point of the window. */
  isAt(point: Point): boolean {
    return this.stage.getIntersection({ x: point[0], y: point[1] }) !== null;
  }

  /** Whether marks can be taken hold of, or are only looked at. */
  set live(live: boolean) {
    if (!live) this.drop();
    this.areas.listening(live);
    this.top.listening(live);
    this.frame.visible(live);
  }

  set visible(visible: boolean) {
    this.stage.container().style.visibility = visible ? "visible" : "hidden";
  }

  /** Lets go of what is being dragged: it goes back where it was. */
  drop(): void {
    const held = [...this.lines.values()].some((line) => line.isDragging());
    if (!held && !this.frame.isTransforming()) return;
    const marks = this.marks;
    this.frame.stopTransform();
    this.marks = [];
    this.lines.forEach((line) => line.stopDrag());
    this.show(marks, this.selected);
  }

  show(marks: readonly Mark[], selected: string | null): void {
    if (marks !== this.marks) {
      this.marks = marks;
      this.rebuild();
    }
    this.selected = selected;
    for (const [id, line] of this.lines) line.strokeWidth(id === selected ? 3 : 2);
    const chosen = selected === null ? undefined : this.lines.get(selected);
    this.frame.nodes(chosen ? [chosen] : []);
  }

  /** What is being drawn just now, before it is a mark. */
  sketch(points: readonly Point[], effect: Area["effect"]): void {
    const { stroke, fill, dash } = COLOURS[effect];
    this.draft.setAttrs({ points: points.flat(), stroke, fill, dash, strokeWidth: 2, closed: true, visible: points.length > 0 });
  }

  brush(points: readonly Point[], size: number, effect: Stroke["effect"]): void {
    const [first] = points;
    const flat = points.length === 1 && first ? [...first, first[0] + 0.01, first[1]] : points.flat();
    this.wet.setAttrs({ points: flat, strokeWidth: size, visible: points.length > 0, ...painted(effect) });
  }

  destroy(): void {
    this.stage.destroy();
  }

  private rebuild(): void {
    this.events.onHover(null);
    this.wet.remove();
    this.paint.destroyChildren();
    this.areas.destroyChildren();
    this.lines.clear();
    for (const mark of this.marks) {
      if (isArea(mark)) this.areas.add(this.line(mark));
      else if (mark.kind === "mask") void this.mask(mark);
      else {
        this.paint.add(strokeLine(mark));
        if (mark.effect === "rub") this.areas.add(strokeLine(mark));
      }
    }
    this.paint.add(this.wet);
  }

  private async mask(mark: Extract<Mark, { kind: "mask" }>): Promise<void> {
    const image = await maskBitmap(mark);
    if (!this.marks.includes(mark)) return;
    const node = new KonvaImage({ image, listening: false });
    this.paint.add(node);
    node.moveToBottom();
  }

  private line(area: Area): Line {
    const line = new Line({
      points: area.points.flat(),
      closed: true,
      strokeWidth: 2,
      strokeScaleEnabled: false,
      hitStrokeWidth: 14,
      draggable: true,
      perfectDrawEnabled: false,
      ...COLOURS[area.effect],
    });
    const moved = (): void => {
      const at = line.getTransform();
      this.events.onMoved(area, area.points.map(([x, y]) => {
        const point = at.point({ x, y });
        return [point.x, point.y] as const;
      }));
    };
    line.on("click tap", () => this.events.onTap(area));
    line.on("dragend transformend", moved);
    line.on("mouseenter", () => this.events.onHover(area));
    line.on("mouseleave", () => this.events.onHover(null));
    this.lines.set(area.id, line);
    return line;
  }
}

const painted = (effect: Stroke["effect"]): object => ({
  stroke: ERASE_COLOUR,
  globalCompositeOperation: effect === "rub" ? "destination-out" : "source-over",
});

function strokeLine(mark: Stroke): Line {
  const [first] = mark.points;
  const points = mark.points.length === 1 && first ? [...first, first[0] + 0.01, first[1]] : mark.points.flat();
  return new Line({
    points,
    strokeWidth: mark.size,
    lineCap: "round",
    lineJoin: "round",
    listening: false,
    perfectDrawEnabled: false,
    ...painted(mark.effect),
  });
}
