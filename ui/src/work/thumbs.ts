/** Small pictures for the strip, kept as long as the page. */

import type { Picture } from "../editor/document";

const HEIGHT = 112;
const cache = new Map<string, Promise<ImageBitmap>>();

export function bitmapThumb(picture: Picture): Promise<ImageBitmap> {
  const size = { resizeHeight: HEIGHT, resizeWidth: Math.max(1, Math.round((picture.width / picture.height) * HEIGHT)) };
  const known = cache.get(picture.key) ?? createImageBitmap(picture.shown, { ...size, resizeQuality: "medium" });
  cache.set(picture.key, known);
  return known;
}
