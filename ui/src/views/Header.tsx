import { editor, opening } from "../work/session";
import { words } from "../words";
import { PickFiles } from "./App";
import { Icon } from "./icons";
import { sheetOpen } from "./ui";

export const Header = () => (
  <header class="header">
    <h1 class="brand">
      <svg class="logo" viewBox="0 0 16 16" aria-hidden="true">
        <rect width="16" height="16" rx="4" class="logo-ground" />
        <path d="M4 4.500h8v2H9V12H7V6.500H4z" class="logo-letter" />
        <path d="M3 13 13 3" class="logo-stroke" />
      </svg>
      {words.title}
    </h1>
    <div class="row">
      {opening.value > 0 && editor.value.documents.length > 0 && <span class="soft small">{words.opening}</span>}
      {editor.value.documents.length > 0 && (
        <PickFiles className="button">
          <Icon name="add" />
          <span class="wide-only">{words.add}</span>
        </PickFiles>
      )}
      <button class="button plain" onClick={() => (sheetOpen.value = true)} title={`${words.shortcuts} (?)`} aria-label={words.shortcuts}>
        <Icon name="keys" />
      </button>
    </div>
  </header>
);
