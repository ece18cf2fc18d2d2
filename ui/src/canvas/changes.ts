/** Where two pictures of one size differ, as a picture of that: what a run has really changed. */

const LONGEST = 2048;
const COLOUR = [217, 70, 239] as const;

export function changes(before: ImageBitmap, after: ImageBitmap): OffscreenCanvas {
  const scale = Math.min(1, LONGEST / Math.max(after.width, after.height));
  const [width, height] = [Math.ceil(after.width * scale), Math.ceil(after.height * scale)];
  const pixels = (bitmap: ImageBitmap): ImageData => {
    const context = new OffscreenCanvas(width, height).getContext("2d") as OffscreenCanvasRenderingContext2D;
    context.drawImage(bitmap, 0, 0, width, height);
    return context.getImageData(0, 0, width, height);
  };
  const [a, b] = [pixels(before).data, pixels(after)];
  const made = new OffscreenCanvas(width, height);
  for (let i = 0; i < a.length; i += 4) {
    const differs = a[i] !== b.data[i] || a[i + 1] !== b.data[i + 1] || a[i + 2] !== b.data[i + 2] || a[i + 3] !== b.data[i + 3];
    b.data.set([...COLOUR, differs ? 150 : 0], i);
  }
  (made.getContext("2d") as OffscreenCanvasRenderingContext2D).putImageData(b, 0, 0);
  return made;
}
