/** Results as files to keep. */

import { downloadZip } from "client-zip";

import { stepOf, type Document, type Step } from "../editor/document";
import type { Desk } from "./desk";
import { distinct, like, resultName, type Written } from "./formats";

export interface Finished {
  readonly name: string;
  readonly file: Blob;
}

export class Saver {
  private readonly made = new Map<string, Promise<Blob>>();

  constructor(private readonly desk: Desk) {}

  format(document: Document): Written {
    const wanted = this.desk.settings().format;
    return wanted === "same" ? like(document.format) : wanted;
  }

  /** The picture of the step the document is at, in the format that was chosen. Raises: ServiceError. */
  async finished(document: Document): Promise<Finished> {
    const format = this.format(document);
    return { name: resultName(document.name, format), file: await this.written(stepOf(document), format) };
  }

  /** One archive of the newest result of each. Raises: ServiceError. */
  async archive(documents: readonly Document[]): Promise<Finished> {
    const all = await Promise.all(documents.map((document) => this.finished(document)));
    const names = distinct(all.map(({ name }) => name));
    const zip = downloadZip(all.map(({ file }, i) => ({ name: names[i] as string, input: file })));
    return { name: "clean-pictures.zip", file: await zip.blob() };
  }

  private written(step: Step, format: Written): Promise<Blob> {
    const file = step.picture.file;
    const isSo = file.type === `image/${format}`;
    if (isSo && (format === "png" || this.desk.settings().format === "same")) return Promise.resolve(file);
    const quality = this.desk.settings().quality;
    const key = `${step.picture.key} ${format} ${quality}`;
    const made = this.made.get(key) ?? this.desk.service.converted(file, format, format === "png" ? null : quality, {});
    this.made.set(key, made);
    made.catch(() => this.made.delete(key));
    return made;
  }
}

/** Lets the browser keep a file. */
export function handOver({ name, file }: Finished): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
