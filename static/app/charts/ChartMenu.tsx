import { useRef } from "preact/hooks";
import { cssColour } from "../hooks.ts";
import { tickText, valueTicks, xNames } from "./axis_text.ts";
import { drawingOf } from "./chart_data.ts";
import type { ChartView } from "./chart_view.ts";
import { chartSvg, type SvgChart } from "./chart_svg.ts";
import type { LineChartProps } from "./LineChart.tsx";
import { dashes, xRange, yRange } from "./plot_options.ts";
import { save } from "./save_file.ts";

interface ChartMenuProps extends LineChartProps {
  view: ChartView;
  canvas: () => HTMLCanvasElement | null;
}

/** Saves the chart as it is shown, or all its values. */
export function ChartMenu(props: ChartMenuProps) {
  const menu = useRef<HTMLDetailsElement>(null);
  const act = (action: () => void) => () => {
    menu.current!.open = false;
    action();
  };
  return (
    <details
      class="menu"
      ref={menu}
      onKeyDown={(event) => event.key === "Escape" && (menu.current!.open = false)}
      onFocusOut={(event) => {
        if (!menu.current!.contains(event.relatedTarget as Node | null)) menu.current!.open = false;
      }}
    >
      <summary aria-label={`Save the chart ${props.title}`} title="Save">⤓</summary>
      <div class="menu-items">
        <button type="button" onClick={act(() => savePng(props))}>PNG</button>
        <button type="button" onClick={act(() => saveSvg(props))}>SVG</button>
        {props.csv && <a class="button" href={props.csv} download onClick={act(() => {})}>CSV</a>}
      </div>
    </details>
  );
}

function saveSvg(props: ChartMenuProps): void {
  save(new Blob([chartSvg(svgChart(props))], { type: "image/svg+xml" }), `${fileName(props.title)}.svg`);
}

/** What is shown of the chart, for a drawing of its own. */
function svgChart({ title, lines, view, style, from }: ChartMenuProps): SvgChart {
  const { data } = drawingOf(lines, view);
  const x = view.range ?? xRange(data[0][0] ?? null, data[0].at(-1) ?? null, view.logX);
  let [low, high] = [Infinity, -Infinity];
  for (const track of data.slice(1)) {
    track.forEach((value, i) => {
      if (typeof value !== "number" || data[0][i] < x[0] || data[0][i] > x[1]) return;
      [low, high] = [Math.min(low, value), Math.max(high, value)];
    });
  }
  const y = yRange(low <= high ? low : null, low <= high ? high : null, { view, from });
  return {
    title,
    lines,
    view,
    x,
    y,
    xTick: (place) => tickText(place, view.x, x[1] - x[0]),
    yTicks: (values) => (style?.ticks ?? valueTicks)(values, view.logY),
    xName: xNames[view.x],
    colours: {
      background: cssColour("--panel"),
      text: cssColour("--text"),
      muted: cssColour("--muted"),
      grid: cssColour("--grid"),
      lines: [1, 2, 3, 4, 5, 6].map((i) => cssColour(`--c${i}`)),
    },
    dashes,
  };
}

/** The plot as it stands on the page, with its title and the names of its lines. */
function savePng({ title, lines, canvas }: ChartMenuProps): void {
  const plot = canvas();
  if (!plot) return;
  const ratio = devicePixelRatio;
  const [left, head] = [14 * ratio, (34 + 18 * lines.length) * ratio];
  const picture = document.createElement("canvas");
  picture.width = plot.width + 2 * left;
  picture.height = plot.height + head + left;
  const context = picture.getContext("2d")!;
  context.fillStyle = cssColour("--panel");
  context.fillRect(0, 0, picture.width, picture.height);
  context.fillStyle = cssColour("--text");
  context.font = `600 ${15 * ratio}px system-ui, sans-serif`;
  context.fillText(title, left, 22 * ratio);
  context.font = `${12 * ratio}px system-ui, sans-serif`;
  lines.forEach((line, i) => {
    const y = (40 + 18 * i) * ratio;
    context.strokeStyle = cssColour(`--c${line.colour}`);
    context.lineWidth = 2.5 * ratio;
    context.setLineDash(dashes[(line.dash ?? 0) % dashes.length].map((length) => length * ratio));
    context.beginPath();
    context.moveTo(left, y - 4 * ratio);
    context.lineTo(left + 24 * ratio, y - 4 * ratio);
    context.stroke();
    context.fillText(line.label, left + 32 * ratio, y);
  });
  context.drawImage(plot, left, head);
  picture.toBlob((blob) => blob && save(blob, `${fileName(title)}.png`), "image/png");
}

function fileName(title: string): string {
  return title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "chart";
}
