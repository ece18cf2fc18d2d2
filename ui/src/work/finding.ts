/** Looking for text. An answer belongs to the document and the picture it was asked for, and to no other. */

import { isAbort } from "../api/errors";
import { pictureOf } from "../editor/document";
import type { Area } from "../editor/marks";
import { documentOf, type Desk } from "./desk";
import { problemOf } from "./problems";
import { pageOf } from "./settings";

export class Finds {
  private readonly stops = new Map<string, AbortController>();

  constructor(private readonly desk: Desk) {}

  async start(id: string): Promise<void> {
    const document = documentOf(this.desk, id);
    if (!document || document.run) return;
    this.stop(id);
    const [find, stop] = [this.desk.newId(), new AbortController()];
    this.stops.set(id, stop);
    this.desk.dispatch({ type: "findStarted", id, find });
    try {
      const confidence = String(this.desk.settings().confidence);
      const found = await this.desk.service.detect(
        pictureOf(document).file,
        { min_confidence: confidence, ...pageOf(pictureOf(document)) },
        { signal: stop.signal },
      );
      const areas = found.map(
        ({ points, confidence }): Area => ({
          kind: "area",
          id: this.desk.newId(),
          points,
          confidence,
          effect: "erase",
          origin: "found",
        }),
      );
      this.desk.dispatch({ type: "found", id, find, areas });
    } catch (error) {
      this.desk.dispatch({ type: "findFailed", id, find, problem: isAbort(error) ? null : problemOf(error) });
    } finally {
      if (this.stops.get(id) === stop) this.stops.delete(id);
    }
  }

  stop(id: string): void {
    this.stops.get(id)?.abort();
  }
}
