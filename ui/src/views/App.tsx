import { editor, open } from "../work/session";
import { words } from "../words";
import { BoardView } from "./BoardView";
import { Header } from "./Header";
import { KeyDialog } from "./KeyDialog";
import { Panel } from "./Panel";
import { Refusals } from "./Refusals";
import { Shortcuts } from "./Shortcuts";
import { Start } from "./Start";
import { Strip } from "./Strip";
import { Tools } from "./Tools";
import { said } from "./ui";

export function App() {
  const any = editor.value.documents.length > 0;
  return (
    <>
      <Header />
      <Refusals />
      {any ? (
        <main class="work">
          <Tools />
          <BoardView />
          <Panel />
          <Strip />
        </main>
      ) : (
        <Start />
      )}
      <Shortcuts />
      <KeyDialog />
      <p class="unseen" role="status" aria-live="polite">
        {said}
      </p>
    </>
  );
}

/** The one place where files are picked; `className` decides what it looks like. */
export function PickFiles({ children, className }: { children: preact.ComponentChildren; className: string }) {
  return (
    <label class={className}>
      <input
        class="unseen"
        type="file"
        multiple
        accept="image/*,.heic,.heif,.avif,.tif,.tiff"
        aria-label={words.choose}
        onChange={(event) => {
          void open([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
      {children}
    </label>
  );
}
