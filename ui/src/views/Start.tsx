import { info, opening, openSample } from "../work/session";
import { words } from "../words";
import { PickFiles } from "./App";
import { Icon } from "./icons";

/** Before there is a picture: how to choose one, and what the service takes. */
export function Start() {
  const limits = info.value?.limits;
  return (
    <main class="start">
      <section class="drop">
        <div class="drop-art" aria-hidden="true">
          <Icon name="find" />
        </div>
        <h2>{words.dropHere}</h2>
        <p class="soft">{words.dropHint}</p>
        {opening.value ? (
          <p role="status">{words.opening}</p>
        ) : (
          <div class="row centre">
            <PickFiles className="button primary">{words.choose}</PickFiles>
            <button class="button" onClick={() => void openSample()}>
              {words.sample}
            </button>
          </div>
        )}
        {limits && (
          <p class="small soft">
            {words.limits(
              limits.supported_formats.join(", "),
              String(Math.floor(limits.max_file_size / 2 ** 20)),
              String(Math.floor(limits.max_image_pixels / 1e6)),
            )}
          </p>
        )}
      </section>
      <p class="tagline soft">{words.tagline}</p>
    </main>
  );
}
