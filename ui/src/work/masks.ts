/** Masks as files: black and white going out, what is opaque coming in. */

import type { Size } from "../editor/geometry";
import { isArea, type Mark, type MaskFile } from "../editor/marks";
import { maskBitmap } from "./bitmaps";

const takes = (mark: Mark): boolean =>
  (mark.kind === "stroke" && mark.effect === "rub") || (isArea(mark) && mark.effect === "keep");

export const ERASE_COLOUR = "#e11d48";

function canvas({ width, height }: Size): [OffscreenCanvas, OffscreenCanvasRenderingContext2D] {
  const made = new OffscreenCanvas(width, height);
  return [made, made.getContext("2d") as OffscreenCanvasRenderingContext2D];
}

/** White where filled. Marks count in their order: what is painted after rubbing is painted. */
export async function drawn(marks: readonly Mark[], size: Size): Promise<Blob> {
  const [layer, paint] = canvas(size);
  paint.fillStyle = paint.strokeStyle = "#fff";
  paint.lineCap = paint.lineJoin = "round";
  for (const mark of marks) {
    paint.globalCompositeOperation = takes(mark) ? "destination-out" : "source-over";
    if (mark.kind === "mask") {
      paint.drawImage(await whitened(await maskBitmap(mark), size), 0, 0);
      continue;
    }
    const path = new Path2D();
    mark.points.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
    if (isArea(mark)) {
      path.closePath();
      paint.fill(path);
    } else {
      const [x, y] = mark.points[0] ?? [0, 0];
      if (mark.points.length === 1) path.lineTo(x + 0.01, y);
      paint.lineWidth = mark.size;
      paint.stroke(path);
    }
  }
  const [whole, flat] = canvas(size);
  flat.fillRect(0, 0, size.width, size.height);
  flat.drawImage(layer, 0, 0);
  return whole.convertToBlob({ type: "image/png" });
}

async function whitened(bitmap: ImageBitmap, size: Size): Promise<OffscreenCanvas> {
  const [made, context] = canvas(size);
  context.drawImage(bitmap, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, size.width, size.height);
  return made;
}

/** A mask from a file; null if it is not of the picture's size. */
export async function read(file: Blob, size: Size, id: string): Promise<MaskFile | null> {
  const bitmap = await createImageBitmap(file, { premultiplyAlpha: "none", colorSpaceConversion: "none" });
  if (bitmap.width !== size.width || bitmap.height !== size.height) return null;
  const [made, context] = canvas(size);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const pixels = context.getImageData(0, 0, size.width, size.height);
  const data = pixels.data;
  const filled = filler(data);
  const colour = [1, 3, 5].map((at) => parseInt(ERASE_COLOUR.slice(at, at + 2), 16));
  for (let i = 0; i < data.length; i += 4) {
    const alpha = filled(i) ? 255 : 0;
    for (let c = 0; c < 3; c++) data[i + c] = colour[c] as number;
    data[i + 3] = alpha;
  }
  context.putImageData(pixels, 0, 0);
  return { kind: "mask", id, file: await made.convertToBlob({ type: "image/png" }) };
}

/** Which pixels of RGBA `data` are filled, read as the service reads a mask: by grey if all is opaque; by alpha if what
 * can be seen has one colour; else it is a copy of the picture, and its hole is meant. */
export function filler(data: Uint8ClampedArray): (at: number) => boolean {
  let [opaque, plain, colour] = [true, true, -1];
  for (let i = 0; i < data.length && (opaque || plain); i += 4) {
    if (data[i + 3] !== 255) opaque = false;
    if ((data[i + 3] as number) < 128) continue;
    const here = ((data[i] as number) << 16) | ((data[i + 1] as number) << 8) | (data[i + 2] as number);
    if (colour >= 0 && here !== colour) plain = false;
    colour = here;
  }
  const at = (i: number): number => data[i] as number;
  if (opaque) return (i) => 0.299 * at(i) + 0.587 * at(i + 1) + 0.114 * at(i + 2) > 127;
  return plain ? (i) => at(i + 3) > 127 : (i) => at(i + 3) <= 127;
}
