/** From files to documents: what the service would refuse is said before anything is sent. */

import { isAbort } from "../api/errors";
import type { Limits } from "../api/types";
import type { Picture, Problem } from "../editor/document";
import type { Desk } from "./desk";
import { formatOf } from "./formats";
import { measured } from "./pictures";
import { problemOf } from "./problems";

/** A long scan is opened in part rather than filling the memory. */
const MOST_PAGES = 30;

export interface Refusal {
  readonly name: string;
  readonly problem: Problem;
}

export class Opener {
  /** `limits` is null while the service has not said them: then it is the one to refuse. */
  constructor(
    private readonly desk: Desk,
    private readonly limits: () => Limits | null,
  ) {}

  /** Opens those that can be opened and says of the others why not. The first one opened becomes the current one. */
  async open(files: readonly File[]): Promise<Refusal[]> {
    const refused: Refusal[] = [];
    let first = true;
    for (const file of files) {
      try {
        const format = await this.format(file);
        for await (const [picture, name] of this.pictures(file, file.name || `picture.${format.toLowerCase()}`)) {
          const id = this.desk.newId();
          this.desk.dispatch({ type: "opened", id, name, format, picture });
          if (first) this.desk.dispatch({ type: "chosen", id });
          first = false;
        }
      } catch (error) {
        if (isAbort(error)) continue;
        const problem = error instanceof Refused ? error.problem : problemOf(error);
        refused.push({ name: file.name, problem });
      }
    }
    return refused;
  }

  private async format(file: File): Promise<string> {
    const limits = this.limits();
    const format = formatOf(new Uint8Array(await file.slice(0, 64).arrayBuffer()));
    if (!format) throw new Refused("not_a_picture", "");
    if (limits && file.size > limits.max_file_size) throw new Refused("file_too_large", megabytes(limits.max_file_size));
    return format;
  }

  /** What the browser cannot read, a HEIC or a TIFF, the service makes PNGs of: one a page. */
  private async *pictures(file: File, name: string): AsyncGenerator<[picture: Picture, name: string]> {
    const own = await measured(this.desk.newId(), file, file).catch(() => null);
    if (own) return yield [this.checked(own), name];
    for (let [page, pages] = [0, 1]; page < Math.min(pages, MOST_PAGES); page++) {
      const [shown, all] = await this.desk.service.preview(file, page);
      pages = all;
      const picture = this.checked(await measured(this.desk.newId(), file, shown, page));
      yield [picture, pages > 1 ? paged(name, page + 1) : name];
    }
  }

  private checked(picture: Picture): Picture {
    const most = this.limits()?.max_image_pixels;
    if (most && picture.width * picture.height > most) throw new Refused("too_many_pixels", String(Math.floor(most / 1e6)));
    return picture;
  }
}

/** `scan.tiff`, 2: `scan-2.tiff`. */
const paged = (name: string, page: number): string => name.replace(/(\.\w+)?$/, (suffix) => `-${page}${suffix}`);

class Refused extends Error {
  readonly problem: Problem;
  constructor(code: string, message: string) {
    super(code);
    this.problem = { code, message };
  }
}

const megabytes = (bytes: number): string => String(Math.floor(bytes / 2 ** 20));
