/** The headers of a result, as facts. */

import type { Facts } from "../editor/document";

export function factsOf(headers: Headers): Facts {
  const number = (name: string): number | null => {
    const value = headers.get(name);
    return value === null || Number.isNaN(Number(value)) ? null : Number(value);
  };
  const fill = headers.get("X-Fill")?.match(/fitted=(\d+), model=(\d+)/);
  return {
    seconds: number("X-Processing-Time"),
    regions: number("X-Regions-Count"),
    area: number("X-Total-Area"),
    model: headers.get("X-Model"),
    wanted: headers.get("X-Model-Fallback"),
    fitted: fill ? Number(fill[1]) : null,
    modelled: fill ? Number(fill[2]) : null,
    boxes: number("X-Stroke-Fallbacks"),
    seed: headers.get("X-Seed"),
  };
}

const sum = (a: number | null, b: number | null): number | null => (a === null && b === null ? null : (a ?? 0) + (b ?? 0));

/** Of two tasks of one run. */
export function addedFacts(first: Facts | null, second: Facts): Facts {
  if (!first) return second;
  return {
    seconds: sum(first.seconds, second.seconds),
    regions: sum(first.regions, second.regions),
    area: sum(first.area, second.area),
    model: second.model === "none" ? first.model : second.model,
    wanted: second.wanted ?? first.wanted,
    fitted: sum(first.fitted, second.fitted),
    modelled: sum(first.modelled, second.modelled),
    boxes: sum(first.boxes, second.boxes),
    seed: second.seed ?? first.seed,
  };
}
