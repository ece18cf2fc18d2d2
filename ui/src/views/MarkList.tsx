import { useRef } from "preact/hooks";

import { pictureOf, type Document } from "../editor/document";
import { isArea, type Mark } from "../editor/marks";
import { drawn, read } from "../work/masks";
import { handOver } from "../work/saving";
import { dispatch, newId } from "../work/session";
import { words } from "../words";
import { Icon } from "./icons";
import { notice } from "./ui";

/** Every mark as a line that can be reached without a pointer; and the mask as a file. */
export function MarkList({ document }: { document: Document }) {
  const { id, marks, run, selected } = document;
  const file = useRef<HTMLInputElement>(null);
  const load = async (chosen: File | undefined): Promise<void> => {
    const mask = chosen && (await read(chosen, pictureOf(document), newId()).catch(() => null));
    if (mask) dispatch({ type: "marked", id, mark: mask });
    else if (chosen) notice.value = words.maskWrongSize;
  };
  const save = async (): Promise<void> => {
    const name = `${document.name.replace(/\.\w+$/, "")}-mask.png`;
    handOver({ name, file: await drawn(marks, pictureOf(document)) });
  };
  return (
    <details class="card" open={false}>
      <summary>
        {words.markList} <span class="count">{marks.length}</span>
      </summary>
      <ul class="marks">
        {named(marks).map(([mark, name]) => (
          <li key={mark.id} class={mark.id === selected ? "chosen" : ""}>
            <button class="link grow" onClick={() => dispatch({ type: "selected", id, mark: mark.id })}>
              {name}
              {isArea(mark) && (
                <span class={`effect ${mark.effect}`}>{mark.effect === "erase" ? words.willErase : words.willKeep}</span>
              )}
            </button>
            {isArea(mark) && (
              <button
                class="button plain"
                disabled={!!run}
                aria-label={`${words.toggleMark}: ${name}`}
                title={words.toggleMark}
                onClick={() => dispatch({ type: "toggled", id, mark: mark.id })}
              >
                <Icon name={mark.effect === "erase" ? "keep" : "eraser"} />
              </button>
            )}
            <button
              class="button plain"
              disabled={!!run}
              aria-label={`${words.deleteMark}: ${name}`}
              title={words.deleteMark}
              onClick={() => dispatch({ type: "deleted", id, mark: mark.id })}
            >
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ul>
      <div class="row">
        <button class="button" disabled={!!run} onClick={() => file.current?.click()}>
          <Icon name="mask" /> {words.maskLoad}
        </button>
        <button class="button" disabled={!marks.length} onClick={() => void save()}>
          {words.maskSave}
        </button>
        <input
          ref={file}
          type="file"
          accept="image/*"
          hidden
          data-mask
          onChange={(event) => {
            void load(event.currentTarget.files?.[0]);
            event.currentTarget.value = "";
          }}
        />
      </div>
    </details>
  );
}

function named(marks: readonly Mark[]): [Mark, string][] {
  let [areas, strokes] = [0, 0];
  return marks.map((mark) => {
    if (mark.kind === "mask") return [mark, words.maskMark];
    if (mark.kind === "stroke") return [mark, (mark.effect === "rub" ? words.rubMark : words.strokeMark)(++strokes)];
    areas += 1;
    const sure = mark.confidence;
    return [mark, sure === undefined ? words.drawnMark(areas) : words.textMark(areas, Math.round(sure * 100))];
  });
}
