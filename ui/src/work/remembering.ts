/** Documents outlive a reload: they lie in this browser's IndexedDB, and the tab knows which are its own. */

import type { Document, Editor, Moment, Picture } from "../editor/document";

const TAB = "text-removal.documents";
const KEPT_MS = 24 * 3600_000;

interface Row {
  readonly id: string;
  readonly savedAt: number;
  readonly document: unknown;
  readonly keys: readonly string[];
}

interface Files {
  readonly key: string;
  readonly file: Blob;
  readonly shown: Blob;
}

export class Memory {
  private readonly stored = new Map<string, Document>();
  private readonly storedFiles = new Set<string>();

  private constructor(private readonly database: IDBDatabase) {}

  /** Null where the browser lets nothing be stored, as in private windows of some. */
  static open(): Promise<Memory | null> {
    return new Promise((resolve) => {
      try {
        const request = indexedDB.open("text-removal", 1);
        request.onupgradeneeded = () => {
          request.result.createObjectStore("documents", { keyPath: "id" });
          request.result.createObjectStore("files", { keyPath: "key" });
        };
        request.onsuccess = () => resolve(new Memory(request.result));
        request.onerror = request.onblocked = () => resolve(null);
      } catch {
        resolve(null);
      }
    });
  }

  /** This tab's documents of before; what nobody has touched for a day is deleted. */
  async restore(now: number): Promise<[documents: Document[], current: string | null]> {
    const tab = JSON.parse(sessionStorage.getItem(TAB) ?? '{"ids": [], "current": null}') as Tab;
    const rows = await this.all<Row>("documents");
    const old = rows.filter(({ id, savedAt }) => now - savedAt > KEPT_MS && !tab.ids.includes(id));
    const files = new Map((await this.all<Files>("files")).map((entry) => [entry.key, entry]));
    await this.forget(old.map(({ id }) => id), rows.filter((row) => !old.includes(row)), [...files.keys()]);
    const own = tab.ids.map((id) => rows.find((row) => row.id === id)).filter((row) => row !== undefined);
    const documents: Document[] = [];
    for (const row of own) {
      if (!row.keys.every((key) => files.has(key))) continue;
      row.keys.forEach((key) => this.storedFiles.add(key));
      documents.push(unpacked(row.document as Document, files));
    }
    return [documents, tab.current];
  }

  async save(editor: Editor, now: number): Promise<void> {
    const ids = editor.documents.map(({ id }) => id);
    sessionStorage.setItem(TAB, JSON.stringify({ ids, current: editor.current }));
    const gone = [...this.stored.keys()].filter((id) => !ids.includes(id));
    const changed = editor.documents.filter((document) => this.stored.get(document.id) !== document);
    if (!gone.length && !changed.length) return;
    const transaction = this.database.transaction(["documents", "files"], "readwrite");
    for (const document of changed) {
      this.stored.set(document.id, document);
      const pictures = picturesOf(document);
      for (const picture of pictures.values()) {
        if (this.storedFiles.has(picture.key)) continue;
        this.storedFiles.add(picture.key);
        transaction.objectStore("files").put({ key: picture.key, file: picture.file, shown: picture.shown });
      }
      const row: Row = { id: document.id, savedAt: now, document: packed(document), keys: [...pictures.keys()] };
      transaction.objectStore("documents").put(row);
    }
    for (const id of gone) {
      for (const key of picturesOf(this.stored.get(id) as Document).keys()) transaction.objectStore("files").delete(key);
      transaction.objectStore("documents").delete(id);
      this.stored.delete(id);
    }
    await new Promise((resolve) => (transaction.oncomplete = transaction.onerror = transaction.onabort = resolve));
  }

  private async forget(ids: readonly string[], kept: readonly Row[], keys: readonly string[]): Promise<void> {
    const needed = new Set(kept.flatMap((row) => row.keys));
    const transaction = this.database.transaction(["documents", "files"], "readwrite");
    for (const id of ids) transaction.objectStore("documents").delete(id);
    for (const key of keys) if (!needed.has(key)) transaction.objectStore("files").delete(key);
  }

  private all<T>(store: string): Promise<T[]> {
    return new Promise((resolve, reject) => {
      const request = this.database.transaction(store).objectStore(store).getAll();
      request.onsuccess = () => resolve(request.result as T[]);
      request.onerror = () => reject(request.error ?? new Error("nothing could be read"));
    });
  }
}

interface Tab {
  readonly ids: readonly string[];
  readonly current: string | null;
}

function picturesOf(document: Document): Map<string, Picture> {
  const moments: readonly Moment[] = [document, ...document.past, ...document.future];
  return new Map(moments.flatMap(({ steps }) => steps.map(({ picture }) => [picture.key, picture] as const)));
}

/** Each file is stored once, however many moments show it. */
const packed = (document: Document): unknown => mapped(document, ({ file: _, shown: __, ...rest }) => rest as Picture);

const unpacked = (document: Document, files: ReadonlyMap<string, Files>): Document => ({
  ...mapped(document, (picture) => ({ ...picture, ...(files.get(picture.key) as Files) })),
  finding: null,
});

function mapped(document: Document, how: (picture: Picture) => Picture): Document {
  const moment = <T extends Moment>(at: T): T => ({
    ...at,
    steps: at.steps.map((step) => ({ ...step, picture: how(step.picture) })),
  });
  return { ...moment(document), past: document.past.map(moment), future: document.future.map(moment) };
}
