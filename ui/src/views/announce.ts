/** For those who do not see it: what began, what ended, and how. */

import { effect } from "@preact/signals";

import type { Stage } from "../editor/document";
import { isArea } from "../editor/marks";
import { current } from "../work/session";
import { words } from "../words";
import { say } from "./ui";

export function announce(): void {
  let [id, stage, at, searching] = ["", null as Stage | null, 0, false];
  effect(() => {
    const document = current.value;
    if (!document) return;
    const same = document.id === id;
    const was = [stage, at, searching] as const;
    [id, stage, at, searching] = [document.id, document.run?.stage ?? null, document.at, document.finding !== null];
    if (!same) return;
    if (stage && stage !== was[0]) say(words.stages[stage]);
    else if (!stage && was[0] && at > was[1]) say(words.done);
    else if (searching && !was[2]) say(words.finding);
    else if (!searching && was[2]) say(words.marks(document.marks.filter(isArea).length));
  });
}
