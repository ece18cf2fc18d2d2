/** The language of the page: the first of the browser's that there is, else English. */

import type { Problem } from "../editor/document";
import { en, type Words } from "./en";
import { ja } from "./ja";
import { zh } from "./zh";

export type { Words };

export function chosen(languages: readonly string[]): [tag: string, words: Words] {
  for (const language of languages) {
    const tag = language.toLowerCase();
    if (tag.startsWith("en")) return ["en", en];
    if (tag.startsWith("zh")) return ["zh-CN", zh];
    if (tag.startsWith("ja")) return ["ja", ja];
  }
  return ["en", en];
}

export const [language, words] = chosen(globalThis.navigator?.languages ?? []);

/** What went wrong, in the person's language; what nobody foresaw in the service's own words. */
export function saidProblem({ code, message }: Problem, inWords: Words = words): string {
  const known = inWords.problems as Readonly<Record<string, ((message: string) => string) | undefined>>;
  return known[code]?.(message) ?? inWords.problem(message);
}
