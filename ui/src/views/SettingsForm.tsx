import type { Document } from "../editor/document";
import type { Model } from "../api/types";
import { models, settings } from "../work/session";
import { DEFAULTS, type Settings } from "../work/settings";
import { words } from "../words";

const change = (next: Partial<Settings>): void => {
  settings.value = { ...settings.value, ...next };
};

/** What is rarely needed is folded away; each choice says what it is for. */
export function SettingsForm({ document }: { document: Document }) {
  const now = settings.value;
  return (
    <details class="card" open>
      <summary>{words.settings}</summary>
      <fieldset disabled={document.run !== null}>
        <legend>{words.fillWhat}</legend>
        {(
          [
            [true, words.lettersOnly, words.lettersHint],
            [false, words.wholeAreas, words.wholeHint],
          ] as const
        ).map(([value, label, hint]) => (
          <label class="choice" key={label}>
            <input type="radio" name="fill" checked={now.lettersOnly === value} onChange={() => change({ lettersOnly: value })} />
            <span>
              {label}
              <small class="soft">{hint}</small>
            </span>
          </label>
        ))}
        <ModelChoice />
        <Check name="findAtOnce" label={words.findAtOnce} />
        <details class="inner">
          <summary>{words.advanced}</summary>
          <Number name="dilation" label={words.dilation} min={0} max={64} hint={words.dilationHint} />
          <Number name="confidence" label={words.confidence} min={0.1} max={1} step={0.05} />
          <label class="field">
            <span>{words.smooth}</span>
            <select value={now.fill} onChange={(event) => change({ fill: event.currentTarget.value as Settings["fill"] })}>
              <option value="">{words.smoothAuto}</option>
              <option value="model">{words.smoothModel}</option>
            </select>
          </label>
          <label class="field">
            <span>{words.large}</span>
            <select
              value={now.strategy}
              onChange={(event) => change({ strategy: event.currentTarget.value as Settings["strategy"] })}
            >
              <option value="Auto">{words.largeAuto}</option>
              <option value="Original">Original</option>
              <option value="Crop">Crop</option>
              <option value="Resize">Resize</option>
            </select>
          </label>
          <Check name="verify" label={words.verify} />
          <label class="field">
            <span>{words.prompt}</span>
            <input type="text" value={now.prompt} onChange={(event) => change({ prompt: event.currentTarget.value })} />
          </label>
          <Number name="steps" label={words.sdSteps} min={1} max={200} />
          <Number name="seed" label={words.seed} min={-1} max={2 ** 32 - 1} />
          <button type="button" class="button" onClick={() => (settings.value = DEFAULTS)}>
            {words.reset}
          </button>
        </details>
      </fieldset>
    </details>
  );
}

function ModelChoice() {
  const all = models.value;
  const chosen = settings.value.model;
  if (!all) return null;
  const shown = all.models.find(({ name }) => name === (chosen || all.default));
  return (
    <>
      <label class="field">
        <span>{words.model}</span>
        <select value={chosen} onChange={(event) => change({ model: event.currentTarget.value })}>
          <option value="">{words.modelDefault(all.default)}</option>
          {all.models.map((model) => (
            <option key={model.name} value={model.name}>
              {model.name} — {stateOf(model)}
            </option>
          ))}
        </select>
      </label>
      {shown && (
        <p class="small soft model-note">
          {shown.parameters.summary}
          {shown.status !== "ready" && (
            <span class="warn">
              {" "}
              {stateOf(shown)}
              {shown.parameters.reason && `: ${shown.parameters.reason}`}
            </span>
          )}
        </p>
      )}
    </>
  );
}

function stateOf(model: Model): string {
  const download = model.parameters.download;
  const state = words.modelStates[model.status];
  return model.status === "loading" && download !== undefined ? `${state} ${words.percent(Math.round(download * 100))}` : state;
}

const Check = ({ name, label }: { name: "findAtOnce" | "verify"; label: string }) => (
  <label class="check">
    <input
      type="checkbox"
      checked={settings.value[name]}
      onChange={(event) => change({ [name]: event.currentTarget.checked })}
    />
    {label}
  </label>
);

interface NumberProps {
  name: "dilation" | "confidence" | "seed" | "steps";
  label: string;
  min: number;
  max: number;
  step?: number;
  hint?: string;
}

const Number = ({ name, label, min, max, step = 1, hint }: NumberProps) => (
  <label class="field">
    <span>{label}</span>
    <input
      type="number"
      min={min}
      max={max}
      step={step}
      value={settings.value[name]}
      onChange={(event) => {
        const value = event.currentTarget.valueAsNumber;
        change({ [name]: globalThis.Number.isNaN(value) ? DEFAULTS[name] : Math.min(max, Math.max(min, value)) });
      }}
    />
    {hint && <small class="soft">{hint}</small>}
  </label>
);
