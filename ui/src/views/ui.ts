/** What is only about looking and touching, and is forgotten with the page. */

import { effect, signal } from "@preact/signals";

import type { Compare } from "../canvas/painter";
import type { Board } from "../canvas/board";
import type { Tool } from "../canvas/drawing";
import type { Effect } from "../editor/marks";
import { current } from "../work/session";

export const tool = signal<Tool>("select");
export const markEffect = signal<Effect>("erase");
/** In pixels of the screen: what a person sees stays the same at every zoom. */
export const brushSize = signal(28);
export const compare = signal<Compare>("off");
export const divider = signal(0.5);
export const peek = signal(false);
export const showChanged = signal(false);
export const sheetOpen = signal(false);
export const said = signal("");
export const notice = signal("");
/** The board while there is one; for keys and buttons that move the view. */
export const board = signal<Board | null>(null);

export const BRUSH = { least: 4, most: 200 } as const;

export function choose(next: Tool): void {
  tool.value = next;
  if (next !== "select" && next !== "hand") compare.value = "off";
}

export const say = (text: string): void => {
  said.value = text;
};

/** A new result is compared with what was before; the original with nothing. */
export function followSteps(): void {
  const at = new Map<string, number>();
  effect(() => {
    const document = current.value;
    if (!document) return;
    const before = at.get(document.id);
    at.set(document.id, document.at);
    if (before === document.at) return;
    compare.value = document.at > 0 ? "divider" : "off";
    if (document.at > 0) tool.value = "select";
    [divider.value, showChanged.value] = [0.5, false];
  });
}
