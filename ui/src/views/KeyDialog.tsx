import { useRef } from "preact/hooks";
import { useSignalEffect } from "@preact/signals";

import { keyWanted } from "../work/session";
import { words } from "../words";

/** Only shown when the service has refused a request for want of a key. */
export function KeyDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  useSignalEffect(() => {
    if (keyWanted.value) dialog.current?.showModal();
    else dialog.current?.close();
  });
  const given = useRef<HTMLInputElement>(null);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="key-title" onCancel={() => keyWanted.value?.(null)}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          const key = given.current?.value.trim() ?? "";
          if (key) keyWanted.value?.(key);
        }}
      >
        <h2 id="key-title">{words.keyTitle}</h2>
        <p class="soft">{words.keyHint}</p>
        <label class="field">
          <span>{words.keyLabel}</span>
          <input ref={given} type="password" autocomplete="off" required />
        </label>
        <div class="row end">
          <button type="button" class="button" onClick={() => keyWanted.value?.(null)}>
            {words.cancel}
          </button>
          <button class="button primary">{words.keySend}</button>
        </div>
      </form>
    </dialog>
  );
}
