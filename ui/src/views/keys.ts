/** What keys do: some everywhere, some only while the picture has the focus. */

import type { Tool } from "../canvas/drawing";
import { pictureOf, type Document } from "../editor/document";
import { bounds, clamp, movedInside, rectangle, stretched } from "../editor/geometry";
import { isArea, type Area } from "../editor/marks";
import { words } from "../words";
import { current, dispatch, editor, finds, newId, open, run, runs } from "../work/session";
import { download } from "./download";
import { board, BRUSH, brushSize, choose, markEffect, peek, say, sheetOpen } from "./ui";

const TOOLS: Readonly<Record<string, Tool>> = { v: "select", b: "box", l: "lasso", p: "brush", e: "eraser", h: "hand" };
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function listen(): void {
  addEventListener("keydown", everywhere);
  addEventListener("keyup", (event) => {
    if (event.key.toLowerCase() === "c") peek.value = false;
    if (event.key === " ") board.value?.setSpace(false);
  });
  addEventListener("blur", () => (peek.value = false));
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])].filter(({ type }) => type.startsWith("image/"));
    if (files.length) void open(files);
  });
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dragging");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dragging");
    void open([...(event.dataTransfer?.files ?? [])]);
  });
}

function everywhere(event: KeyboardEvent): void {
  const at = event.target as HTMLElement;
  if (event.defaultPrevented || at.closest("dialog")) return;
  const command = event.ctrlKey || event.metaKey;
  const writing = at.matches("input:not([type=range]):not([type=checkbox]):not([type=radio]):not([type=file]), textarea, select");
  if (writing && !command) return;
  const done = command ? commanded(event) : !event.altKey && pressed(event);
  if (done) event.preventDefault();
}

/** Whether the key means something here. */
function commanded(event: KeyboardEvent): boolean {
  const now = current.value;
  switch (event.key.toLowerCase()) {
    case "o":
      document.querySelector<HTMLInputElement>("input[type=file]")?.click();
      return true;
    case "enter":
      if (now) run(now.id);
      return true;
    case "s":
      if (now && now.at > 0) void download(now);
      return true;
    case "z":
      if (now) dispatch({ type: event.shiftKey ? "redone" : "undone", id: now.id });
      return true;
    case "y":
      if (now) dispatch({ type: "redone", id: now.id });
      return true;
    default:
      return false;
  }
}

function pressed(event: KeyboardEvent): boolean {
  const [now, key] = [current.value, event.key.toLowerCase()];
  if (key === "?") return (sheetOpen.value = true);
  if (!now) return false;
  const chosen = TOOLS[key];
  if (chosen) choose(chosen);
  else if (key === "c") peek.value = now.at > 0;
  else if (key === "f") void finds.start(now.id);
  else if (key === "k") markEffect.value = markEffect.value === "keep" ? "erase" : "keep";
  else if (key === "[" || key === "]") {
    brushSize.value = clamp(Math.round(brushSize.value * (key === "[" ? 1 / 1.25 : 1.25)), BRUSH.least, BRUSH.most);
  } else if (key === "+" || key === "=") board.value?.zoom(1.4);
  else if (key === "-") board.value?.zoom(1 / 1.4);
  else if (key === "0") board.value?.fit();
  else if (key === "1") board.value?.actualSize();
  else if (key === "escape") escaped(now);
  else if (key === "pageup" || key === "pagedown") go(key === "pageup" ? -1 : 1);
  else return false;
  return true;
}

function escaped({ id, run }: Document): void {
  if (run) runs.cancel(id);
  else finds.stop(id);
  dispatch({ type: "selected", id, mark: null });
}

function go(by: number): void {
  const { documents, current: id } = editor.value;
  const next = documents[documents.findIndex((document) => document.id === id) + by];
  if (next) dispatch({ type: "chosen", id: next.id });
}

export function keysOnPicture(event: KeyboardEvent): void {
  const now = current.value;
  if (!now || event.ctrlKey || event.metaKey) return;
  const arrow = ARROWS[event.key];
  const selected = now.marks.find((mark): mark is Area => isArea(mark) && mark.id === now.selected);
  if (arrow) moved(now, selected, arrow, event);
  else if (event.key === " ") board.value?.setSpace(true);
  else if (event.key === "," || event.key === ".") next(now, event.key === "." ? 1 : -1);
  else if (event.key === "Enter" && selected) toggle(now, selected);
  else if ((event.key === "Delete" || event.key === "Backspace") && now.selected) {
    dispatch({ type: "deleted", id: now.id, mark: now.selected });
  } else if (event.key.toLowerCase() === "a") addBox(now);
  else return;
  event.preventDefault();
}

function moved(now: Document, selected: Area | undefined, [x, y]: readonly [number, number], event: KeyboardEvent): void {
  if (!selected) return board.value?.pan(-40 * x, -40 * y);
  const by = event.shiftKey ? 10 : 1;
  const points = event.altKey
    ? stretched(selected.points, x * by, y * by)
    : movedInside(selected.points, x * by, y * by, pictureOf(now));
  dispatch({ type: "moved", id: now.id, mark: selected.id, points });
}

function next(now: Document, by: number): void {
  const areas = now.marks.filter(isArea);
  if (!areas.length) return;
  const at = areas.findIndex(({ id }) => id === now.selected);
  const chosen = areas[(at < 0 ? (by > 0 ? 0 : areas.length - 1) : at + by + areas.length) % areas.length] as Area;
  dispatch({ type: "selected", id: now.id, mark: chosen.id });
  tell(chosen, areas.indexOf(chosen) + 1);
}

function toggle(now: Document, area: Area): void {
  dispatch({ type: "toggled", id: now.id, mark: area.id });
  tell({ ...area, effect: area.effect === "erase" ? "keep" : "erase" }, now.marks.filter(isArea).indexOf(area) + 1);
}

function tell(area: Area, number: number): void {
  const name =
    area.confidence === undefined ? words.drawnMark(number) : words.textMark(number, Math.round(area.confidence * 100));
  say(`${name}, ${area.effect === "erase" ? words.willErase : words.willKeep}`);
}

function addBox(now: Document): void {
  const [x, y] = board.value?.centre() ?? [0, 0];
  const { width, height } = bounds([
    [0, 0],
    [pictureOf(now).width / 5, pictureOf(now).height / 10],
  ]);
  const points = rectangle([x - width / 2, y - height / 2], [x + width / 2, y + height / 2]);
  dispatch({
    type: "marked",
    id: now.id,
    mark: { kind: "area", id: newId(), points, effect: markEffect.value, origin: "drawn" },
  });
}

