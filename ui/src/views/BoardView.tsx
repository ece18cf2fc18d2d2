import { signal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { Board } from "../canvas/board";
import { changes } from "../canvas/changes";
import type { Scene } from "../canvas/painter";
import { Pyramid } from "../canvas/pyramid";
import type { Document, Picture } from "../editor/document";
import type { Point } from "../editor/geometry";
import type { Area } from "../editor/marks";
import { bitmapOf } from "../work/bitmaps";
import { current, dispatch, newId } from "../work/session";
import { words } from "../words";
import { board, brushSize, compare, divider, markEffect, peek, showChanged, tool } from "./ui";
import { Divider } from "./Divider";
import { keysOnPicture } from "./keys";

const scale = signal(1);
const cursor = signal<Point | null>(null);
const hovered = signal<{ area: Area; at: Point } | null>(null);

/** What is drawn and where its pictures are, for one document at one step; made anew when either changes. */
interface Shown {
  readonly document: string;
  readonly after: Pyramid;
  readonly before: Pyramid | null;
  readonly changed: OffscreenCanvas | null;
}

const shown = signal<Shown | null>(null);

export function BoardView() {
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const container = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!host.current || !canvas.current || !container.current) return;
    const made = new Board(host.current, canvas.current, container.current, events());
    board.value = made;
    return () => {
      board.value = null;
      made.destroy();
    };
  }, []);
  usePictures();
  useSignalEffect(() => {
    const document = current.value;
    if (!board.value || !document) return;
    board.value.setMarks(document.marks, document.selected);
    board.value.setHands({
      tool: tool.value,
      effect: markEffect.value,
      size: brushSize.value / scale.value,
      locked: document.run !== null,
    });
  });
  const document = current.value;
  if (!document) return null;
  return (
    <section class="board" aria-label={words.canvas(document.name)}>
      <div
        ref={host}
        class={`board-host tool-${tool.value}${document.run ? " locked" : ""}${hovered.value ? " hovering" : ""}`}
        tabIndex={0}
        role="application"
        aria-label={words.canvas(document.name)}
        aria-describedby="marks-count"
        onKeyDown={keysOnPicture}
        onBlur={() => board.value?.setSpace(false)}
      >
        <canvas ref={canvas} class="picture" />
        <div ref={container} class="overlay" />
        <BrushCursor />
        <Hover />
        <Divider />
      </div>
      {(document.finding || document.run) && <div class="busy-line" aria-hidden="true" />}
      {document.finding && <p class="pill">{words.finding}</p>}
      <p class="zoom-level" aria-hidden="true">
        {Math.round(scale.value * devicePixelRatio * 100)} %
      </p>
      <p id="marks-count" class="unseen">
        {words.marks(document.marks.length)}
      </p>
    </section>
  );
}

function events() {
  const act = (how: (document: Document) => void): void => {
    const document = current.peek();
    if (document) how(document);
  };
  return {
    onArea: (points: Point[]) =>
      act(({ id }) =>
        dispatch({
          type: "marked",
          id,
          mark: { kind: "area", id: newId(), points, effect: markEffect.peek(), origin: "drawn" },
        }),
      ),
    onStroke: (points: Point[], size: number, effect: "paint" | "rub") =>
      act(({ id }) => dispatch({ type: "marked", id, mark: { kind: "stroke", id: newId(), points, size, effect } })),
    onMoved: (area: Area, points: Point[]) => act(({ id }) => dispatch({ type: "moved", id, mark: area.id, points })),
    /** Found text is decided on with a click; what was drawn is meant so, and is only taken hold of. */
    onTap: (area: Area) =>
      act(({ id }) => {
        if (area.origin === "found") dispatch({ type: "toggled", id, mark: area.id });
        else dispatch({ type: "selected", id, mark: area.id });
      }),
    onNothing: () => act(({ id }) => dispatch({ type: "selected", id, mark: null })),
    onHover: (area: Area | null, at: Point) => {
      hovered.value = area && { area, at };
    },
    onView: (view: { scale: number }) => {
      scale.value = view.scale;
    },
    onCursor: (at: Point | null) => {
      cursor.value = at;
    },
  };
}

const pyramid = async (picture: Picture, onBetter: () => void): Promise<Pyramid> =>
  new Pyramid(await bitmapOf(picture), onBetter);

/** Decoding takes its time: what arrives after the person has gone on to another picture is thrown away. */
function usePictures(): void {
  const turn = useRef(0);
  const key = useRef("");
  const fitFor = useRef("");
  useSignalEffect(() => {
    const document = current.value;
    const onBoard = board.value;
    if (!document || !onBoard) return;
    const [step, before] = [document.steps[document.at], document.steps[document.at - 1]];
    const wanted = `${document.id} ${step?.picture.key}`;
    if (!step || wanted === key.current) return;
    key.current = wanted;
    const mine = ++turn.current;
    if (shown.peek()?.document !== document.id) shown.value = null;
    onBoard.setPicture(step.picture, fitFor.current !== document.id);
    fitFor.current = document.id;
    void (async () => {
      const redraw = (): void => {
        if (mine === turn.current && shown.peek()) shown.value = { ...(shown.peek() as Shown) };
      };
      const after = await pyramid(step.picture, redraw);
      const first = before ? await pyramid(before.picture, redraw) : null;
      if (mine !== turn.current) return;
      shown.value = { document: document.id, after, before: first, changed: null };
    })();
  });
  useSignalEffect(() => {
    const now = shown.value;
    if (!showChanged.value || !now?.before || now.changed) return;
    shown.value = { ...now, changed: changes(now.before.whole, now.after.whole) };
  });
  useSignalEffect(() => {
    const now = shown.value;
    const scene: Scene = {
      after: now?.after ?? null,
      before: now?.before ?? null,
      changed: showChanged.value ? (now?.changed ?? null) : null,
      compare: compare.value,
      divider: divider.value,
      peek: peek.value,
    };
    board.value?.setScene(scene);
  });
}

function BrushCursor() {
  const at = cursor.value;
  if (!at || (tool.value !== "brush" && tool.value !== "eraser")) return null;
  const size = brushSize.value;
  return <div class="brush-cursor" style={{ width: size, height: size, left: at[0] - size / 2, top: at[1] - size / 2 }} />;
}

function Hover() {
  const now = hovered.value;
  if (!now || tool.value !== "select" || now.area.confidence === undefined) return null;
  return (
    <p class="hover" style={{ left: now.at[0], top: now.at[1] }}>
      {words.sure(Math.round(now.area.confidence * 100))} · {now.area.effect === "erase" ? words.willErase : words.willKeep}
    </p>
  );
}
