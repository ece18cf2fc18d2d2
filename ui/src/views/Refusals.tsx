import { refusals } from "../work/session";
import { saidProblem, words } from "../words";
import { Icon } from "./icons";
import { notice } from "./ui";

/** Files that were not opened, and why. */
export function Refusals() {
  const lines = refusals.value.map(({ name, problem }) => [words.notOpened(name), saidProblem(problem)] as const);
  if (!lines.length && !notice.value) return null;
  const dismiss = (): void => {
    [refusals.value, notice.value] = [[], ""];
  };
  return (
    <div class="notice bad" role="alert">
      <Icon name="warn" />
      <div class="grow">
        {lines.map(([what, why]) => (
          <p key={what}>
            <strong>{what}.</strong> {why}
          </p>
        ))}
        {notice.value && <p>{notice.value}</p>}
      </div>
      <button class="button plain" onClick={dismiss} aria-label={words.dismiss}>
        <Icon name="close" />
      </button>
    </div>
  );
}
