/** Pictures as a browser makes them. */

import type { Picture } from "../editor/document";
import type { Pictures } from "./desk";
import { drawn } from "./masks";

/** Raises: InvalidStateError if the browser cannot read the file. */
export async function measured(key: string, file: Blob, shown: Blob, page = 0): Promise<Picture> {
  const bitmap = await createImageBitmap(shown);
  const picture = { key, file, shown, page, width: bitmap.width, height: bitmap.height };
  bitmap.close();
  return picture;
}

export const browserPictures = (newId: () => string): Pictures => ({
  made: (file) => measured(newId(), file, file),
  mask: drawn,
});
