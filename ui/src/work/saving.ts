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
    if (format === "png") return Promise.resolve(step.picture.file);
    const quality = this.desk.settings().quality;
    const key = `${step.picture.key} ${format} ${quality}`;
    const file = this.made.get(key) ?? this.desk.service.converted(step.picture.file, format, quality, {});
    this.made.set(key, file);
    file.catch(() => this.made.delete(key));
    return file;
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
