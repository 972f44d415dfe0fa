import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { formatCount, formatNumber, formatShare, formatTick } from "../format.ts";
import { cssColour, isDark } from "../hooks.ts";
import { chartData, hasChance, type Line, type Stroke, strokesOf } from "./chart_data.ts";

const height = 168;
const font = "11px system-ui, sans-serif";

/** How a chart writes its values. */
export interface NumberStyle {
  value: (value: number | null | undefined) => string;
  tick: (value: number) => string;
}

const plain: NumberStyle = { value: formatNumber, tick: formatTick };
/** Shares from 0 to 1 in percent. */
export const percent: NumberStyle = { value: formatShare, tick: (value) => `${formatTick(value * 100)} %` };

/** What a chart shows. */
export interface LineChartProps {
  title: string;
  /** A word beside the title. */
  note?: string;
  lines: Line[];
  style?: NumberStyle;
  /** Fixed lower end of the y axis. */
  from?: number;
  /** Whether single points are marked, for metrics that are measured rarely. */
  points?: boolean;
}

/** Lines over the steps, with the newest values, those under the pointer, and chance dashed. */
export function LineChart({ title, note, lines, style = plain, from, points = false }: LineChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const hovered = useSignal<number | null>(null);
  const strokes = strokesOf(lines);
  const data = chartData(lines);
  const count = data[0].length;

  // Colours are read when the chart is made, so another scheme means another chart.
  useEffect(() => {
    const element = host.current!;
    const options = plotOptions({ strokes, points, from, style, onHover: (step) => hovered.value = step });
    const chart = new uPlot({ ...options, width: element.clientWidth, height }, data, element);
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [JSON.stringify(strokes), isDark.value]);
  useEffect(() => plot.current?.setData(data), [data]);

  return (
    <figure class="panel chart" data-points={count}>
      <figcaption>
        <h3>{title}</h3>
        <HoverNote step={hovered} note={note} />
      </figcaption>
      <ul class="legend">
        {lines.map((line) => <LegendItem key={line.label} line={line} step={hovered} style={style} />)}
      </ul>
      <div class="plot" ref={host} role="img" aria-label={summary(title, lines, style)} />
      {count === 0 && <p class="muted small empty">Nothing yet</p>}
    </figure>
  );
}

function HoverNote({ step, note }: { step: Signal<number | null>; note?: string }) {
  return <span class="muted small">{step.value === null ? note : `step ${formatCount(step.value)}`}</span>;
}

function LegendItem({ line, step, style }: { line: Line; step: Signal<number | null>; style: NumberStyle }) {
  const missing = line.series.values.filter((value) => value === null).length;
  return (
    <li>
      <i class={`swatch c${line.colour}`} />
      {line.label} <b>{style.value(valueAt(line, step.value))}</b>
      {hasChance(line.chance) && (
        <span class="muted">{line.chanceLabel ?? "chance"} {style.value(line.chance)}</span>
      )}
      {missing > 0 && <em class="warning">{formatCount(missing)} not finite</em>}
    </li>
  );
}

function valueAt({ series }: Line, step: number | null): number | null {
  if (step === null) return series.values.findLast((value) => value !== null) ?? null;
  const index = series.steps.findLastIndex((s) => s <= step);
  return series.values[index] ?? null;
}

function summary(title: string, lines: Line[], style: NumberStyle): string {
  const parts = lines.map((line) => {
    const chance = hasChance(line.chance)
      ? `, ${line.chanceLabel ?? "chance"} ${style.value(line.chance)}`
      : "";
    return `${line.label} ${style.value(valueAt(line, null))}${chance}`;
  });
  const last = Math.max(0, ...lines.map((line) => line.series.steps.at(-1) ?? 0));
  return `${title} up to step ${last}: ${parts.join("; ")}`;
}

interface PlotSettings {
  strokes: Stroke[];
  points: boolean;
  from: number | undefined;
  style: NumberStyle;
  onHover: (step: number | null) => void;
}

function plotOptions(
  { strokes, points, from, style, onHover }: PlotSettings,
): Omit<uPlot.Options, "width" | "height"> {
  const axis: uPlot.Axis = {
    stroke: () => cssColour("--muted"),
    grid: { stroke: () => cssColour("--grid"), width: 1 },
    ticks: { show: false },
    font,
  };
  return {
    legend: { show: false },
    padding: [8, 8, 0, 0],
    cursor: { y: false, points: { size: 6 }, sync: { key: "steps" }, drag: { x: false, y: false } },
    scales: { x: { time: false }, y: { range: (_plot, low, high) => paddedRange(low, high, from) } },
    axes: [
      { ...axis, size: 26, values: (_plot, ticks) => ticks.map(shortStep), space: 60 },
      { ...axis, size: 44, values: (_plot, ticks) => ticks.map(style.tick), space: 34 },
    ],
    series: [{}, ...strokes.map((stroke) => seriesOptions(stroke, points))],
    hooks: {
      setCursor: [(plot) => {
        const index = plot.cursor.idx;
        onHover(index === null || index === undefined ? null : plot.data[0][index] ?? null);
      }],
    },
  };
}

function seriesOptions({ colour, kind }: Stroke, points: boolean): uPlot.Series {
  return {
    stroke: () => cssColour(`--c${colour}`),
    width: kind === "line" ? 2 : 1,
    alpha: kind === "faint" ? 0.3 : kind === "dashed" ? 0.8 : 1,
    dash: kind === "dashed" ? [5, 5] : undefined,
    points: { show: points && kind === "line", size: 5, fill: () => cssColour(`--c${colour}`) },
  };
}

function paddedRange(low: number | null, high: number | null, from: number | undefined): uPlot.Range.MinMax {
  if (low === null || high === null) return [0, 1];
  const margin = (high - low || Math.abs(high) || 1) * 0.06;
  return [from ?? low - margin, high + margin];
}

function shortStep(step: number): string {
  if (step >= 1e6) return `${step / 1e6}M`;
  return step >= 1e4 ? `${step / 1e3}k` : formatCount(step);
}
