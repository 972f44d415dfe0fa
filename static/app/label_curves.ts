/**
 * Label-efficiency curves as places in a plot, the same axes for all rows.
 *
 * @module
 */

import type { LabelCurveWire } from "../../routes/wire/results.ts";

/** A place in the plot, pixels from its upper left. */
export type Place = readonly [x: number, y: number];

/** What to draw; all places lie inside the plot. */
export interface LabelPlots {
  /** Height and width. */
  size: readonly [number, number];
  xTicks: { x: number; share: number }[];
  yTicks: { y: number; f1: number }[];
  plots: LabelPlot[];
}

/** A row's curve. */
export interface LabelPlot {
  title: string;
  line: Place[];
  /** The outline of the 95 % intervals; empty where there are none. */
  band: Place[];
  /** Null without a chance level. */
  chanceY: number | null;
}

const size = [170, 290] as const;
const [left, right, top, bottom] = [44, 22, 10, 24];

/** Lays the curves out: shares on a logarithmic axis, F1 from a round number to a round number. */
export function labelPlots(curves: readonly LabelCurveWire[]): LabelPlots {
  const points = curves.flatMap((curve) => curve.points);
  const shares = [...new Set(points.map(({ share }) => share))].sort((a, b) => a - b);
  const [first, last] = [shares[0], shares.at(-1)!];
  const x = (share: number) => {
    const place = first === last ? 0.5 : Math.log(share / first) / Math.log(last / first);
    return left + place * (size[1] - left - right);
  };
  const levels = [
    ...points.flatMap(({ f1, interval }) => [f1, ...interval ?? []]),
    ...curves.flatMap(({ chance }) => chance ?? []),
  ];
  const step = Math.max(...levels) - Math.min(...levels) > 0.4 ? 0.2 : 0.1;
  const low = Math.floor(Math.min(...levels) / step + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.max(...levels) / step - 1e-9));
  const y = (f1: number) => top + (high - f1 / step) / (high - low) * (size[0] - top - bottom);
  return {
    size,
    xTicks: shares.map((share) => ({ x: x(share), share })),
    yTicks: Array.from({ length: high - low + 1 }, (_, i) => (low + i) * step).map((f1) => ({
      y: y(f1),
      f1,
    })),
    plots: curves.map(({ title, points, chance }) => {
      const known = points.flatMap(({ share, interval }) => interval ? [{ share, interval }] : []);
      const edge = (end: 0 | 1) => known.map(({ share, interval }): Place => [x(share), y(interval[end])]);
      return {
        title,
        line: points.map(({ share, f1 }): Place => [x(share), y(f1)]),
        band: [...edge(0), ...edge(1).reverse()],
        chanceY: chance === null ? null : y(chance),
      };
    }),
  };
}
