import { erases, isArea } from "../editor/marks";
import { pictureOf, type Document } from "../editor/document";
import { editor, models, run, settings } from "../work/session";
import { words } from "../words";
import { Icon } from "./icons";
import { Progress } from "./Progress";

/** What is to be done next: one button, and one sentence on what it will do. */
export function Action({ document }: { document: Document }) {
  if (document.run) return <Progress document={document} run={document.run} />;
  const again = document.at > 0;
  const marked = document.marks.length > 0;
  const label = again ? words.runAgain : erases(document.marks) ? words.runMarked : words.run;
  const waiting = editor.value.documents.filter(({ at, run }) => at === 0 && !run);
  return (
    <section class="card action">
      <p class="soft">{hint(document)}</p>
      {document.marks.some((mark) => isArea(mark) && mark.origin === "found") && (
        <p class="small soft wide-tip">{words.selectHint}</p>
      )}
      <Fallback />
      <button
        class={again && !marked ? "button wide" : "button primary wide"}
        onClick={() => run(document.id)}
        aria-keyshortcuts="Control+Enter"
      >
        {again && !marked ? words.run : label}
      </button>
      {waiting.length > 1 && (
        <button class="button wide" onClick={() => waiting.forEach(({ id }) => run(id))}>
          {words.runAll(waiting.length)}
        </button>
      )}
    </section>
  );
}

function hint(document: Document): string {
  const areas = document.marks.filter(isArea);
  const keep = areas.filter(({ effect }) => effect === "keep").length;
  if (document.finding) return words.hintSearching;
  if (erases(document.marks)) return words.hintFound(document.marks.length - keep, keep);
  if (keep) return words.onlyKeep;
  if (document.at > 0) return words.goOn;
  return document.searched.includes(pictureOf(document).key) ? words.hintNone : words.hintAuto;
}

/** That another model will answer is said before, not after. */
function Fallback() {
  const all = models.value;
  const wanted = all?.models.find(({ name }) => name === (settings.value.model || all.default));
  if (!all?.fallback || !wanted || wanted.status === "ready" || wanted.status === "not_loaded") return null;
  return (
    <p class="small warn">
      <Icon name="warn" /> {words.fallbackNow(all.fallback, wanted.name)}
    </p>
  );
}
