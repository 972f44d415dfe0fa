/**
 * What a line says at a place.
 *
 * @module
 */

import type { Line } from "./chart_data.ts";
import { type ChartView, placesAcross } from "./chart_view.ts";

/** A line's value at or before a place; `isHere` is false when it was measured elsewhere. */
export interface ValueAt {
  value: number | null;
  step: number;
  isHere: boolean;
  interval: [number, number] | null;
}

/** The value at or before a place; nothing before the first. */
export function valueAt(line: Line, x: number, view: ChartView): ValueAt | null {
  const places = placesAcross(line.series, view.x, line.clock);
  const index = places.findLastIndex((place) => place <= x);
  if (index < 0) return null;
  const [low, high] = [line.interval?.low[index], line.interval?.high[index]];
  return {
    value: line.series.values[index],
    step: line.series.steps[index],
    isHere: places[index] === x,
    interval: typeof low === "number" && typeof high === "number" ? [low, high] : null,
  };
}

/** The newest finite value. */
export function latestOf(line: Line): number | null {
  return line.series.values.findLast((value) => value !== null) ?? null;
}

/** How many values were not finite. */
export function missingOf(line: Line): number {
  return line.series.values.filter((value) => value === null).length;
}
