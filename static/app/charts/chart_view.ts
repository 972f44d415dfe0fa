/**
 * How all charts of a page are shown: what lies across, which axes are logarithmic, how much is smoothed, and which
 * stretch is looked at. It is part of the page's address.
 *
 * @module
 */

import type { SeriesWire } from "../../../routes/wire/runs.ts";

/** What lies across a chart: steps, epochs, the time of day, or hours since the run began. */
export const xKinds = ["step", "epoch", "wall", "relative"] as const;

/** See {@linkcode xKinds}. */
export type XKind = (typeof xKinds)[number];

/** How charts are shown. */
export interface ChartView {
  x: XKind;
  logX: boolean;
  logY: boolean;
  /** Over about how many measurements lines are averaged; 0 for none. */
  smoothing: number;
  /** The stretch that is looked at, in units of `x`; null for all. */
  range: [number, number] | null;
}

/** How a run's steps lie in epochs and in time. */
export interface Clock {
  stepsPerEpoch: number | null;
  /** When the run began, seconds since 1970. */
  startSeconds: number | null;
}

/** The highest power of two that can be chosen for smoothing. */
export const strongestSmoothing = 10;
const defaultSmoothing = 3;

/** Names of the filters in the address that belong to charts. */
export const chartKeys = ["x", "logx", "logy", "smooth", "from", "to"] as const;

/** Reads the view from an address's filters. */
export function chartViewOf(query: URLSearchParams): ChartView {
  const number = (key: string) => {
    const text = query.get(key);
    return text === null || text === "" || !Number.isFinite(Number(text)) ? null : Number(text);
  };
  const power = Math.round(Math.min(strongestSmoothing, Math.max(0, number("smooth") ?? defaultSmoothing)));
  const [from, to] = [number("from"), number("to")];
  return {
    x: xKinds.find((kind) => kind === query.get("x")) ?? "step",
    logX: query.get("logx") === "1",
    logY: query.get("logy") === "1",
    smoothing: power === 0 ? 0 : 2 ** power,
    range: from !== null && to !== null && from < to ? [from, to] : null,
  };
}

/** The filters of the address that belong to charts, to be carried along. */
export function chartQuery(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries(chartKeys.map((key) => [key, query.get(key) ?? ""]));
}

/** The address's filters that show a stretch, or all. */
export function rangeQuery(range: [number, number] | null): Record<string, string> {
  const text = (value: number) => String(Number(value.toPrecision(12)));
  return { from: range ? text(range[0]) : "", to: range ? text(range[1]) : "" };
}

/** Where a series' values lie across; strictly ascending. NaN where that is not known. */
export function placesAcross(series: SeriesWire, kind: XKind, clock: Clock): number[] {
  if (kind === "step") return series.steps;
  if (kind === "epoch") return series.steps.map((step) => step / (clock.stepsPerEpoch ?? NaN));
  const start = kind === "wall" ? 0 : clock.startSeconds ?? NaN;
  let before = -Infinity;
  // Several events can share a millisecond; one place holds one value only.
  return series.seconds.map((seconds) => before = Math.max(seconds - start, before + 1e-6));
}

/** The steps that lie in a stretch of the x axis, by a series of the same run; both ends are measured ones. */
export function stepsWithin(
  range: [number, number],
  kind: XKind,
  { series, clock }: { series: SeriesWire; clock: Clock },
): [number, number] {
  const places = placesAcross(series, kind, clock);
  const first = places.findLastIndex((place) => place <= range[0]);
  const last = places.findIndex((place) => place >= range[1]);
  return [
    series.steps[Math.max(0, first)] ?? 0,
    series.steps[last < 0 ? series.steps.length - 1 : last] ?? 0,
  ];
}

/** The stretch made narrower (factor below 1) or wider around a place, inside the whole. */
export function zoomRange(
  range: [number, number],
  { whole, factor, around, isLog }: {
    whole: [number, number];
    factor: number;
    around?: number;
    isLog: boolean;
  },
): [number, number] | null {
  const [to, back] = isLog ? [Math.log, Math.exp] : [(x: number) => x, (x: number) => x];
  const [low, high] = [to(range[0]), to(range[1])];
  const middle = around === undefined ? (low + high) / 2 : to(around);
  return inside(
    [back(middle + (low - middle) * factor), back(middle + (high - middle) * factor)],
    whole,
  );
}

/** The stretch moved by a share of its length, inside the whole. */
export function panRange(
  range: [number, number],
  { whole, share, isLog }: { whole: [number, number]; share: number; isLog: boolean },
): [number, number] | null {
  const [to, back] = isLog ? [Math.log, Math.exp] : [(x: number) => x, (x: number) => x];
  const [low, high, least, most] = [...range, ...whole].map(to);
  const wanted = (high - low) * share;
  const moved = Math.min(Math.max(wanted, least - low), most - high);
  return inside([back(low + moved), back(high + moved)], whole);
}

function inside([low, high]: [number, number], whole: [number, number]): [number, number] | null {
  const clipped: [number, number] = [Math.max(low, whole[0]), Math.min(high, whole[1])];
  const isAll = clipped[0] <= whole[0] && clipped[1] >= whole[1];
  return isAll || !(clipped[0] < clipped[1]) ? null : clipped;
}
