/** The picture on the screen and the hands on it: pointers become pans, pinches, drawn marks and held outlines. */

import type { Point, Size } from "../editor/geometry";
import type { Area, Mark } from "../editor/marks";
import { Drawing, type Drawn, type Hands } from "./drawing";
import { Overlay } from "./overlay";
import { Painter, type Scene } from "./painter";
import { centred, fit, panned, pinched, toPicture, zoomed, type View } from "./view";

export interface BoardEvents extends Drawn {
  onMoved(area: Area, points: Point[]): void;
  onTap(area: Area): void;
  onNothing(): void;
  onHover(area: Area | null, at: Point): void;
  onView(view: View): void;
  onCursor(at: Point | null): void;
}

type Mode = "idle" | "pan" | "draw" | "pinch" | "held";

const EMPTY: Scene = { after: null, before: null, changed: null, compare: "off", divider: 0.5, peek: false };
const TAP = 5;
const REST_MS = 120;

export class Board {
  readonly overlay: Overlay;
  private readonly painter: Painter;
  private readonly drawing: Drawing;
  private readonly watcher: ResizeObserver;
  private readonly pointers = new Map<number, Point>();
  private window: Size = { width: 1, height: 1 };
  private picture: Size = { width: 1, height: 1 };
  private view: View = { scale: 1, x: 0, y: 0 };
  private scene: Scene = EMPTY;
  private hands: Hands = { tool: "select", effect: "erase", size: 40, locked: false };
  private mode: Mode = "idle";
  private from: Point = [0, 0];
  private frame = 0;
  private moving = 0;
  private fitted = true;
  private space = false;
  private last: Point = [0, 0];

  constructor(
    private readonly host: HTMLElement,
    canvas: HTMLCanvasElement,
    container: HTMLDivElement,
    private readonly events: BoardEvents,
  ) {
    this.painter = new Painter(canvas);
    this.overlay = new Overlay(container, {
      onTap: (area) => events.onTap(area),
      onMoved: (area, points) => events.onMoved(area, points),
      onHover: (area) => events.onHover(area, this.last),
    });
    this.drawing = new Drawing(this.overlay, events);
    this.watcher = new ResizeObserver(() => this.resized());
    this.watcher.observe(host);
    host.addEventListener("pointerdown", this.down, { capture: true });
    host.addEventListener("pointermove", this.moved, { capture: true });
    for (const end of ["pointerup", "pointercancel"] as const) host.addEventListener(end, this.up, { capture: true });
    host.addEventListener("pointerleave", this.left);
    host.addEventListener("wheel", this.wheel, { passive: false });
    this.resized();
  }

  destroy(): void {
    this.watcher.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.moving);
    this.overlay.destroy();
  }

  /** Another picture: seen as a whole again. The same picture after a run stays where it is. */
  setPicture(picture: Size, anew: boolean): void {
    this.picture = picture;
    if (anew) this.fit();
  }

  setScene(scene: Scene): void {
    const other = (scene.compare === "beside") !== (this.scene.compare === "beside");
    this.scene = scene;
    if (other && this.fitted) this.fit();
    this.overlay.visible = scene.compare !== "beside" && !scene.peek;
    this.draw();
  }

  setMarks(marks: readonly Mark[], selected: string | null): void {
    this.overlay.show(marks, selected);
  }

  setHands(hands: Hands): void {
    if (hands.tool !== this.hands.tool || hands.locked !== this.hands.locked) this.abandon();
    this.hands = hands;
    this.overlay.live = hands.tool === "select" && !hands.locked;
  }

  /** While the space bar is down every tool is the hand. */
  setSpace(down: boolean): void {
    this.space = down;
  }

  fit(): void {
    this.look(this.whole(), true);
  }

  actualSize(): void {
    this.look(centred(1 / devicePixelRatio, this.picture, this.window), false);
  }

  zoom(factor: number, about?: Point): void {
    const centre: Point = [this.window.width / 2, this.window.height / 2];
    this.look(zoomed(this.view, factor, about ?? centre, this.picture, this.window), false);
  }

  pan(dx: number, dy: number): void {
    this.look(panned(this.view, dx, dy, this.picture, this.window), false);
  }

  /** The middle of what is seen, in pixels of the picture. */
  centre(): Point {
    return toPicture(this.view, [this.window.width / 2, this.window.height / 2]);
  }

  /** The picture as a whole; side by side each half of the window shows one. */
  private whole(): View {
    const { width, height } = this.window;
    if (this.scene.compare !== "beside") return fit(this.picture, this.window);
    const view = fit(this.picture, { width: width / 2, height });
    return { ...view, x: view.x + width / 4 };
  }

  /** What moves is drawn fast, and well when it has come to rest. */
  private look(view: View, fitted: boolean): void {
    clearTimeout(this.moving);
    this.moving = window.setTimeout(() => {
      this.moving = 0;
      this.overlay.settle();
      this.draw();
    }, REST_MS);
    this.view = view;
    this.fitted = fitted;
    this.overlay.place(view);
    this.events.onView(view);
    this.draw();
  }

  private draw(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.painter.paint(this.scene, this.view, this.window, devicePixelRatio, this.moving !== 0);
    });
  }

  private resized(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (!width || !height) return;
    this.window = { width, height };
    this.painter.resize(this.window, devicePixelRatio);
    this.overlay.resize(this.window);
    this.look(this.fitted ? this.whole() : this.view, this.fitted);
  }

  private at(event: PointerEvent | WheelEvent): Point {
    const box = this.host.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private readonly down = (event: PointerEvent): void => {
    if ((event.target as Element).closest("[data-control]")) return;
    const at = this.at(event);
    this.overlay.settle();
    this.pointers.set(event.pointerId, at);
    if (this.pointers.size === 2) return this.pinch(event);
    if (this.pointers.size > 2) return;
    [this.from, this.last] = [at, at];
    const { tool, locked } = this.hands;
    const pans = tool === "hand" || this.space || event.button === 1 || locked || this.scene.compare === "beside";
    if (pans || (tool === "select" && !this.overlay.isAt(at))) this.mode = "pan";
    else if (tool === "select") this.mode = "held";
    else if (event.button === 0) {
      this.mode = "draw";
      this.drawing.go(this.hands, [toPicture(this.view, at)]);
    }
    if (this.mode !== "held") this.host.setPointerCapture(event.pointerId);
    if (this.mode !== "held") event.stopPropagation();
  };

  private readonly moved = (event: PointerEvent): void => {
    const at = this.at(event);
    const before = this.pointers.get(event.pointerId);
    this.events.onCursor(event.pointerType === "touch" ? null : at);
    this.last = at;
    if (!before) return;
    this.pointers.set(event.pointerId, at);
    switch (this.mode) {
      case "pan":
        this.pan(at[0] - before[0], at[1] - before[1]);
        break;
      case "pinch": {
        const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
        if (other) this.look(pinched(this.view, before, at, other, this.picture, this.window), false);
        break;
      }
      case "draw":
        this.drawing.go(this.hands, this.path(event));
        break;
    }
    if (this.mode !== "held" && this.mode !== "idle") event.stopPropagation();
  };

  private readonly up = (event: PointerEvent): void => {
    if (!this.pointers.delete(event.pointerId)) return;
    const at = this.at(event);
    const still = Math.hypot(at[0] - this.from[0], at[1] - this.from[1]) < TAP;
    if (this.mode === "draw" && event.type === "pointercancel") this.abandon();
    else if (this.mode === "draw") this.drawing.finish(this.hands, this.view.scale);
    if (this.mode === "pan" && still && this.hands.tool === "select") this.events.onNothing();
    // After a pinch the last finger does nothing until it is lifted, too.
    if (!this.pointers.size) this.mode = "idle";
  };

  private readonly left = (): void => this.events.onCursor(null);

  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : 1;
    if (event.shiftKey) return this.pan(-(event.deltaX || event.deltaY) * unit, 0);
    this.zoom(Math.exp(-event.deltaY * unit * (event.ctrlKey ? 0.01 : 0.0015)), this.at(event));
  };

  private pinch(event: PointerEvent): void {
    this.abandon();
    this.overlay.drop();
    this.mode = "pinch";
    event.stopPropagation();
  }

  private abandon(): void {
    if (this.mode === "draw") this.mode = "idle";
    this.drawing.abandon();
  }

  /** All points since the last event: a fast hand makes more of them than there are frames. */
  private path(event: PointerEvent): Point[] {
    const events = event.getCoalescedEvents?.() ?? [];
    return (events.length ? events : [event]).map((one) => toPicture(this.view, this.at(one)));
  }
}
