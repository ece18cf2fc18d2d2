import { close, current } from "../work/session";
import { saidProblem, words } from "../words";
import { Action } from "./Action";
import { Icon } from "./icons";
import { MarkList } from "./MarkList";
import { Outcome } from "./Outcome";
import { SettingsForm } from "./SettingsForm";

/** The next thing to do stands first: to run, or, with a result and nothing more marked, to judge and keep it. */
export function Panel() {
  const document = current.value;
  if (!document) return null;
  const judging = document.at > 0 && !document.run && document.marks.length === 0;
  return (
    <aside class="panel" aria-label={document.name}>
      <div class="row file-row">
        <h2 class="file-name grow" title={document.name}>
          {document.name}
        </h2>
        <button class="button plain" aria-label={words.closePicture(document.name)} onClick={() => close(document.id)}>
          <Icon name="close" />
        </button>
      </div>
      {document.problem && (
        <div class="notice bad" role="alert">
          <Icon name="warn" />
          <p>{saidProblem(document.problem)}</p>
        </div>
      )}
      {judging ? <Outcome document={document} /> : <Action document={document} />}
      {judging ? <Action document={document} /> : <Outcome document={document} />}
      <MarkList document={document} />
      <SettingsForm document={document} />
    </aside>
  );
}
