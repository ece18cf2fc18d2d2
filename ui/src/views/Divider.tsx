import { clamp } from "../editor/geometry";
import { current } from "../work/session";
import { words } from "../words";
import { compare, divider, peek } from "./ui";

/** The edge between before and after: dragged, or moved with the arrow keys. */
export function Divider() {
  if (compare.value === "off" || peek.value || !current.value || current.value.at === 0) return null;
  if (compare.value === "beside") return <Sides />;
  const move = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    const box = event.currentTarget.parentElement?.getBoundingClientRect();
    if (box && event.buttons) divider.value = clamp((event.clientX - box.left) / box.width, 0, 1);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    divider.value = clamp(divider.value + by, 0, 1);
  };
  return (
    <>
      <div
        class="divider"
        data-control
        role="slider"
        tabIndex={0}
        aria-label={words.divider}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(divider.value * 100)}
        style={{ left: `${divider.value * 100}%` }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          move(event);
        }}
        onPointerMove={move}
        onKeyDown={onKeyDown}
      >
        <span class="grip" aria-hidden="true">
          ⟷
        </span>
      </div>
      <Sides />
    </>
  );
}

const Sides = () => (
  <>
    <span class="side left" aria-hidden="true">
      {words.before}
    </span>
    <span class="side right" aria-hidden="true">
      {words.after}
    </span>
  </>
);
