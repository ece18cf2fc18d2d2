/** The verbs of the service that this page needs. Nothing else in here knows an address. */

import { isPassing, pause, ServiceError } from "./errors";
import { follow, ways, type End, type Listener } from "./follow";
import { Http, type Keys, type Sending } from "./http";
import type { Fields, FoundText, Info, Models, Progress, Result } from "./types";

/** Changes nothing: the one region lies outside and is left out. */
const NOTHING = { regions: "[[-2,-2,-1,-1]]", on_bad_region: "skip" };
const TRIES = 6;
const LONGEST_WAIT_S = 20;

export class Service {
  private readonly http: Http;

  constructor(root: string, keys: Keys) {
    this.http = new Http(root, keys);
  }

  info = (): Promise<Info> => this.http.json("/info");
  models = (): Promise<Models> => this.http.json("/models");

  async detect(file: Blob, fields: Fields, sending: Sending): Promise<readonly FoundText[]> {
    const [answer] = await this.http.send("POST", "/detect-text", form(file, fields), sending);
    return (JSON.parse(await answer.text()) as { regions: FoundText[] }).regions;
  }

  /** The same `task` and fields again start nothing new: so what is passing is simply tried again. */
  async submit(task: string, file: Blob, fields: Fields, sending: Sending): Promise<void> {
    const all = { ...fields, task_id: task, progress_interval: "0.2" };
    for (let tries = 1; ; tries++) {
      try {
        await this.http.send("POST", "/inpaint-regions-async", form(file, all), sending);
        return;
      } catch (error) {
        if (!isPassing(error) || tries >= TRIES) throw error;
        const asked = error instanceof ServiceError ? error.retryAfter : null;
        await pause(1000 * Math.min(LONGEST_WAIT_S, asked ?? tries), sending.signal);
      }
    }
  }

  follow(task: string, listener: Listener, signal: AbortSignal): Promise<End> {
    return follow(ways(this.http), task, listener, signal);
  }

  status = (task: string): Promise<Progress> => this.http.json(`/task-status/${task}`);

  async result(task: string, sending: Sending): Promise<Result> {
    const [file, headers] = await this.http.send("GET", `/task-result/${task}`, null, sending);
    return { file, headers };
  }

  /** Answers when the work has stopped; a task that has ended, or never began, needs no stopping. */
  async cancel(task: string): Promise<void> {
    try {
      await this.http.send("POST", `/cancel-task/${task}`, null);
    } catch (error) {
      if (!(error instanceof ServiceError) || ![404, 409].includes(error.status)) throw error;
    }
  }

  /** The same pixels as another file. */
  async converted(file: Blob, format: string, quality: number | null, sending: Sending): Promise<Blob> {
    const fields = { ...NOTHING, output_format: format, ...(quality === null ? {} : { output_quality: String(quality) }) };
    const [answer] = await this.http.send("POST", "/inpaint-regions", form(file, fields), sending);
    return answer;
  }

  /** A page as a PNG, and how many pages there are. */
  async preview(file: Blob, page: number): Promise<[shown: Blob, pages: number]> {
    const fields = { ...NOTHING, output_format: "png", page: String(page) };
    const [answer, headers] = await this.http.send("POST", "/inpaint-regions", form(file, fields));
    return [answer, Number(headers.get("X-Pages") ?? 1)];
  }
}

function form(file: Blob, fields: Fields): FormData {
  const data = new FormData();
  data.append("image", file, "image");
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Blob) data.append(name, value, name);
    else data.append(name, value);
  }
  return data;
}
