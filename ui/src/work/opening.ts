/** From files to documents: what the service would refuse is said before anything is sent. */

import { isAbort } from "../api/errors";
import type { Limits } from "../api/types";
import type { Picture, Problem } from "../editor/document";
import type { Desk } from "./desk";
import { formatOf } from "./formats";
import { measured } from "./pictures";
import { problemOf } from "./problems";

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
        const [format, picture] = await this.read(file);
        const id = this.desk.newId();
        this.desk.dispatch({ type: "opened", id, name: file.name || `picture.${format.toLowerCase()}`, format, picture });
        if (first) this.desk.dispatch({ type: "chosen", id });
        first = false;
      } catch (error) {
        if (isAbort(error)) continue;
        const problem = error instanceof Refused ? error.problem : problemOf(error);
        refused.push({ name: file.name, problem });
      }
    }
    return refused;
  }

  private async read(file: File): Promise<[format: string, picture: Picture]> {
    const limits = this.limits();
    const format = formatOf(new Uint8Array(await file.slice(0, 64).arrayBuffer()));
    if (!format) throw new Refused("not_a_picture", "");
    if (limits && file.size > limits.max_file_size) throw new Refused("file_too_large", megabytes(limits.max_file_size));
    const picture = await this.picture(file);
    if (limits && picture.width * picture.height > limits.max_image_pixels) {
      throw new Refused("too_many_pixels", String(Math.floor(limits.max_image_pixels / 1e6)));
    }
    return [format, picture];
  }

  /** What the browser cannot read, a HEIC or a TIFF, the service makes a PNG of. */
  private async picture(file: File): Promise<Picture> {
    const key = this.desk.newId();
    try {
      return await measured(key, file, file);
    } catch {
      return measured(key, file, await this.desk.service.converted(file, "png", null, {}));
    }
  }
}

class Refused extends Error {
  readonly problem: Problem;
  constructor(code: string, message: string) {
    super(code);
    this.problem = { code, message };
  }
}

const megabytes = (bytes: number): string => String(Math.floor(bytes / 2 ** 20));
