/** Why a call failed: the service's error table, or a word of ours where there was no answer. */

export class ServiceError extends Error {
  /** `code` is the service's, or `unreachable`; `retryAfter` in seconds, null where waiting does not help. */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

export const unreachable = (): ServiceError => new ServiceError(0, "unreachable", "the service cannot be reached");

export function errorOf(status: number, text: string, retryAfter: string | null): ServiceError {
  let [code, message] = ["internal_error", `the service answered ${status}`];
  try {
    const body = JSON.parse(text) as { error?: unknown; message?: unknown };
    if (typeof body.error === "string") code = body.error;
    if (typeof body.message === "string") message = body.message;
  } catch {
    // A proxy between may answer in its own words.
  }
  return new ServiceError(status, code, message, retryAfter === null ? null : Number(retryAfter) || 1);
}

export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

/** Whether the same request may work in a moment. */
export const isPassing = (error: unknown): boolean =>
  error instanceof ServiceError &&
  (error.code === "unreachable" || error.retryAfter !== null || [502, 503, 504].includes(error.status));

/** Raises: AbortError if the signal comes first. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
