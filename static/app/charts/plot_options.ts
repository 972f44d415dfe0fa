/**
 * How uPlot draws a chart and what it does with pointers.
 *
 * @module
 */

import uPlot from "uplot";
import { cssColour } from "../hooks.ts";
import { ticksOf, tickText } from "./axis_text.ts";
import type { ChartView } from "./chart_view.ts";
import type { Drawing, Stroke } from "./chart_data.ts";

const font = "11px system-ui, sans-serif";

/** Patterns of dashes, by number; the first is an unbroken line. CSS pixels. */
export const dashes: readonly number[][] = [[], [9, 4], [2, 3], [9, 3, 2, 3], [16, 4], [5, 2]];

/** Where the pointer is: a place in the data, and pixels from the plot's corner. */
export interface Hover {
  index: number;
  x: number;
  left: number;
  top: number;
  /** Whether the pointer is over this chart, not over another one that it follows. */
  isHere: boolean;
}

/** What a chart's drawing depends on. */
export interface PlotSettings {
  drawing: () => Drawing;
  view: ChartView;
  points: boolean;
  /** Fixed lower end of the y axis. */
  from: number | undefined;
  ticks: (values: readonly number[], isLog: boolean) => string[];
  onHover: (hover: Hover | null) => void;
  onZoom: (range: [number, number] | null) => void;
  onPan: (share: number) => void;
}

/** Options for uPlot. */
export function plotOptions(settings: PlotSettings): Omit<uPlot.Options, "width" | "height"> {
  const { view, points, from, ticks } = settings;
  const { strokes, bands } = settings.drawing();
  const axis: uPlot.Axis = {
    stroke: () => cssColour("--muted"),
    grid: { stroke: () => cssColour("--grid"), width: 1 },
    ticks: { show: false },
    font,
  };
  // uPlot's own logarithmic ticks begin at the axis's end, round or not.
  const logarithmic: Partial<uPlot.Axis> = {
    splits: (_plot, _axis, low, high) => ticksOf([low, high], true),
    filter: (_plot, ticks) => ticks,
  };
  const spanOf = (plot: uPlot) => (plot.scales.x.max ?? 1) - (plot.scales.x.min ?? 0);
  return {
    legend: { show: false },
    padding: [8, 10, 0, 0],
    cursor: cursorOptions(settings),
    scales: {
      x: { time: false, distr: view.logX ? 3 : 1, range: (_plot, low, high) => xRange(low, high, view.logX) },
      y: { distr: view.logY ? 3 : 1, range: (_plot, low, high) => yRange(low, high, { view, from }) },
    },
    axes: [
      {
        ...axis,
        ...(view.logX ? logarithmic : {}),
        size: 26,
        space: 60,
        values: (plot, ticks) => ticks.map((x) => tickText(x, view.x, spanOf(plot))),
      },
      {
        ...axis,
        ...(view.logY ? logarithmic : {}),
        size: 46,
        space: 34,
        // uPlot leaves out, as null, what would stand too close.
        values: (_plot, splits) => textsOf(splits, (values) => ticks(values, view.logY)),
      },
    ],
    series: [{}, ...strokes.map((stroke) => seriesOptions(stroke, points))],
    bands: bands.map(({ high, low, colour }) => ({
      series: [high, low],
      fill: () => `color-mix(in srgb, ${cssColour(`--c${colour}`)} 16%, transparent)`,
    })),
    hooks: {
      draw: [(plot) => drawMarks(plot, settings.drawing())],
      setSelect: [(plot) => {
        const { left, width } = plot.select;
        if (width < 4) return;
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        settings.onZoom([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
      }],
      setCursor: [(plot) => {
        const { idx, left = -1, top = -1, event } = plot.cursor;
        const isOn = idx !== null && idx !== undefined && left >= 0;
        settings.onHover(
          isOn ? { index: idx, x: plot.data[0][idx], left, top, isHere: event != null } : null,
        );
      }],
    },
  };
}

/** Texts for the ticks that are there. */
function textsOf(
  splits: readonly (number | null)[],
  write: (values: readonly number[]) => string[],
): (string | null)[] {
  const texts = write(splits.filter((split) => split !== null)).values();
  return splits.map((split) => split === null ? null : texts.next().value!);
}

/** Drag to zoom, shift and drag to move, twice to see all; the cursors of all charts go together. */
function cursorOptions({ onZoom, onPan }: PlotSettings): uPlot.Cursor {
  const follows = (type: string) => type === "mousemove" || type === "mouseleave";
  return {
    y: false,
    points: { size: 6 },
    sync: { key: "x", scales: ["x", null], filters: { pub: follows, sub: follows } },
    drag: { x: true, y: false, setScale: false, dist: 4 },
    bind: {
      dblclick: () => () => {
        onZoom(null);
        return null;
      },
      mousedown: (plot, _target, handler) => (event) => {
        if (!event.shiftKey) return handler(event);
        let before = event.clientX;
        const ending = new AbortController();
        const { signal } = ending;
        addEventListener("mousemove", (move) => {
          onPan((before - move.clientX) / plot.over.clientWidth);
          before = move.clientX;
        }, { signal });
        addEventListener("mouseup", () => ending.abort(), { signal });
        return null;
      },
    },
  };
}

function seriesOptions({ colour, dash, kind }: Stroke, points: boolean): uPlot.Series {
  return {
    stroke: () => cssColour(`--c${colour}`),
    width: { line: 2, faint: 1, chance: 1, edge: 0 }[kind],
    alpha: { line: 1, faint: 0.32, chance: 0.85, edge: 1 }[kind],
    dash: kind === "chance" ? [5, 5] : dashes[dash % dashes.length],
    points: {
      show: kind === "line" && (points || undefined),
      size: 5,
      fill: () => cssColour(`--c${colour}`),
    },
  };
}

/** Values that were not finite, as crosses at the foot of the plot: they have no height of their own. */
function drawMarks(plot: uPlot, { marks }: Drawing): void {
  const { ctx, bbox } = plot;
  const size = 3.5 * devicePixelRatio;
  const y = bbox.top + bbox.height - 2 * size;
  ctx.save();
  ctx.setLineDash([]);
  ctx.lineWidth = 1.6 * devicePixelRatio;
  for (const { x, colour } of marks) {
    const place = plot.valToPos(x, "x", true);
    if (place < bbox.left || place > bbox.left + bbox.width) continue;
    ctx.strokeStyle = cssColour(`--c${colour}`);
    ctx.beginPath();
    ctx.moveTo(place - size, y - size);
    ctx.lineTo(place + size, y + size);
    ctx.moveTo(place - size, y + size);
    ctx.lineTo(place + size, y - size);
    ctx.stroke();
  }
  ctx.restore();
}

/** The whole of the data across, never empty. */
export function xRange(low: number | null, high: number | null, isLog: boolean): [number, number] {
  if (low === null || high === null || !(low <= high)) return isLog ? [1, 10] : [0, 1];
  if (low < high) return [low, high];
  return isLog ? [low / 2, high * 2] : [low - 1, high + 1];
}

/** Room around the data. */
export function yRange(
  low: number | null,
  high: number | null,
  { view, from }: { view: Pick<ChartView, "logY">; from: number | undefined },
): [number, number] {
  if (low === null || high === null) return view.logY ? [0.1, 1] : [0, 1];
  if (view.logY) {
    const margin = Math.max(1.05, (high / low) ** 0.06);
    return [low / margin, high * margin];
  }
  const margin = (high - low || Math.abs(high) || 1) * 0.06;
  return [from ?? low - margin, high + margin];
}
