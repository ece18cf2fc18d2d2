/** What the work is done with: the editor's state, the service, and what only a browser can do with pictures. */

import type { Action } from "../editor/actions";
import type { Document, Editor, Picture } from "../editor/document";
import type { Size } from "../editor/geometry";
import type { Mark } from "../editor/marks";
import type { Service } from "../api/service";
import type { Settings } from "./settings";

export type ServiceVerbs = Pick<Service, "detect" | "submit" | "follow" | "status" | "result" | "cancel" | "converted" | "preview">;

export interface Pictures {
  /** A picture of what came back from the service. */
  made(file: Blob): Promise<Picture>;
  /** The marks as one black and white PNG. */
  mask(marks: readonly Mark[], size: Size): Promise<Blob>;
}

export interface Desk {
  readonly service: ServiceVerbs;
  readonly pictures: Pictures;
  editor(): Editor;
  dispatch(action: Action): void;
  settings(): Settings;
  /** Of a file the service takes; null while it has not said. */
  maxBytes(): number | null;
  newId(): string;
}

export const documentOf = (desk: Pick<Desk, "editor">, id: string): Document | null =>
  desk.editor().documents.find((document) => document.id === id) ?? null;
