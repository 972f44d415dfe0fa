import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { formatCount, formatNumber } from "../format.ts";
import { cssColour, isDark } from "../hooks.ts";
import { chartData, hasChance, type Line, type Stroke, strokesOf } from "./chart_data.ts";

const height = 168;
const font = "11px system-ui, sans-serif";

/** What a chart shows. */
export interface LineChartProps {
  title: string;
  lines: Line[];
  format?: (value: number | null | undefined) => string;
  /** Fixed lower end of the y axis. */
  from?: number;
  /** Whether single points are marked, for metrics that are measured rarely. */
  points?: boolean;
}

/** Lines over the steps, with the newest values, those under the pointer, and chance dashed. */
export function LineChart({ title, lines, format = formatNumber, from, points = false }: LineChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const hovered = useSignal<number | null>(null);
  const strokes = strokesOf(lines);
  const shape = JSON.stringify(strokes);
  const data = chartData(lines);
  const count = data[0].length;
  const dark = isDark.value;

  useEffect(() => {
    const element = host.current!;
    const options = plotOptions({ strokes, points, from, format, onHover: (step) => hovered.value = step });
    const chart = new uPlot({ ...options, width: element.clientWidth, height }, data, element);
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(data), [data]);
  useEffect(() => plot.current?.redraw(), [dark]);

  return (
    <figure class="panel chart" data-points={count}>
      <figcaption>
        <h3>{title}</h3>
        <span class="muted small">{hovered.value !== null && `step ${formatCount(hovered.value)}`}</span>
      </figcaption>
      <ul class="legend">
        {lines.map((line) => (
          <LegendItem
            key={line.label}
            line={line}
            step={hovered.value}
            format={format}
          />
        ))}
      </ul>
      <div class="plot" ref={host} role="img" aria-label={summary(title, lines, format)} />
      {count === 0 && <p class="muted small empty">Nothing yet</p>}
    </figure>
  );
}

function LegendItem(
  { line, step, format }: { line: Line; step: number | null; format: NonNullable<LineChartProps["format"]> },
) {
  const missing = line.series.values.filter((value) => value === null).length;
  return (
    <>
      <li>
        <i class={`swatch c${line.colour}`} />
        {line.label} <b>{format(valueAt(line, step))}</b>
        {missing > 0 && <em class="warning">{formatCount(missing)} not finite</em>}
      </li>
      {hasChance(line.chance) && (
        <li class="muted">
          <i class={`swatch dashed c${line.colour}`} />
          {line.chanceLabel ?? "chance"} {format(line.chance)}
        </li>
      )}
    </>
  );
}

function valueAt({ series }: Line, step: number | null): number | null {
  if (step === null) return series.values.findLast((value) => value !== null) ?? null;
  const index = series.steps.findLastIndex((s) => s <= step);
  return series.values[index] ?? null;
}

function summary(title: string, lines: Line[], format: NonNullable<LineChartProps["format"]>): string {
  const parts = lines.map((line) => {
    const chance = hasChance(line.chance) ? `, ${line.chanceLabel ?? "chance"} ${format(line.chance)}` : "";
    return `${line.label} ${format(valueAt(line, null))}${chance}`;
  });
  const last = Math.max(0, ...lines.map((line) => line.series.steps.at(-1) ?? 0));
  return `${title} up to step ${last}: ${parts.join("; ")}`;
}

interface PlotSettings {
  strokes: Stroke[];
  points: boolean;
  from: number | undefined;
  format: NonNullable<LineChartProps["format"]>;
  onHover: (step: number | null) => void;
}

function plotOptions(
  { strokes, points, from, format, onHover }: PlotSettings,
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
      { ...axis, size: 46, values: (_plot, ticks) => ticks.map((value) => format(value)), space: 34 },
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
