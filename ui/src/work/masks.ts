/** Masks as files: black and white going out, what is opaque coming in. */

import type { Size } from "../editor/geometry";
import { isArea, type Mark, type MaskFile } from "../editor/marks";
import { maskBitmap } from "./bitmaps";

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
    paint.globalCompositeOperation = mark.kind === "stroke" && mark.effect === "rub" ? "destination-out" : "source-over";
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

/** A mask from a file, read as the service reads one: where its colour never changes its alpha counts, else its grey.
 * Null if it is not of the picture's size. */
export async function read(file: Blob, size: Size, id: string): Promise<MaskFile | null> {
  const bitmap = await createImageBitmap(file, { premultiplyAlpha: "none", colorSpaceConversion: "none" });
  if (bitmap.width !== size.width || bitmap.height !== size.height) return null;
  const [made, context] = canvas(size);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const pixels = context.getImageData(0, 0, size.width, size.height);
  const data = pixels.data;
  const byAlpha = isTransparent(data);
  const colour = [1, 3, 5].map((at) => parseInt(ERASE_COLOUR.slice(at, at + 2), 16));
  for (let i = 0; i < data.length; i += 4) {
    const grey = 0.299 * (data[i] as number) + 0.587 * (data[i + 1] as number) + 0.114 * (data[i + 2] as number);
    const filled = byAlpha ? (data[i + 3] as number) > 127 : grey > 127;
    for (let c = 0; c < 3; c++) data[i + c] = colour[c] as number;
    data[i + 3] = filled ? 255 : 0;
  }
  context.putImageData(pixels, 0, 0);
  return { kind: "mask", id, file: await made.convertToBlob({ type: "image/png" }) };
}

function isTransparent(data: Uint8ClampedArray): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return true;
  return false;
}
