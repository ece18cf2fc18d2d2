/** An image the service made, and what it says of it. */
export interface Result {
  blob: Blob;
  headers: Headers;
  /** The model that answered; `none`: there was nothing to fill. */
  model: string;
  /** The model that was wanted, if another answered. */
  modelFallback: string | undefined;
  /** Regions erased; undefined where only a mask was given. */
  regionsCount: number | undefined;
  /** Pixels filled. */
  totalArea: number | undefined;
  /** Seconds of work, the queue included. */
  processingTime: number | undefined;
  /** Regions fitted without the model, and those the model filled. */
  fill: { fitted: number; model: number } | undefined;
  /** Regions filled as boxes although strokes were asked for. */
  strokeFallbacks: number;
  /** Pages or frames of the file. */
  pages: number;
  /** The seed used by a diffusion model. */
  seed: number | undefined;
  /** Milliseconds of each part of the work. */
  timing: Record<string, number>;
  /** A name for the file, with the right suffix. */
  fileName: string;
  requestId: string;
}

export async function resultOf(answer: Response): Promise<Result> {
  const { headers } = answer;
  const number = (name: string) => {
    const value = headers.get(name);
    return value === null ? undefined : Number(value);
  };
  const fill = /fitted=(\d+), model=(\d+)/.exec(headers.get("X-Fill") ?? "");
  return {
    blob: await answer.blob(),
    headers,
    model: headers.get("X-Model") ?? "",
    modelFallback: headers.get("X-Model-Fallback") ?? undefined,
    regionsCount: number("X-Regions-Count"),
    totalArea: number("X-Total-Area"),
    processingTime: number("X-Processing-Time"),
    fill: fill ? { fitted: Number(fill[1]), model: Number(fill[2]) } : undefined,
    strokeFallbacks: number("X-Stroke-Fallbacks") ?? 0,
    pages: number("X-Pages") ?? 1,
    seed: number("X-Seed"),
    timing: timings(headers.get("Server-Timing") ?? ""),
    fileName: /filename="([^"]*)"/.exec(headers.get("Content-Disposition") ?? "")?.[1] ?? "erased.png",
    requestId: headers.get("X-Request-ID") ?? "",
  };
}

function timings(header: string): Record<string, number> {
  return Object.fromEntries([...header.matchAll(/(\w+);dur=([\d.]+)/g)].map(([, part, ms]) => [part, Number(ms)]));
}
