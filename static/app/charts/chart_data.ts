/**
 * From metric series to what uPlot draws.
 *
 * @module
 */

import uPlot from "uplot";
import type { SeriesWire } from "../../../routes/api.ts";

/** One line of a chart. */
export interface Line {
  label: string;
  series: SeriesWire;
  /** Which of the palette's colours, from 1. */
  colour: number;
  /** Draws the line faintly with its moving average on top. */
  smooth?: boolean;
  /** What the metric is when nothing was learned: a dashed line. */
  chance?: number | null;
  /** Name of the dashed line; `chance` when it is left out. */
  chanceLabel?: string;
}

/** How a drawn series looks. */
export interface Stroke {
  colour: number;
  kind: "line" | "faint" | "dashed";
}

/** The drawn series of lines, without their data. */
export function strokesOf(lines: readonly Line[]): Stroke[] {
  return lines.flatMap(({ colour, smooth, chance }) => [
    ...(smooth ? [{ colour, kind: "faint" } as const] : []),
    { colour, kind: "line" },
    ...(hasChance(chance) ? [{ colour, kind: "dashed" } as const] : []),
  ]);
}

/** Steps and the values of each drawn series; values that were not finite are gaps. */
export function chartData(lines: readonly Line[]): uPlot.AlignedData {
  const tables = lines.map(({ series, smooth, chance }): uPlot.AlignedData => [
    series.steps,
    ...(smooth ? [series.values] : []),
    smooth ? movingAverage(series.values) : series.values,
    ...(hasChance(chance) ? [series.steps.map(() => chance)] : []),
  ]);
  return uPlot.join(tables);
}

/** Exponential moving average without the pull towards the first value; gaps stay gaps. */
export function movingAverage(values: readonly (number | null)[]): (number | null)[] {
  const memory = Math.min(60, Math.max(4, values.length / 30));
  const keep = Math.exp(-1 / memory);
  let sum = 0, weight = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = keep * sum + value;
    weight = keep * weight + 1;
    return sum / weight;
  });
}

/** Whether a chance level is known. */
export function hasChance(chance: number | null | undefined): chance is number {
  return chance !== null && chance !== undefined;
}
