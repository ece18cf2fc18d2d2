import { useEffect, useState } from "preact/hooks";

import type { Document, Run, Stage } from "../editor/document";
import { runs } from "../work/session";
import { words } from "../words";
import { Icon } from "./icons";

const SHOWN: readonly Stage[] = ["upload", "waiting", "finding", "masking", "filling", "finishing", "download"];

/** Each stage with what is known of it. The seconds go on even where the service has nothing to tell. */
export function Progress({ document, run }: { document: Document; run: Run }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const at = SHOWN.indexOf(run.stage);
  const detects = run.stage === "finding" || !document.marks.length;
  const stages = SHOWN.filter((stage) => stage !== (detects ? "masking" : "finding") || stage === run.stage);
  const percent = Math.round(run.overall * 100);
  return (
    <section class="card action" aria-label={words.stages[run.stage]}>
      <div
        class={`bar${run.done === null ? " unknown" : ""}`}
        role="progressbar"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-label={words.stages[run.stage]}
      >
        <div style={{ width: `${percent}%` }} />
      </div>
      <p class="row between">
        <strong>{words.percent(percent)}</strong>
        <span class="soft">
          {run.remaining !== null && run.remaining >= 1
            ? words.left(Math.ceil(run.remaining))
            : words.since(Math.max(0, Math.floor((now - run.startedAt) / 1000)))}
        </span>
      </p>
      <ol class="stages">
        {stages.map((stage) => {
          const state = SHOWN.indexOf(stage) < at ? "past" : stage === run.stage ? "now" : "next";
          return (
            <li key={stage} class={state} {...(state === "now" ? { "aria-current": "step" as const } : {})}>
              <span class="dot">{state === "past" && <Icon name="check" />}</span>
              <span class="grow">{words.stages[stage]}</span>
              {state === "now" && <span class="soft">{detail(run)}</span>}
            </li>
          );
        })}
      </ol>
      {run.stage === "queued" && <p class="soft">{words.stages.queued}</p>}
      {run.lost && <p class="small warn">{words.lost}</p>}
      <button class="button wide" disabled={run.cancelling} onClick={() => runs.cancel(document.id)}>
        {run.cancelling ? words.cancelling : words.cancel}
      </button>
    </section>
  );
}

function detail(run: Run): string {
  if (run.place) return words.place(run.place);
  return run.done === null ? "" : words.percent(Math.round(run.done * 100));
}
