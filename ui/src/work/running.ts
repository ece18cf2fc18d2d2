/** A run: what is marked is sent, followed, and its result put where it belongs. */

import { isAbort, pause, ServiceError } from "../api/errors";
import type { Fields, Progress, Result } from "../api/types";
import type { RunNews } from "../editor/actions";
import { pictureOf, type Document, type Facts, type Picture } from "../editor/document";
import type { Point } from "../editor/geometry";
import { plan, type Part } from "../editor/plan";
import { documentOf, type Desk } from "./desk";
import { addedFacts, factsOf } from "./facts";
import { problemOf } from "./problems";
import { fields, isLossless, pageOf } from "./settings";
import { newsOf, SHARE } from "./stages";
import { Turns } from "./turns";

const AT_ONCE = 2;
const PLACE_MS = 1500;
const LATE_MS = 2000;

export const taskId = (run: string, part: number): string => `${run}.${part}`;

interface Job {
  /** Which task is at the service, or on its way there; null before the first. `arrived`: it is known there. */
  at: { readonly task: string; readonly arrived: boolean } | null;
  readonly document: Document;
  readonly run: string;
  readonly parts: readonly Part[];
  readonly base: Fields;
  readonly signal: AbortSignal;
}

export class Runs {
  private readonly turns = new Turns(AT_ONCE);
  private readonly stops = new Map<string, AbortController>();

  constructor(
    private readonly desk: Desk,
    private readonly now: () => number = Date.now,
  ) {}

  async start(id: string): Promise<void> {
    if (documentOf(this.desk, id)?.run !== null) return;
    this.desk.dispatch({ type: "runStarted", id, run: this.desk.newId(), now: this.now() });
    await this.perform(id, null);
  }

  /** Goes on with a run of before a reload: its task may have gone on, or have ended, meanwhile. */
  async resume(id: string): Promise<void> {
    const run = documentOf(this.desk, id)?.run;
    if (!run || this.stops.has(id)) return;
    // The same task with the same body starts nothing new, so what may not have arrived is simply sent again.
    const unsent = run.part === 0 && ["queued", "upload"].includes(run.stage);
    await this.perform(id, unsent ? null : run.part);
  }

  /** Stops whatever the run is at; the run ends when the service says that the work has stopped. */
  cancel(id: string): void {
    const run = documentOf(this.desk, id)?.run;
    if (!run) return;
    this.desk.dispatch({ type: "runTold", id, run: run.id, news: { cancelling: true } });
    this.stops.get(id)?.abort();
  }

  private async perform(id: string, resumed: number | null): Promise<void> {
    const document = documentOf(this.desk, id);
    if (!document?.run) return;
    const [run, stop, settings] = [document.run.id, new AbortController(), this.desk.settings()];
    const parts = plan(document.marks, settings.lettersOnly, pictureOf(document));
    const base = fields(settings, isLossless(pictureOf(document), this.desk.maxBytes()));
    const job: Job = { at: null, document, run, parts, base, signal: stop.signal };
    this.stops.set(id, stop);
    try {
      await this.turns.take(stop.signal, () => this.work(job, resumed));
    } catch (error) {
      await this.ended(job, error);
    } finally {
      this.stops.delete(id);
    }
  }

  private async work(job: Job, resumed: number | null): Promise<void> {
    let [picture, facts] = [pictureOf(job.document), null as Facts | null];
    for (let part = resumed ?? 0; part < job.parts.length; part++) {
      if (part !== resumed) await this.submit(job, part, picture);
      const result = await this.followed(job, part);
      picture = await this.desk.pictures.made(result.file);
      facts = addedFacts(facts, factsOf(result.headers));
    }
    if (!facts) throw new ServiceError(404, "unknown_task", "the run did not begin");
    this.desk.dispatch({ type: "runFinished", id: job.document.id, run: job.run, picture, facts });
  }

  private async submit(job: Job, part: number, picture: Picture): Promise<void> {
    this.tell(job, part, { stage: "upload", part, done: 0, remaining: null }, 0);
    job.at = { task: taskId(job.run, part), arrived: false };
    const all = { ...job.base, ...pageOf(picture), ...(await this.where(job, part)) };
    await this.desk.service.submit(taskId(job.run, part), picture.file, all, {
      signal: job.signal,
      onUpload: (done) =>
        this.tell(job, part, done < 1 ? { stage: "upload", done } : { stage: "waiting", done: null }, SHARE.upload * done),
    });
  }

  private async where(job: Job, number: number): Promise<Fields> {
    const part = job.parts[number] as Part;
    const keep: Fields = part.keep.length ? { keep: asRegions(part.keep) } : {};
    switch (part.where) {
      case "detect":
        return { detect: "true", min_confidence: String(this.desk.settings().confidence), ...keep };
      case "regions":
        return { regions: asRegions(part.regions), ...keep };
      case "mask":
        return { mask: await this.desk.pictures.mask(part.mask, pictureOf(job.document)), ...keep };
    }
  }

  private async followed(job: Job, part: number): Promise<Result> {
    const task = taskId(job.run, part);
    const detects = job.parts[part]?.where === "detect";
    job.at = { task, arrived: true };
    this.tell(job, part, { stage: "waiting", done: null }, SHARE.upload);
    const watch = setInterval(() => void this.place(job, part, task), PLACE_MS);
    try {
      const listener = {
        onProgress: (progress: Progress) => {
          const [news, overall] = newsOf(progress, detects);
          this.tell(job, part, news, overall);
        },
        onLost: (lost: boolean) => this.tell(job, part, { lost }, 0),
      };
      const end = await this.desk.service.follow(task, listener, job.signal);
      if (end.kind === "cancelled") throw new DOMException("cancelled elsewhere", "AbortError");
      if (end.kind === "failed") throw new ServiceError(500, end.code, end.message);
    } finally {
      clearInterval(watch);
    }
    return this.fetched(job, part, task);
  }

  /** Losing the connection in a download is no reason to lose the result. */
  private async fetched(job: Job, part: number, task: string): Promise<Result> {
    for (let tries = 1; ; tries++) {
      this.tell(job, part, { stage: "download", done: 0, remaining: null, lost: tries > 1 }, SHARE.work);
      try {
        return await this.desk.service.result(task, {
          signal: job.signal,
          onDownload: (done) =>
            this.tell(job, part, { done, lost: false }, SHARE.work + (1 - SHARE.work) * done),
        });
      } catch (error) {
        if (!(error instanceof ServiceError) || (error.status && error.status < 500) || tries >= 20) throw error;
        await pause(Math.min(5000, 500 * tries), job.signal);
      }
    }
  }

  /** While a task waits, events say nothing; its place in the queue stands in its status. */
  private async place(job: Job, part: number, task: string): Promise<void> {
    if (documentOf(this.desk, job.document.id)?.run?.stage !== "waiting") return;
    try {
      const { status, queue_position: place } = await this.desk.service.status(task);
      if (status === "pending" && place != null) this.tell(job, part, { place }, 0);
    } catch {
      // The follower tells of what is wrong.
    }
  }

  private tell(job: Job, part: number, news: RunNews, overall: number): void {
    const whole = (part + overall) / job.parts.length;
    this.desk.dispatch({ type: "runTold", id: job.document.id, run: job.run, news: { ...news, overall: whole } });
  }

  /** The document may have been closed meanwhile; its task is stopped all the same. */
  private async ended({ at, document, run }: Job, error: unknown): Promise<void> {
    let problem = isAbort(error) ? null : problemOf(error);
    if (at && isAbort(error)) {
      try {
        await this.desk.service.cancel(at.task);
      } catch (refusal) {
        problem = problemOf(refusal);
      }
      // A body that was on its way whole may have begun a task that nobody knew yet.
      if (!at.arrived) setTimeout(() => void this.desk.service.cancel(at.task).catch(() => undefined), LATE_MS);
    }
    this.desk.dispatch({ type: "runEnded", id: document.id, run, problem });
  }
}

const asRegions = (regions: readonly (readonly Point[])[]): string =>
  JSON.stringify(regions.map((points) => ({ points: points.map(([x, y]) => [round(x), round(y)]) })));

const round = (value: number): number => Math.round(value * 100) / 100;
