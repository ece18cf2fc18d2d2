import { useRef } from "preact/hooks";
import { useSignalEffect } from "@preact/signals";

import { words } from "../words";
import { sheetOpen } from "./ui";

const help = words.help;
const SHEET: [title: string, rows: [keys: string, what: string][]][] = [
  [
    help.general,
    [
      ["Ctrl O", help.open],
      ["Ctrl V", help.paste],
      ["Ctrl Enter", help.run],
      ["Esc", help.stop],
      ["F", help.find],
      ["Ctrl S", help.save],
      ["C", help.compare],
      ["Ctrl Z", words.undo],
      ["Ctrl Shift Z", words.redo],
      ["V B L P E H", help.tools],
      ["K", help.effect],
      ["[ ]", help.brushSize],
      ["+ − 0 1", help.zoom],
      ["PgUp PgDn", help.next],
      ["?", help.this],
    ],
  ],
  [
    help.onPicture,
    [
      [", .", help.nextMark],
      ["Enter", help.toggle],
      ["← ↑ → ↓", help.nudge],
      ["Alt ← ↑ → ↓", help.resize],
      ["Del", words.deleteMark],
      ["A", help.addBox],
      ["← ↑ → ↓, Space", help.pan],
    ],
  ],
];

export function Shortcuts() {
  const dialog = useRef<HTMLDialogElement>(null);
  useSignalEffect(() => {
    if (sheetOpen.value) dialog.current?.showModal();
    else dialog.current?.close();
  });
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="sheet-title" onClose={() => (sheetOpen.value = false)}>
      <h2 id="sheet-title">{words.shortcuts}</h2>
      {SHEET.map(([title, rows]) => (
        <section key={title}>
          <h3>{title}</h3>
          <dl class="keys">
            {rows.map(([keys, what]) => (
              <div key={what}>
                <dt>
                  <kbd>{keys}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      <div class="row end">
        <button class="button primary" onClick={() => (sheetOpen.value = false)}>
          {words.close}
        </button>
      </div>
    </dialog>
  );
}
