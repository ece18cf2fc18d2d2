/** Decoded pictures, the last few of them. */

import type { Picture } from "../editor/document";
import type { MaskFile } from "../editor/marks";

const MOST = 4;
const cache = new Map<string, Promise<ImageBitmap>>();

const cached = (key: string, file: Blob): Promise<ImageBitmap> => {
  const known = cache.get(key);
  const bitmap = known ?? createImageBitmap(file);
  cache.delete(key);
  cache.set(key, bitmap);
  for (const old of [...cache.keys()].slice(0, -MOST)) cache.delete(old);
  return bitmap;
};

export const bitmapOf = (picture: Picture): Promise<ImageBitmap> => cached(picture.key, picture.shown);
export const maskBitmap = (mask: MaskFile): Promise<ImageBitmap> => cached(mask.id, mask.file);
