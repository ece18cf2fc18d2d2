/** Where two pictures of one size differ, as a picture of that: what a run has really changed. */

const LONGEST = 2048;
const COLOUR = [217, 70, 239, 150] as const;
/** Grey levels. Two decoders of one JPEG may differ by a few, and that is no change. */
const LEAST = 10;

export function changes(before: ImageBitmap, after: ImageBitmap): OffscreenCanvas {
  const scale = Math.min(1, LONGEST / Math.max(after.width, after.height));
  const [width, height] = [Math.ceil(after.width * scale), Math.ceil(after.height * scale)];
  const context = (): OffscreenCanvasRenderingContext2D =>
    new OffscreenCanvas(width, height).getContext("2d") as OffscreenCanvasRenderingContext2D;
  const pixels = (bitmap: ImageBitmap): Uint8ClampedArray => {
    const made = context();
    made.drawImage(bitmap, 0, 0, width, height);
    return made.getImageData(0, 0, width, height).data;
  };
  const made = context();
  const image = made.createImageData(width, height);
  marked(pixels(before), pixels(after), image.data);
  made.putImageData(image, 0, 0);
  return made.canvas;
}

/** All three are RGBA; writes COLOUR where the first two differ, and leaves the rest as it is. */
export function marked(a: Uint8ClampedArray, b: Uint8ClampedArray, into: Uint8ClampedArray): void {
  for (let i = 0; i < a.length; i += 4) {
    let most = 0;
    for (let c = i; c < i + 4; c++) most = Math.max(most, Math.abs((a[c] as number) - (b[c] as number)));
    if (most >= LEAST) into.set(COLOUR, i);
  }
}
