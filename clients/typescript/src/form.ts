import type { Picture } from "./wire.js";

/** A form of files and fields. What is undefined or null is left out; lists and objects go as JSON. */
export function form(files: readonly (readonly [name: string, file: Blob])[], fields: object): FormData {
  const made = new FormData();
  for (const [name, file] of files) made.append(name, file, "name" in file ? String(file.name) : name);
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    made.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return made;
}

/** The file behind a picture. Throws what fetch throws, and a TypeError for an address that answers with an error. */
export async function fileOf(picture: Picture, signal?: AbortSignal): Promise<Blob> {
  if (picture instanceof Blob) return picture;
  if (!(picture instanceof URL)) return new Blob([picture as BlobPart]);
  const answer = await fetch(picture, signal ? { signal } : {});
  if (!answer.ok) throw new TypeError(`${picture.href} answered ${answer.status}`);
  return answer.blob();
}
