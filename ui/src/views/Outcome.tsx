import { useEffect, useState } from "preact/hooks";

import type { Compare } from "../canvas/painter";
import { resultOf, stepOf, type Document, type Facts } from "../editor/document";
import { dispatch, editor, saver, settings } from "../work/session";
import { words } from "../words";
import type { Settings } from "../work/settings";
import { download, downloadAll, preparing, sizeOf } from "./download";
import { Icon } from "./icons";
import { compare, peek, showChanged } from "./ui";

/** The result: what was done, before and after, and the file. */
export function Outcome({ document }: { document: Document }) {
  if (document.steps.length < 2) return null;
  const result = resultOf(document);
  return (
    <section class="card" aria-label={words.result}>
      {result?.facts && <Told facts={result.facts} />}
      {result && <Keeping document={document} />}
      <Steps document={document} />
      {result && <Comparing />}
      {result && <FileForm document={document} />}
    </section>
  );
}

function Told({ facts }: { facts: Facts }) {
  if (!facts.area && !facts.regions) return <p>{words.nothingFound}</p>;
  return (
    <>
      <p class="good">
        <Icon name="check" /> <strong>{words.removed(facts.regions ?? 0, (facts.seconds ?? 0).toFixed(1))}</strong>
      </p>
      <ul class="facts small soft">
        {!!facts.fitted && <li>{words.fitted(facts.fitted)}</li>}
        {!!facts.modelled && facts.model && <li>{words.modelled(facts.modelled, facts.model)}</li>}
        {!!facts.boxes && <li>{words.boxes(facts.boxes)}</li>}
        {facts.wanted && facts.model && !!facts.modelled && <li class="warn">{words.insteadOf(facts.model, facts.wanted)}</li>}
      </ul>
    </>
  );
}

function Steps({ document }: { document: Document }) {
  return (
    <div class="chips" role="group" aria-label={words.steps}>
      {document.steps.map((step, at) => (
        <button
          key={step.picture.key}
          class="chip"
          aria-pressed={at === document.at}
          disabled={document.run !== null}
          onClick={() => dispatch({ type: "stepped", id: document.id, at })}
        >
          {at ? words.step(at) : words.original}
        </button>
      ))}
    </div>
  );
}

const COMPARISONS: [Compare, string][] = [
  ["off", words.compareOff],
  ["divider", words.compareDivider],
  ["beside", words.compareBeside],
];

const Comparing = () => (
  <>
    <div class="segments" role="group" aria-label={words.compare}>
      {COMPARISONS.map(([kind, label]) => (
        <button key={kind} aria-pressed={compare.value === kind} onClick={() => (compare.value = kind)}>
          {label}
        </button>
      ))}
    </div>
    <div class="row between">
      <button
        class="button"
        aria-pressed={peek.value}
        onPointerDown={() => (peek.value = true)}
        onPointerUp={() => (peek.value = false)}
        onPointerLeave={() => (peek.value = false)}
        onPointerCancel={() => (peek.value = false)}
        onContextMenu={(event) => event.preventDefault()}
        onKeyDown={(event) => {
          if (event.key === " " || event.key === "Enter") peek.value = true;
        }}
        onKeyUp={() => (peek.value = false)}
        onBlur={() => (peek.value = false)}
      >
        {words.holdBefore}
      </button>
      <label class="check">
        <input type="checkbox" checked={showChanged.value} onChange={(event) => (showChanged.value = event.currentTarget.checked)} />
        {words.showChanged}
      </label>
    </div>
  </>
);

function Keeping({ document }: { document: Document }) {
  const finished = editor.value.documents.filter(({ at }) => at > 0);
  return (
    <>
      <button
        class={document.marks.length || document.run ? "button wide" : "button primary wide"}
        disabled={preparing.value}
        onClick={() => void download(document)}
      >
        <Icon name="download" /> {preparing.value ? words.preparing : words.download}
      </button>
      {finished.length > 1 && (
        <button class="button wide" disabled={preparing.value} onClick={() => void downloadAll(finished)}>
          {words.downloadAll(finished.length)}
        </button>
      )}
    </>
  );
}

function FileForm({ document }: { document: Document }) {
  const { format, quality } = settings.value;
  const change = (next: Partial<Settings>): void => {
    settings.value = { ...settings.value, ...next };
  };
  const lossy = saver.format(document) !== "png";
  return (
    <>
      <div class="row fields">
        <label class="field grow">
          <span>{words.format}</span>
          <select value={format} onChange={(event) => change({ format: event.currentTarget.value as Settings["format"] })}>
            <option value="same">{words.formatSame(document.format)}</option>
            <option value="png">PNG</option>
            <option value="jpeg">JPEG</option>
            <option value="webp">WebP</option>
            <option value="avif">AVIF</option>
          </select>
        </label>
        {lossy && (
          <label class="field narrow">
            <span>{words.quality}</span>
            <input
              type="number"
              min={1}
              max={100}
              value={quality}
              onChange={(event) => change({ quality: Math.min(100, Math.max(1, Math.round(Number(event.currentTarget.value)) || 92)) })}
            />
          </label>
        )}
      </div>
      <FileSize document={document} key={`${stepOf(document).picture.key} ${format} ${quality}`} />
    </>
  );
}

/** Known at once for a PNG; another format has to be made first, which is done when somebody asks. */
function FileSize({ document }: { document: Document }) {
  const [size, setSize] = useState<number | null>(null);
  const [asked, setAsked] = useState(saver.format(document) === "png");
  useEffect(() => {
    if (!asked) return;
    let gone = false;
    saver.finished(document).then(
      ({ file }) => !gone && setSize(file.size),
      () => !gone && setAsked(false),
    );
    return () => {
      gone = true;
    };
  }, [asked]);
  if (size !== null) return <p class="small soft">{words.sizeIs(sizeOf(size))}</p>;
  return (
    <button class="link small" disabled={asked} onClick={() => setAsked(true)}>
      {asked ? words.preparing : words.fileSize}
    </button>
  );
}
