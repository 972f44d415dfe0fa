/**
 * A chart as an SVG drawing that needs nothing else.
 *
 * @module
 */

import type { Line, Track } from "./chart_data.ts";
import { tracksOf } from "./chart_data.ts";
import { ticksOf } from "./axis_text.ts";
import type { ChartView } from "./chart_view.ts";

/** What a drawing is made from. */
export interface SvgChart {
  title: string;
  lines: readonly Line[];
  view: ChartView;
  /** Ends of the axes, as shown. */
  x: [number, number];
  y: [number, number];
  xTick: (x: number) => string;
  yTicks: (values: readonly number[]) => string[];
  xName: string;
  colours: { background: string; text: string; muted: string; grid: string; lines: readonly string[] };
  dashes: readonly (readonly number[])[];
}

const [width, height] = [720, 400];
const box = { left: 64, right: 700, top: 56, bottom: 350 };

/** The drawing's source; every text in it is escaped. */
export function chartSvg(chart: SvgChart): string {
  const { view, colours, lines } = chart;
  const across = placer(chart.x, view.logX, box.left, box.right);
  const up = placer(chart.y, view.logY, box.bottom, box.top);
  const yTicks = ticksOf(chart.y, view.logY);
  const yTexts = chart.yTicks(yTicks);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escaped(chart.title)}</title>`,
    `<rect width="${width}" height="${height}" fill="${colours.background}"/>`,
    `<clipPath id="plot"><rect x="${box.left}" y="${box.top}" width="${box.right - box.left}" ` +
    `height="${box.bottom - box.top}"/></clipPath>`,
    text(chart.title, [box.left, 22], { fill: colours.text, more: `font-size="15" font-weight="600"` }),
    ...ticksOf(chart.x, view.logX).map((x) =>
      text(chart.xTick(x), [across(x), box.bottom + 18], { fill: colours.muted, more: middle })
    ),
    text(chart.xName, [(box.left + box.right) / 2, box.bottom + 38], { fill: colours.muted, more: middle }),
    ...yTicks.map((y, i) =>
      `<path d="M${box.left} ${fixed(up(y))}H${box.right}" stroke="${colours.grid}"/>` +
      text(yTexts[i], [box.left - 8, up(y) + 4], { fill: colours.muted, more: `text-anchor="end"` })
    ),
    legend(chart),
    `<g clip-path="url(#plot)" fill="none">`,
    ...lines.flatMap((line) => drawLine(line, chart, { across, up })),
    `</g></svg>`,
  ];
  return parts.join("\n");
}

const middle = `text-anchor="middle"`;

type Placer = (value: number) => number;

function placer([low, high]: [number, number], isLog: boolean, from: number, to: number): Placer {
  const scale = isLog ? Math.log : (value: number) => value;
  return (value) => from + ((scale(value) - scale(low)) / (scale(high) - scale(low) || 1)) * (to - from);
}

function legend({ lines, colours, dashes }: SvgChart): string {
  let x = box.left;
  return lines.map((line) => {
    const at = x;
    x += 44 + 6.6 * line.label.length;
    return `<path d="M${at} 40h24" stroke="${
      colours.lines[line.colour - 1]
    }" stroke-width="2.5" stroke-dasharray="${dashes[(line.dash ?? 0) % dashes.length].join(" ")}"/>` +
      text(line.label, [at + 30, 44], { fill: colours.text });
  }).join("");
}

function drawLine(line: Line, chart: SvgChart, { across, up }: { across: Placer; up: Placer }): string[] {
  const colour = chart.colours.lines[line.colour - 1];
  const { tracks, marks } = tracksOf(line, chart.view);
  const [high, low] = tracks.filter(({ stroke }) => stroke.kind === "edge");
  const out: string[] = [];
  if (high && low) out.push(area(high, low, { across, up, colour }));
  for (const track of tracks) {
    if (track.stroke.kind === "edge") continue;
    const look =
      { line: `stroke-width="2"`, faint: `opacity="0.32"`, chance: `opacity="0.85"` }[track.stroke.kind];
    const dash = track.stroke.kind === "chance"
      ? [5, 5]
      : chart.dashes[track.stroke.dash % chart.dashes.length];
    out.push(
      `<path d="${pathOf(track, across, up)}" stroke="${colour}" ${look} stroke-dasharray="${
        dash.join(" ")
      }"/>`,
    );
  }
  for (const { x } of marks) {
    const [cx, cy] = [fixed(across(x)), box.bottom - 8];
    out.push(`<path d="M${cx} ${cy}m-4-4l8 8m0-8l-8 8" stroke="${colour}" stroke-width="1.6"/>`);
  }
  return out;
}

function pathOf({ x, y }: Track, across: Placer, up: Placer): string {
  let isDown = false;
  return x.map((place, i) => {
    const value = y[i];
    if (value === null) return (isDown = false, "");
    const command = isDown ? "L" : "M";
    isDown = true;
    return `${command}${fixed(across(place))} ${fixed(up(value))}`;
  }).join("");
}

function area(
  high: Track,
  low: Track,
  { across, up, colour }: { across: Placer; up: Placer; colour: string },
): string {
  const places = high.x.map((x, i) => [x, high.y[i], low.y[i]] as const)
    .filter((place): place is readonly [number, number, number] => place[1] !== null && place[2] !== null);
  const there = places.map(([x, top]) => `${fixed(across(x))} ${fixed(up(top))}`);
  const back = places.toReversed().map(([x, , bottom]) => `${fixed(across(x))} ${fixed(up(bottom))}`);
  return there.length === 0
    ? ""
    : `<path d="M${[...there, ...back].join("L")}Z" fill="${colour}" opacity="0.16"/>`;
}

function text(
  content: string,
  [x, y]: [number, number],
  { fill, more = "" }: { fill: string; more?: string },
): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" fill="${fill}" ${more}>${escaped(content)}</text>`;
}

function fixed(value: number): string {
  return String(Number(value.toFixed(2)));
}

/** A text in XML; characters that XML does not know are left out. */
export function escaped(content: string): string {
  return content.toWellFormed().replace(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]/gu, "")
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
