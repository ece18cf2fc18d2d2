/** What a person chooses once; remembered in this browser. */

import type { Fields } from "../api/types";
import type { Picture } from "../editor/document";
import type { Size } from "../editor/geometry";

export interface Settings {
  /** "": the service's default. */
  readonly model: string;
  readonly lettersOnly: boolean;
  readonly findAtOnce: boolean;
  readonly strategy: "Auto" | "Original" | "Crop" | "Resize";
  readonly fill: "" | "auto" | "model";
  readonly verify: boolean;
  readonly dilation: number;
  readonly confidence: number;
  readonly prompt: string;
  readonly seed: number;
  readonly steps: number;
  readonly format: "same" | "png" | "jpeg" | "webp" | "avif";
  readonly quality: number;
}

export const DEFAULTS: Settings = {
  model: "",
  lettersOnly: true,
  findAtOnce: true,
  strategy: "Auto",
  fill: "",
  verify: true,
  dilation: 0,
  confidence: 0.6,
  prompt: "",
  seed: -1,
  steps: 25,
  format: "same",
  quality: 92,
};

const PLACE = "text-removal.settings";

/** What is stored may be of an older page: only what fits is taken. */
export function loaded(store: Pick<Storage, "getItem">): Settings {
  try {
    const stored = JSON.parse(store.getItem(PLACE) ?? "{}") as Record<string, unknown>;
    const known = Object.entries(DEFAULTS).filter(([name, value]) => typeof stored[name] === typeof value);
    return { ...DEFAULTS, ...Object.fromEntries(known.map(([name]) => [name, stored[name]])) };
  } catch {
    return DEFAULTS;
  }
}

export function save(store: Pick<Storage, "setItem">, settings: Settings): void {
  try {
    store.setItem(PLACE, JSON.stringify(settings));
  } catch {
    // A browser that lets nothing be stored forgets; nothing else follows from it.
  }
}

export const pageOf = ({ page }: Picture): Fields => (page ? { page: String(page) } : {});

/** Bytes a pixel of a photo takes as PNG, at most: a result larger than the service takes could not be gone on with. */
const PNG_BYTES = 2.25;

/** Whether results of this size are asked for without loss; else they are coded as their file was. */
export const isLossless = ({ width, height }: Size, maxBytes: number | null): boolean =>
  maxBytes === null || width * height * PNG_BYTES <= maxBytes;

/** As the service wants them. What is at its default is left to the service, whose defaults depend on each other. */
export function fields(settings: Settings, lossless: boolean): Fields {
  const all: Record<string, string> = {
    mask_mode: settings.lettersOnly ? "strokes" : "box",
    hd_strategy: settings.strategy,
    output_format: lossless ? "png" : "same",
  };
  if (settings.model) all["model"] = settings.model;
  if (settings.fill) all["fill"] = settings.fill;
  if (!settings.verify) all["verify"] = "false";
  if (settings.dilation) all["dilation"] = String(settings.dilation);
  if (settings.prompt) all["prompt"] = settings.prompt;
  if (settings.seed >= 0) all["sd_seed"] = String(settings.seed);
  if (settings.steps !== DEFAULTS.steps) all["sd_steps"] = String(settings.steps);
  return all;
}
