import { useEffect, useRef } from "preact/hooks";

import { pictureOf, type Document } from "../editor/document";
import { bitmapThumb } from "../work/thumbs";
import { close, dispatch, editor } from "../work/session";
import { words } from "../words";
import { Icon } from "./icons";

/** All open pictures, with how each stands. */
export function Strip() {
  const { documents, current } = editor.value;
  return (
    <nav class={documents.length > 1 ? "strip" : "strip single"} aria-label={words.pictures}>
      <ul>
        {documents.map((document) => (
          <li key={document.id} class={document.id === current ? "chosen" : ""}>
            <button
              class="thumb"
              aria-current={document.id === current}
              aria-label={`${document.name}, ${words.states[stateOf(document)]}`}
              title={document.name}
              onClick={() => dispatch({ type: "chosen", id: document.id })}
            >
              <Thumb document={document} />
              <span class={`badge ${stateOf(document)}`}>
                {document.run && <span class="badge-bar" style={{ width: `${document.run.overall * 100}%` }} />}
                {stateOf(document) === "done" && <Icon name="check" />}
                {stateOf(document) === "problem" && <Icon name="warn" />}
              </span>
            </button>
            <button class="thumb-close" aria-label={words.closePicture(document.name)} onClick={() => close(document.id)}>
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function stateOf(document: Document): keyof typeof words.states {
  if (document.run) return "run";
  if (document.problem) return "problem";
  return document.at > 0 ? "done" : "open";
}

function Thumb({ document }: { document: Document }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const picture = pictureOf(document);
  useEffect(() => {
    let gone = false;
    void bitmapThumb(picture).then((bitmap) => {
      const place = canvas.current;
      if (gone || !place) return;
      [place.width, place.height] = [bitmap.width, bitmap.height];
      place.getContext("2d")?.drawImage(bitmap, 0, 0);
    });
    return () => {
      gone = true;
    };
  }, [picture.key]);
  return <canvas ref={canvas} aria-hidden="true" />;
}
