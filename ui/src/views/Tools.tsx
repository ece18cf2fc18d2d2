import type { Tool } from "../canvas/drawing";
import { current, dispatch, finds } from "../work/session";
import { words } from "../words";
import { Icon, type IconName } from "./icons";
import { board, BRUSH, brushSize, choose, markEffect, tool } from "./ui";

const TOOLS: [Tool, IconName, string, string][] = [
  ["select", "select", words.select, "V"],
  ["box", "box", words.box, "B"],
  ["lasso", "lasso", words.lasso, "L"],
  ["brush", "brush", words.brush, "P"],
  ["eraser", "eraser", words.eraser, "E"],
  ["hand", "hand", words.hand, "H"],
];

interface ButtonProps {
  icon: IconName;
  label: string;
  keys?: string;
  pressed?: boolean;
  disabled?: boolean;
  onClick: () => void;
}

const ToolButton = ({ icon, label, keys, pressed, disabled = false, onClick }: ButtonProps) => (
  <button
    class="tool"
    title={keys ? `${label} (${keys})` : label}
    aria-label={label}
    {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
    disabled={disabled}
    onClick={onClick}
  >
    <Icon name={icon} />
  </button>
);

export function Tools() {
  const document = current.value;
  if (!document) return null;
  const { id, run, past, future, marks, finding } = document;
  const brush = tool.value === "brush" || tool.value === "eraser";
  const outline = tool.value === "box" || tool.value === "lasso";
  return (
    <div class="tools" role="toolbar" aria-label={words.tools}>
      {TOOLS.map(([name, icon, label, keys]) => (
        <ToolButton key={name} icon={icon} label={label} keys={keys} pressed={tool.value === name} onClick={() => choose(name)} />
      ))}
      {outline && (
        <ToolButton
          icon="keep"
          label={`${words.markFor}: ${words.keep}`}
          keys="K"
          pressed={markEffect.value === "keep"}
          onClick={() => (markEffect.value = markEffect.value === "keep" ? "erase" : "keep")}
        />
      )}
      {brush && (
        <label class="brush-size" title={words.size}>
          <span class="unseen">{words.size}</span>
          <input
            type="range"
            min={BRUSH.least}
            max={BRUSH.most}
            value={brushSize.value}
            onInput={(event) => (brushSize.value = Number(event.currentTarget.value))}
          />
        </label>
      )}
      <span class="gap" />
      <ToolButton icon="find" label={words.find} keys="F" disabled={!!run || !!finding} onClick={() => void finds.start(id)} />
      <ToolButton icon="undo" label={words.undo} keys="Ctrl Z" disabled={!!run || !past.length} onClick={() => dispatch({ type: "undone", id })} />
      <ToolButton icon="redo" label={words.redo} keys="Ctrl Shift Z" disabled={!!run || !future.length} onClick={() => dispatch({ type: "redone", id })} />
      <ToolButton icon="clear" label={words.clear} disabled={!!run || !marks.length} onClick={() => dispatch({ type: "cleared", id })} />
      <span class="gap" />
      <ToolButton icon="plus" label={words.zoomIn} keys="+" onClick={() => board.value?.zoom(1.4)} />
      <ToolButton icon="minus" label={words.zoomOut} keys="−" onClick={() => board.value?.zoom(1 / 1.4)} />
      <ToolButton icon="fit" label={words.fitView} keys="0" onClick={() => board.value?.fit()} />
      <button class="tool" title={`${words.actualSize} (1)`} aria-label={words.actualSize} onClick={() => board.value?.actualSize()}>
        1:1
      </button>
    </div>
  );
}
