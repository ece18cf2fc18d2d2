/** Requests with the key in their headers. Where the service wants a key it is asked for, once for all that wait. */

import { errorOf, ServiceError, unreachable, isAbort } from "./errors";

/** `get` is the key to send ("": none); `ask` gets another from the person, null if there is none to be had. */
export interface Keys {
  get(): string;
  ask(): Promise<string | null>;
}

export interface Sending {
  readonly signal?: AbortSignal | undefined;
  /** Called with 0-1 while bytes go out, and come in. */
  readonly onUpload?: (done: number) => void;
  readonly onDownload?: (done: number) => void;
}

export class Http {
  /** `root` is the address of the API, without a slash at its end. */
  constructor(
    readonly root: string,
    readonly keys: Keys,
  ) {}

  headers(): Record<string, string> {
    const key = this.keys.get();
    return key ? { "X-API-Key": key } : {};
  }

  async json<T>(path: string, signal?: AbortSignal): Promise<T> {
    return (await this.withKey(() => this.fetched(path, signal))).json() as Promise<T>;
  }

  /** A stream or anything else to be read by the caller. */
  async fetched(path: string, signal?: AbortSignal, headers: Record<string, string> = {}): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(this.root + path, { headers: { ...this.headers(), ...headers }, signal: signal ?? null });
    } catch (error) {
      throw isAbort(error) ? error : unreachable();
    }
    if (answer.ok) return answer;
    throw errorOf(answer.status, await answer.text().catch(() => ""), answer.headers.get("Retry-After"));
  }

  /** Raises: ServiceError, AbortError. */
  send(method: string, path: string, body: FormData | null, sending: Sending = {}): Promise<[Blob, Headers]> {
    return this.withKey(() => this.exchanged(method, path, body, sending));
  }

  /** XMLHttpRequest, because fetch does not tell how much of a body has gone out. */
  private exchanged(method: string, path: string, body: FormData | null, sending: Sending): Promise<[Blob, Headers]> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const stop = (): void => request.abort();
      const done = (): void => sending.signal?.removeEventListener("abort", stop);
      const share = (event: ProgressEvent): number => (event.lengthComputable ? event.loaded / event.total : 0);
      request.open(method, this.root + path);
      request.responseType = "blob";
      for (const [name, value] of Object.entries(this.headers())) request.setRequestHeader(name, value);
      request.upload.onprogress = (event) => sending.onUpload?.(share(event));
      request.onprogress = (event) => sending.onDownload?.(share(event));
      request.onerror = () => (done(), reject(unreachable()));
      request.onabort = () => (done(), reject(new DOMException("stopped", "AbortError")));
      request.onload = async () => {
        done();
        const answer = request.response as Blob;
        if (request.status >= 200 && request.status < 300) return resolve([answer, headersOf(request)]);
        return reject(errorOf(request.status, await answer.text(), request.getResponseHeader("Retry-After")));
      };
      if (sending.signal?.aborted) return reject(new DOMException("stopped", "AbortError"));
      sending.signal?.addEventListener("abort", stop, { once: true });
      request.send(body);
    });
  }

  private async withKey<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      const tried = this.keys.get();
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof ServiceError) || error.status !== 401) throw error;
        if (this.keys.get() === tried && (await this.keys.ask()) === null) throw error;
      }
    }
  }
}

function headersOf(request: XMLHttpRequest): Headers {
  const headers = new Headers();
  for (const line of request.getAllResponseHeaders().trim().split(/[\r\n]+/)) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return headers;
}

/** A key as a subprotocol, in base64url: a WebSocket takes no headers, and an address is no place for a key. */
export function protocols(key: string): string[] {
  if (!key) return [];
  const bytes = String.fromCharCode(...new TextEncoder().encode(key));
  return ["text-removal", `key.${btoa(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}`];
}
