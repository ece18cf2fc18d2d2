/** Resolves after `ms`; rejects with the signal's reason once it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Milliseconds before try `attempt` + 1 (from 0): twice as long each time, and never for two clients the same. */
export function backoff(attempt: number, firstMs = 500, longestMs = 15_000): number {
  const whole = Math.min(longestMs, firstMs * 2 ** attempt);
  return whole / 2 + (Math.random() * whole) / 2;
}

/** A signal that follows `outer` and that `abort` aborts too. `release` lets go of `outer`, which may live long. */
export function linked(outer?: AbortSignal): { signal: AbortSignal; abort(reason: unknown): void; release(): void } {
  const controller = new AbortController();
  const follow = () => controller.abort(outer?.reason);
  if (outer?.aborted) follow();
  outer?.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => outer?.removeEventListener("abort", follow),
  };
}
