/** Line drawings of 24 by 24; decoration, so screen readers pass over them. */

const PATHS = {
  add: "M12 5v14M5 12h14",
  select: "M5 3l13 8-6 1.5L9 19z",
  box: "M4 6h16v12H4z",
  lasso: "M12 4c5 0 8 2.5 8 6s-3.5 6-8 6-8-2.5-8-6 3-6 8-6zM8 15.5c-1 2 0 4.500 3 4.500",
  brush: "M20 4l-9 9M11 13c-3 0-4 2-4 4 0 1.500-1.500 2.500-3 2.500 2 1.500 9 1.500 9-4.500z",
  eraser: "M9 20h11M5 15l8-9 6 5.500-7 8.500H9z",
  hand: "M7 12V7a1.500 1.500 0 013 0v4-6a1.500 1.500 0 013 0v6-4.500a1.500 1.500 0 013 0V13v-2a1.500 1.500 0 013 0v4c0 4-2.500 6-6 6s-4.500-1-6.500-4L4.500 14c-.800-1.400 1-2.500 2-1.300z",
  undo: "M8 5L4 9l4 4M4 9h9a6 6 0 010 12h-2",
  redo: "M16 5l4 4-4 4M20 9h-9a6 6 0 000 12h2",
  clear: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  find: "M4 7V4h3M17 4h3v3M20 17v3h-3M7 20H4v-3M8 9h8M12 9v7",
  plus: "M11 4a7 7 0 100 14 7 7 0 000-14zM16 16l4 4M8 11h6M11 8v6",
  minus: "M11 4a7 7 0 100 14 7 7 0 000-14zM16 16l4 4M8 11h6",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  keys: "M3 7h18v10H3zM7 11h.01M11 11h.01M15 11h.01M8 14h8",
  close: "M6 6l12 12M18 6L6 18",
  download: "M12 4v11M7 10l5 5 5-5M5 20h14",
  keep: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6z",
  mask: "M4 5h16v14H4zM8 15c1.500-4 6.500-4 8 0z",
  check: "M5 12l5 5 9-10",
  warn: "M12 4l9 16H3zM12 10v4M12 17h.01",
} as const;

export type IconName = keyof typeof PATHS;

export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>
);
