import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { formatCount, formatNumber, formatShare } from "../format.ts";
import { isDark } from "../hooks.ts";
import { route, setQuery } from "../router.ts";
import { percentTicks, placeText, valueTicks } from "./axis_text.ts";
import { drawingOf, hasChance, type Line } from "./chart_data.ts";
import { type ChartView, chartViewOf, panRange, rangeQuery, zoomRange } from "./chart_view.ts";
import { ChartMenu } from "./ChartMenu.tsx";
import { latestOf, missingOf, valueAt } from "./line_values.ts";
import { dashes, type Hover, plotOptions, xRange } from "./plot_options.ts";

const height = 176;

/** How a chart writes its values. */
export interface NumberStyle {
  value: (value: number | null | undefined) => string;
  ticks: (values: readonly number[], isLog: boolean) => string[];
}

const plain: NumberStyle = { value: formatNumber, ticks: valueTicks };
/** Shares from 0 to 1 in percent. */
export const percent: NumberStyle = { value: formatShare, ticks: percentTicks };

/** What a chart shows. */
export interface LineChartProps {
  title: string;
  /** A word beside the title. */
  note?: string;
  lines: Line[];
  style?: NumberStyle;
  /** Fixed lower end of the y axis, unless that is logarithmic. */
  from?: number;
  /** Whether single points are marked, for metrics that are measured rarely. */
  points?: boolean;
  /** Where all values of the lines are, as CSV. */
  csv?: string;
}

/**
 * Lines over steps, epochs or time, with the newest values, those under the pointer, and chance dashed. All charts of
 * a page share the stretch that is shown.
 */
export function LineChart(props: LineChartProps) {
  const { title, note, lines, style = plain, from } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const hovered = useSignal<Hover | null>(null);
  const view = chartViewOf(route.value.query);
  const drawing = drawingOf(lines, view);
  const latest = useRef({ drawing, view });
  latest.current = { drawing, view };
  const count = Math.max(0, ...lines.map((line) => line.series.steps.length));
  // A lone value is no line.
  const points = props.points || count < 3;
  const navigation = useNavigation(latest);

  // Colours are read when the chart is made, so another scheme means another chart.
  useEffect(() => {
    const element = host.current!;
    const options = plotOptions({
      drawing: () => latest.current.drawing,
      view,
      points,
      from,
      ticks: style.ticks,
      onHover: (hover) => hovered.value = hover,
      ...navigation,
    });
    const chart = new uPlot({ ...options, width: element.clientWidth, height }, drawing.data, element);
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [JSON.stringify([drawing.strokes, view.x, view.logX, view.logY, from, points]), isDark.value]);
  useEffect(() => {
    const [low, high] = view.range ?? wholeOf(drawing.data, view);
    const chart = plot.current!;
    chart.batch(() => {
      chart.setData(drawing.data, false);
      chart.setScale("x", { min: low, max: high });
    });
  }, [drawing]);

  return (
    <figure class="panel chart" data-points={count}>
      <figcaption>
        <h3>{title}</h3>
        <span class="row tight">
          <HoverNote hover={hovered} view={view} note={note} />
          <ChartMenu {...props} view={view} canvas={() => plot.current?.ctx.canvas ?? null} />
        </span>
      </figcaption>
      <ul class="legend">
        {lines.map((line) => <LegendItem key={line.label} {...{ line, hover: hovered, style, view }} />)}
        {drawing.unshown > 0 && (
          <li>
            <em class="warning">{formatCount(drawing.unshown)} not above 0 or unknown, not shown</em>
          </li>
        )}
      </ul>
      <div class="plot">
        <div
          ref={host}
          tabIndex={0}
          role="application"
          aria-label={`${summary(title, lines, style)}. Arrow keys move, plus and minus zoom, 0 shows all.`}
          onKeyDown={(event) => navigation.onKey(event)}
        />
        <Tooltip hover={hovered} lines={lines} style={style} view={view} />
      </div>
      {count === 0 && <p class="muted small empty">Nothing yet</p>}
    </figure>
  );
}

/** The whole of what is drawn across. */
function wholeOf(data: uPlot.AlignedData, view: ChartView): [number, number] {
  return xRange(data[0][0] ?? null, data[0].at(-1) ?? null, view.logX);
}

/** Zooming and moving, by pointer and by key; what changes is the page's address. */
function useNavigation(latest: { current: { drawing: ReturnType<typeof drawingOf>; view: ChartView } }) {
  const show = (range: [number, number] | null, step: "push" | "replace") =>
    setQuery(rangeQuery(range), step);
  const change = (to: (range: [number, number], whole: [number, number]) => [number, number] | null) => {
    const { drawing, view } = latest.current;
    const whole = wholeOf(drawing.data, view);
    show(to(view.range ?? whole, whole), "replace");
  };
  const pan = (share: number) =>
    change((range, whole) => panRange(range, { whole, share, isLog: latest.current.view.logX }));
  const zoom = (factor: number) =>
    change((range, whole) => zoomRange(range, { whole, factor, isLog: latest.current.view.logX }));
  return {
    onZoom: (range: [number, number] | null) => show(range, "push"),
    onPan: pan,
    onKey: (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "ArrowLeft") pan(-0.2);
      else if (event.key === "ArrowRight") pan(0.2);
      else if (event.key === "+" || event.key === "=") zoom(0.7);
      else if (event.key === "-") zoom(1 / 0.7);
      else if (event.key === "0") show(null, "push");
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
  };
}

function HoverNote({ hover, view, note }: { hover: Signal<Hover | null>; view: ChartView; note?: string }) {
  return <span class="muted small">{hover.value === null ? note : placeText(hover.value.x, view.x)}</span>;
}

interface LineReading {
  line: Line;
  style: NumberStyle;
  view: ChartView;
}

function LegendItem({ line, hover, style, view }: LineReading & { hover: Signal<Hover | null> }) {
  const missing = missingOf(line);
  const at = hover.value === null ? null : valueAt(line, hover.value.x, view);
  const value = hover.value === null ? style.value(latestOf(line)) : readingText(at, style);
  return (
    <li>
      <Swatch line={line} />
      <span class="label" title={line.label}>{line.label}</span>
      <b>{value}</b>
      {hasChance(line.chance) && (
        <span class="muted">{line.chanceLabel ?? "chance"} {style.value(line.chance)}</span>
      )}
      {missing > 0 && <em class="warning">× {formatCount(missing)} not finite</em>}
    </li>
  );
}

/** A line's colour and pattern. */
export function Swatch({ line }: { line: Pick<Line, "colour" | "dash"> }) {
  return (
    <svg class={`swatch c${line.colour}`} width="24" height="8" viewBox="0 0 24 8" aria-hidden="true">
      <path
        d="M0 4h24"
        stroke="currentColor"
        stroke-width="2.5"
        stroke-dasharray={dashes[(line.dash ?? 0) % dashes.length].join(" ")}
      />
    </svg>
  );
}

function readingText(at: ReturnType<typeof valueAt>, style: NumberStyle): string {
  if (at === null) return "–";
  return at.value === null ? "not finite" : style.value(at.value);
}

/** All lines at the place under the pointer. */
function Tooltip(
  { hover, lines, style, view }: Omit<LineReading, "line"> & {
    hover: Signal<Hover | null>;
    lines: Line[];
  },
) {
  const at = hover.value;
  if (!at?.isHere) return null;
  return (
    <div class="chart-tip" style={{ left: `clamp(96px, ${at.left + 46}px, calc(100% - 96px))` }}>
      <b>{placeText(at.x, view.x)}</b>
      {lines.map((line) => {
        const reading = valueAt(line, at.x, view);
        return (
          <span key={line.label} class="row tight">
            <Swatch line={line} />
            <span class="grow">{line.label}</span>
            <b>{readingText(reading, style)}</b>
            {reading?.interval && (
              <span class="muted">
                {style.value(reading.interval[0])}–{style.value(reading.interval[1])}
              </span>
            )}
            {reading && !reading.isHere && <span class="muted">of step {formatCount(reading.step)}</span>}
          </span>
        );
      })}
    </div>
  );
}

function summary(title: string, lines: Line[], style: NumberStyle): string {
  const parts = lines.map((line) => {
    const chance = hasChance(line.chance)
      ? `, ${line.chanceLabel ?? "chance"} ${style.value(line.chance)}`
      : "";
    return `${line.label} ${style.value(latestOf(line))}${chance}`;
  });
  const last = Math.max(0, ...lines.map((line) => line.series.steps.at(-1) ?? 0));
  return `${title} up to step ${last}: ${parts.join("; ")}`;
}
