import { signal } from "@preact/signals";

import type { Document } from "../editor/document";
import { problemOf } from "../work/problems";
import { handOver } from "../work/saving";
import { dispatch, saver } from "../work/session";
import { notice } from "./ui";
import { saidProblem } from "../words";

export const preparing = signal(false);

/** A file of the picture as it is now; what goes wrong is said beside the picture it went wrong for. */
export async function download(document: Document): Promise<void> {
  await prepared(
    async () => handOver(await saver.finished(document)),
    (error) => dispatch({ type: "told", id: document.id, problem: problemOf(error) }),
  );
}

export const downloadAll = (documents: readonly Document[]): Promise<void> =>
  prepared(
    async () => handOver(await saver.archive(documents)),
    (error) => (notice.value = saidProblem(problemOf(error))),
  );

async function prepared(work: () => Promise<void>, failed: (error: unknown) => void): Promise<void> {
  if (preparing.value) return;
  preparing.value = true;
  try {
    await work();
  } catch (error) {
    failed(error);
  } finally {
    preparing.value = false;
  }
}

export function sizeOf(bytes: number): string {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

