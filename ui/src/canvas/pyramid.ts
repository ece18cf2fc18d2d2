/** A picture in halves of halves: of each only as many pixels are drawn as the screen has. */

export class Pyramid {
  private readonly levels: ImageBitmap[];
  /** Whether anything can be seen through it; until that is known, yes. */
  transparent = true;

  constructor(
    readonly whole: ImageBitmap,
    private readonly onBetter: () => void,
  ) {
    this.levels = [whole];
    void this.build();
  }

  private async build(): Promise<void> {
    for (let last = this.whole; Math.max(last.width, last.height) > 1024; ) {
      const size = { resizeWidth: Math.ceil(last.width / 2), resizeHeight: Math.ceil(last.height / 2) };
      last = await createImageBitmap(last, { ...size, resizeQuality: "medium" });
      this.levels.push(last);
    }
    this.transparent = seenThrough(this.levels.at(-1) as ImageBitmap);
    this.onBetter();
  }

  /** Draws the picture at `scale` screen pixels for each of its own; the context's origin is its upper left corner.
   * `rough` is fast, for pictures that move. */
  draw(context: CanvasRenderingContext2D, scale: number, rough: boolean): void {
    let level = 0;
    while (level + 1 < this.levels.length && scale * 2 ** (level + 1) <= 1) level++;
    context.imageSmoothingEnabled = scale < 3;
    context.imageSmoothingQuality = rough ? "low" : "medium";
    context.drawImage(this.levels[level] as ImageBitmap, 0, 0, this.whole.width * scale, this.whole.height * scale);
  }
}

function seenThrough(small: ImageBitmap): boolean {
  const { width, height } = small;
  const context = new OffscreenCanvas(width, height).getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.drawImage(small, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return true;
  return false;
}
