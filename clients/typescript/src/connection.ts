import { ConnectionLostError, errorOf, ServiceError, TimedOutError } from "./errors.js";
import { transfer, type Uploaded } from "./transfer.js";
import { backoff, linked, sleep } from "./waiting.js";

const PREFIX = "/api/v1";
const DEFAULT_URL = "http://127.0.0.1:8081";
/** The service's own deadline is 300 s unless its REQUEST_TIMEOUT says otherwise; it should speak first. */
const TIMEOUT_MS = 330_000;
const LONGEST_WAIT_S = 120;

/** Where the service is. */
export interface Where {
  /** Its address, without `/api/v1`. Left out: the page's own origin, or TEXT_REMOVAL_URL, or this machine. */
  url?: string | URL | undefined;
  /** Sent as a header, and to sockets as a subprotocol; never in an address. Left out: TEXT_REMOVAL_API_KEY. */
  apiKey?: string | undefined;
  /** How often a request is tried again after 429, 502, 503 or a lost connection. 4 unless told. */
  retries?: number | undefined;
  /** Milliseconds one try may take. */
  timeout?: number | undefined;
}

/** What every call takes beside the service's own fields. */
export interface Call {
  /** Stops the call; a request that was under way stops its work in the service too. */
  signal?: AbortSignal | undefined;
  /** Told while the image goes out. Only in browsers: nothing else can tell. */
  onUpload?: Uploaded | undefined;
  /** Sent as X-Request-ID: stands in the service's log and in errors. */
  requestId?: string | undefined;
}

/** Requests to one service: its address and key, tries and errors. */
export class Connection {
  readonly url: string;
  readonly apiKey: string;
  private readonly retries: number;
  private readonly timeout: number;

  constructor(where: Where) {
    this.url = String(where.url ?? environment("TEXT_REMOVAL_URL") ?? ownOrigin() ?? DEFAULT_URL)
      .replace(/\/+$/, "")
      .replace(/\/api\/v1$/, "");
    this.apiKey = where.apiKey ?? environment("TEXT_REMOVAL_API_KEY") ?? "";
    if (!/^[\x20-\x7e]*$/.test(this.apiKey)) throw new TypeError("a key that goes into a header is printable ASCII");
    this.retries = where.retries ?? 4;
    this.timeout = where.timeout ?? TIMEOUT_MS;
  }

  /** The address of a route. */
  at(path: string): string {
    return this.url + PREFIX + path;
  }

  headers(call: Call): Record<string, string> {
    return {
      ...(this.apiKey && { "X-API-Key": this.apiKey }),
      ...(call.requestId && { "X-Request-ID": call.requestId }),
    };
  }

  /**
   * What `read` makes of the answer. Tried again where that may help, never sooner than Retry-After says: every request
   * may be repeated, since a task has its id before it is sent. `accept` are error statuses that are answers as well.
   */
  async ask<Answer>(
    path: string, request: RequestInit, call: Call, read: (answer: Response) => Promise<Answer>, accept: number[] = [],
  ): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.once(path, request, call, read, accept);
      } catch (error) {
        if (attempt >= this.retries || !worthAnotherTry(error)) throw error;
        const asked = error instanceof ServiceError ? (error.retryAfter ?? 0) * 1000 : 0;
        await sleep(asked + backoff(attempt), call.signal);
      }
    }
  }

  json<Answer>(path: string, call: Call, request: RequestInit = {}): Promise<Answer> {
    return this.ask(path, request, call, (answer) => answer.json() as Promise<Answer>);
  }

  private async once<Answer>(
    path: string, request: RequestInit, call: Call, read: (answer: Response) => Promise<Answer>, accept: number[],
  ): Promise<Answer> {
    const { signal, abort, release } = linked(call.signal);
    const late = new TimedOutError(`no answer within ${this.timeout} ms`);
    const timer = setTimeout(() => abort(late), this.timeout);
    try {
      const answer = await transfer(this.at(path), { ...request, headers: this.headers(call), signal }, call.onUpload);
      if (!answer.ok && !accept.includes(answer.status)) throw await errorOf(answer);
      return await read(answer);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw error instanceof ServiceError ? error : new ConnectionLostError("the connection failed", { cause: error });
    } finally {
      clearTimeout(timer);
      release();
    }
  }
}

/** Waiting does not bring weights, nor more than LONGEST_WAIT_S of it patience. A try that timed out was long enough. */
export function worthAnotherTry(error: unknown): boolean {
  if (error instanceof ServiceError) {
    const helps = [429, 502, 503].includes(error.status) && error.code !== "weights_unavailable";
    return helps && (error.retryAfter ?? 0) <= LONGEST_WAIT_S;
  }
  return error instanceof ConnectionLostError && !(error instanceof TimedOutError);
}

function environment(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.[name] || undefined;
}

function ownOrigin(): string | undefined {
  const { location } = globalThis as { location?: { origin?: string } };
  return location?.origin?.startsWith("http") ? location.origin : undefined;
}
