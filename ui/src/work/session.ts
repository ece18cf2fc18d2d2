/** The one place where everything is put together: the state views read, and the verbs they call. */

import { computed, effect, signal } from "@preact/signals";

import { Service } from "../api/service";
import type { Info, Models } from "../api/types";
import type { Action } from "../editor/actions";
import { currentOf, EMPTY, pictureOf, type Editor } from "../editor/document";
import { reduce } from "../editor/reduce";
import type { Desk } from "./desk";
import { Finds } from "./finding";
import { Opener, type Refusal } from "./opening";
import { browserPictures } from "./pictures";
import { Memory } from "./remembering";
import { Runs } from "./running";
import { Saver } from "./saving";
import { loaded, save, type Settings } from "./settings";

const KEY = "text-removal.key";
const MODELS_MS = 15_000;
const SAVE_MS = 250;

export const newId = (): string =>
  crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

/** Everything below the page's own address: app.js lies at <root>/ui/app.js. */
const root = import.meta.env.DEV ? "" : new URL(/* @vite-ignore */ "..", import.meta.url).pathname.replace(/\/$/, "");

export const editor = signal<Editor>(EMPTY);
export const current = computed(() => currentOf(editor.value));
export const settings = signal<Settings>(loaded(localStorage));
export const info = signal<Info | null>(null);
export const models = signal<Models | null>(null);
export const refusals = signal<readonly Refusal[]>([]);
export const opening = signal(0);

/** Set while a key is being asked for: called with it, or with null. */
export const keyWanted = signal<((key: string | null) => void) | null>(null);
let key = sessionStorage.getItem(KEY) ?? "";
let asked: Promise<string | null> | null = null;
/** Who has said no is not asked again by a clock. */
let declined = false;

function ask(): Promise<string | null> {
  asked ??= new Promise<string | null>((resolve) => {
    keyWanted.value = resolve;
  }).then((given) => {
    [asked, keyWanted.value, declined] = [null, null, given === null];
    if (given !== null) sessionStorage.setItem(KEY, (key = given));
    return given;
  });
  return asked;
}

export const dispatch = (action: Action): void => {
  editor.value = reduce(editor.peek(), action);
};

export const service = new Service(`${root}/api/v1`, { get: () => key, ask });
export const sampleAddress = `${root}/ui/sample.jpg`;

const desk: Desk = {
  service,
  pictures: browserPictures(newId),
  editor: () => editor.peek(),
  dispatch,
  settings: () => settings.peek(),
  maxBytes: () => info.peek()?.limits.max_file_size ?? null,
  newId,
};

export const runs = new Runs(desk);
export const finds = new Finds(desk);
export const saver = new Saver(desk);
const opener = new Opener(desk, () => info.value?.limits ?? null);

export async function open(files: readonly File[]): Promise<void> {
  if (!files.length) return;
  refusals.value = [];
  opening.value += files.length;
  try {
    if (!info.value) await refresh();
    refusals.value = await opener.open(files);
  } finally {
    opening.value -= files.length;
  }
}

export async function openSample(): Promise<void> {
  const answer = await fetch(sampleAddress);
  await open([new File([await answer.blob()], "sample.jpg", { type: "image/jpeg" })]);
}

/** A search that is under way is of no use to a run: it goes on with what is marked by now. */
export function run(id: string): void {
  finds.stop(id);
  void runs.start(id);
}

export function close(id: string): void {
  finds.stop(id);
  runs.cancel(id);
  dispatch({ type: "closed", id });
}

export async function refresh(): Promise<void> {
  try {
    [info.value, models.value] = await Promise.all([service.info(), service.models()]);
    const served = models.value.models.some(({ name }) => name === settings.value.model);
    if (settings.value.model && !served) settings.value = { ...settings.value, model: "" };
  } catch {
    // Whatever is tried next says what is wrong.
  }
}

export async function start(): Promise<void> {
  effect(() => save(localStorage, settings.value));
  void refresh();
  setInterval(() => {
    if (!document.hidden && !keyWanted.peek() && !declined) void refresh();
  }, MODELS_MS);
  await remember();
  findAtOnce();
}

async function remember(): Promise<void> {
  const memory = await Memory.open();
  if (!memory) return;
  try {
    const [documents, chosen] = await memory.restore(Date.now());
    if (documents.length) dispatch({ type: "restored", documents, current: chosen });
  } catch {
    // What cannot be read is not restored.
  }
  for (const { id, run } of editor.value.documents) if (run) void runs.resume(id);
  let timer = 0;
  effect(() => {
    const state = editor.value;
    clearTimeout(timer);
    timer = window.setTimeout(() => void memory.save(state, Date.now()).catch(() => undefined), SAVE_MS);
  });
}

/** Text is looked for in each file when it is first shown, unless the person wants to do it all by hand. */
function findAtOnce(): void {
  const looked = new Set<string>();
  effect(() => {
    const document = current.value;
    if (!document || !settings.value.findAtOnce || document.at > 0 || document.run || document.finding) return;
    const { key } = pictureOf(document);
    if (looked.has(key) || document.searched.includes(key)) return;
    looked.add(key);
    queueMicrotask(() => void finds.start(document.id));
  });
}
