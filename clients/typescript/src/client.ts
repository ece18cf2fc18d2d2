import { Batch } from "./batch.js";
import { Connection, type Call, type Where } from "./connection.js";
import { fileOf, form } from "./form.js";
import { resultOf, type Result } from "./result.js";
import { Task } from "./task.js";
import type * as wire from "./wire.js";

/** The service as an object. Options are the service's own fields, by its names, and those of Call. */
export class Client {
  private readonly connection: Connection;

  constructor(where: Where = {}) {
    this.connection = new Connection(where);
  }

  /** Finds the text and removes it. */
  removeText(image: wire.Picture, options: wire.RemoveTextFields & Call = {}): Promise<Result> {
    return this.post("/remove-text", { image }, options, resultOf);
  }

  /** Fills regions, or what a mask of the same size marks (grey above 127). */
  erase(image: wire.Picture, options: (wire.RegionsFields | wire.MaskFields) & Call): Promise<Result> {
    const { mask, ...fields } = options;
    return this.post(mask ? "/inpaint" : "/inpaint-regions", { image, mask }, fields, resultOf);
  }

  /** Finds text and changes nothing. What is found can be sent back as `regions`. */
  detect(image: wire.Picture, options: wire.DetectFields & Call = {}): Promise<wire.Detection> {
    return this.post("/detect-text", { image }, options, (answer) => answer.json() as Promise<wire.Detection>);
  }

  /**
   * Starts a task: with `regions` or a `mask` as `erase`, with neither as `removeText`. Its id is made here unless
   * `task_id` gives one, so that a try that is repeated never starts a second task.
   */
  async submit(image: wire.Picture, options: wire.TaskFields & Call = {}): Promise<Task> {
    const { mask, ...fields } = options;
    const asked = { task_id: newId(), ...whereOf(mask, fields) };
    const read = (answer: Response) => answer.json() as Promise<wire.Accepted>;
    const accepted = await this.post("/inpaint-regions-async", { image, mask }, asked, read);
    return new Task(this.connection, accepted.task_id, accepted);
  }

  /** A task that was started before, here or elsewhere. Nothing is asked yet. */
  task(id: string): Task {
    return new Task(this.connection, id);
  }

  /**
   * Starts a task for each of up to 1000 pictures (a zip stands for those in it), all with the same options. All are taken
   * or none; a picture that is wrong is an item with an error.
   */
  async submitBatch(images: readonly wire.Picture[], options: wire.BatchFields & Call = {}): Promise<Batch> {
    const { mask, ...fields } = options;
    const asked = { batch_id: newId(), ...whereOf(mask, fields) };
    const read = (answer: Response) => answer.json() as Promise<wire.BatchStatus>;
    const { batch_id } = await this.post("/inpaint-batch", { image: images, mask }, asked, read);
    return new Batch(this.connection, batch_id);
  }

  /** A batch that was started before, here or elsewhere. Nothing is asked yet. */
  batch(id: string): Batch {
    return new Batch(this.connection, id);
  }

  /** How many tasks there are, and which are active. */
  tasks(call: Call = {}): Promise<wire.TaskCounts> {
    return this.connection.json("/tasks", call);
  }

  /** The served models and their state. */
  models(call: Call = {}): Promise<wire.Models> {
    return this.connection.json("/models", call);
  }

  /** The service's version, limits and formats. */
  info(call: Call = {}): Promise<wire.Info> {
    return this.connection.json("/info", call);
  }

  /** Whether requests are answered; an unhealthy service answers, too. */
  health(call: Call = {}): Promise<wire.Health> {
    return this.connection.ask("/health", {}, call, (answer) => answer.json() as Promise<wire.Health>, [503]);
  }

  private async post<Answer>(
    path: string, pictures: Record<string, wire.Picture | readonly wire.Picture[] | undefined>, options: Call & object,
    read: (answer: Response) => Promise<Answer>,
  ): Promise<Answer> {
    const { signal, onUpload, requestId, ...fields } = options;
    const files = Object.entries(pictures).flatMap(([name, of]) =>
      [of ?? []].flat().map(async (picture) => [name, await fileOf(picture, signal)] as const));
    const body = form(await Promise.all(files), fields);
    return this.connection.ask(path, { method: "POST", body }, { signal, onUpload, requestId }, read);
  }
}

/** The fields that were given; where none of them says where to fill, the text is found, and filled as `removeText` does. */
function whereOf(mask: wire.Picture | undefined, fields: object & { regions?: unknown }): object {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return { ...(!mask && !fields.regions && { detect: true, mask_mode: "strokes" }), ...Object.fromEntries(given) };
}

/** 128 random bits. Not crypto.randomUUID: pages served over plain HTTP do not have it. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
