/**
 * From metric series to what uPlot draws.
 *
 * @module
 */

import uPlot from "uplot";
import type { SeriesWire } from "../../../routes/wire/runs.ts";
import { type ChartView, type Clock, placesAcross } from "./chart_view.ts";

/** One line of a chart. */
export interface Line {
  label: string;
  series: SeriesWire;
  /** Which of the palette's colours, from 1. */
  colour: number;
  /** Which of the patterns of dashes, from 0, an unbroken line. */
  dash?: number;
  /** Draws the line faintly with its moving average on top. */
  smooth?: boolean;
  /** What the metric is when nothing was learned: a dashed line. */
  chance?: number | null;
  /** Name of the dashed line; `chance` when it is left out. */
  chanceLabel?: string;
  /** Ends of the interval around each value. */
  interval?: { low: (number | null)[]; high: (number | null)[] };
  /** How the run's steps lie in epochs and time. */
  clock: Clock;
}

/** How a drawn series looks. */
export interface Stroke {
  colour: number;
  dash: number;
  kind: "line" | "faint" | "chance" | "edge";
}

/** A value that was not finite: where it lies and in whose colour it is marked. */
export interface Mark {
  x: number;
  colour: number;
}

/** Everything that a chart draws. */
export interface Drawing {
  data: uPlot.AlignedData;
  strokes: Stroke[];
  /** Places of the strokes, from 1, between which an interval is filled. */
  bands: { high: number; low: number; colour: number }[];
  marks: Mark[];
  /** Values that a logarithmic axis cannot show. */
  unshown: number;
}

/** One drawn series, ready to be laid beside others. */
export interface Track {
  stroke: Stroke;
  x: number[];
  y: (number | null)[];
}

/** An empty series. */
export const emptySeries: SeriesWire = { steps: [], values: [], seconds: [], gaps: [], rhythm: 0 };

/** What a chart of these lines draws. */
export function drawingOf(lines: readonly Line[], view: ChartView): Drawing {
  const perLine = lines.map((line) => tracksOf(line, view));
  const tracks = perLine.flatMap((one) => one.tracks);
  const bands: Drawing["bands"] = [];
  tracks.forEach(({ stroke }, i) => {
    if (stroke.kind === "edge" && tracks[i + 1]?.stroke.kind === "edge" && bands.at(-1)?.low !== i + 1) {
      bands.push({ high: i + 1, low: i + 2, colour: stroke.colour });
    }
  });
  return {
    data: tracks.length === 0 ? [[]] : uPlot.join(tracks.map(({ x, y }) => [x, y])),
    strokes: tracks.map(({ stroke }) => stroke),
    bands,
    marks: perLine.flatMap((one) => one.marks),
    unshown: perLine.reduce((sum, one) => sum + one.unshown, 0),
  };
}

/** The drawn series of one line: its interval's edges, its raw values, its average, and its chance. */
export function tracksOf(line: Line, view: ChartView): { tracks: Track[]; marks: Mark[]; unshown: number } {
  const { series, colour, dash = 0, smooth, chance, interval } = line;
  const x = placesAcross(series, view.x, line.clock);
  const isSmooth = smooth === true && view.smoothing > 0;
  const stroke = (kind: Stroke["kind"]): Stroke => ({ colour, dash, kind });
  const tracks: Track[] = [];
  if (interval) {
    for (const edge of [interval.high, interval.low]) tracks.push({ stroke: stroke("edge"), x, y: edge });
  }
  if (isSmooth) tracks.push({ stroke: stroke("faint"), x, y: series.values });
  tracks.push({ stroke: stroke("line"), x, y: isSmooth ? smoothed(series, view.smoothing) : series.values });
  if (hasChance(chance)) tracks.push({ stroke: stroke("chance"), x, y: x.map(() => chance) });

  const canShow = (place: number) => Number.isFinite(place) && !(view.logX && place <= 0);
  const marks = x.flatMap((place, i) =>
    series.values[i] === null && canShow(place) ? [{ x: place, colour }] : []
  );
  const gaps = new Set(series.gaps);
  let unshown = 0;
  const shown = tracks.map((track) => {
    const kept: Track = { stroke: track.stroke, x: [], y: [] };
    x.forEach((place, i) => {
      if (!canShow(place)) return void (unshown += track.stroke.kind === "line" ? 1 : 0);
      if (track.stroke.kind !== "chance" && gaps.has(i) && kept.x.length > 0) {
        kept.x.push((place + kept.x.at(-1)!) / 2);
        kept.y.push(null);
      }
      const value = track.y[i];
      const isTooLow = view.logY && value !== null && value <= 0;
      if (isTooLow && track.stroke.kind === "line") unshown++;
      kept.x.push(place);
      kept.y.push(isTooLow ? null : value);
    });
    return kept;
  });
  return { tracks: shown, marks, unshown };
}

/**
 * Exponential moving average over about `memory` measurements, without the pull towards the first value. A value that
 * is not finite stays one and counts for nothing; what lies a gap ago counts as little as its distance says. Of a
 * series that was thinned out, the means of its stretches are averaged, so that spikes weigh what they weighed.
 */
export function smoothed(series: SeriesWire, memory: number): (number | null)[] {
  const { steps, values, means = values } = series;
  const rhythm = series.rhythm || 1;
  let sum = 0, weight = 0, before: number | undefined;
  return values.map((value, i) => {
    const mean = means[i];
    const distance = before === undefined ? 0 : (steps[i] - before) / rhythm;
    const keep = Math.exp(-distance / memory);
    before = steps[i];
    [sum, weight] = [sum * keep, weight * keep];
    if (mean !== null) {
      // A stretch stands for all its measurements, shared by the values that were kept of it.
      const count = Math.max(1, distance);
      const share = (1 - Math.exp(-count / memory)) / (1 - Math.exp(-1 / memory));
      [sum, weight] = [sum + share * mean, weight + share];
    }
    return value === null || weight === 0 ? null : sum / weight;
  });
}

/** Whether a chance level is known. */
export function hasChance(chance: number | null | undefined): chance is number {
  return typeof chance === "number";
}
