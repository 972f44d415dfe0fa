/**
 * Lines over an axis: one in front with its interval, others faint behind it, levels dashed.
 *
 * As in {@linkcode intervalPlot}, places across are in percent and text keeps its size; lines are drawn in a nested
 * picture of 100 × 100 that is stretched.
 *
 * @module
 */

import { coordinate, html, type Markup } from "./markup.ts";
import type { Scale } from "./scale.ts";

/** A point in the units of the axes. */
export type Point = readonly [number, number];

/** An axis with its words. */
export interface Axis {
  /** What it shows. */
  title: string;
  /** Where numbers lie. */
  scale: Scale;
  /** Writes a tick. */
  text: (tick: number) => string;
}

/** What to draw. */
export interface CurvePlotOptions {
  /** Unique on the page. */
  id: string;
  /** For people. */
  title: string;
  /** What the plot shows, in words. */
  description: string;
  /** To the right. */
  x: Axis;
  /** Up. */
  y: Axis;
  /** The line in front. */
  line: readonly Point[];
  /** Whether its points are marked. */
  hasMarks?: boolean;
  /** Lower and upper ends around the line. */
  band?: readonly { x: number; interval: readonly [number, number] }[];
  /** The same of others, to compare with. */
  faint?: readonly (readonly Point[])[];
  /** A dashed level with its name. */
  level?: { value: number; title: string };
  /** A dotted line, as the diagonal. */
  guide?: readonly Point[];
}

const left = 13;
const width = 85;
const top = 24;
const height = 150;

/** A plot as inline SVG. */
export function curvePlot(options: CurvePlotOptions): Markup {
  const { id, title, description, x, y, line, band, faint, level, guide } = options;
  const across = (value: number) => `${coordinate(left + width * x.scale.place(value))}%`;
  const down = (value: number) => coordinate(top + height * (1 - y.scale.place(value)));
  const points = (some: readonly Point[]) =>
    some.map(([a, b]) => `${coordinate(100 * x.scale.place(a))},${coordinate(100 * (1 - y.scale.place(b)))}`)
      .join(" ");
  const polyline = (kind: string, some: readonly Point[]) =>
    html`
      <polyline class="${kind}" points="${points(some)}" vector-effect="non-scaling-stroke" />
    `;
  return html`
    <svg class="plot" role="img" aria-labelledby="${id}-title ${id}-description" width="100%"
      height="${top + height + 40}"><title id="${id}-title">${title}</title>
        <desc id="${id}-description">${description}</desc>${axes(x, y, across, down)}
        <svg x="${left}%" y="${top}" width="${width}%" height="${height}" viewBox="0 0 100 100"
          preserveAspectRatio="none">${band
            ? html`
              <polygon class="band" points="${points(outline(band))}" />
            `
            : null}${(faint ?? []).map((other) => polyline("faint", other))}${guide
            ? polyline("guide", guide)
            : null}${polyline("curve", line)}</svg>${level
            ? levelLine(level, line, y.scale)
            : null}${options.hasMarks
            ? line.map(([a, b]) =>
              html`
                <circle class="mark" cx="${across(a)}" cy="${down(b)}" r="3.2" />
              `
            )
            : null}</svg>
  `;
}

function outline(band: NonNullable<CurvePlotOptions["band"]>): Point[] {
  const lower = band.map(({ x, interval }): Point => [x, interval[0]]);
  return [...lower, ...band.toReversed().map(({ x, interval }): Point => [x, interval[1]])];
}

function axes(x: Axis, y: Axis, across: (value: number) => string, down: (value: number) => number): Markup {
  const bottom = top + height;
  const anchor = (tick: number) => x.scale.place(tick) > 0.93 ? "end" : "middle";
  return html`
    ${y.scale.ticks.map((tick) =>
      html`
        <line class="grid" x1="${left}%" x2="${left + width}%" y1="${down(tick)}" y2="${down(tick)}" />
        <text class="tick" x="${left - 1.5}%" y="${down(tick) + 4}" text-anchor="end">${y.text(tick)}</text>
      `
    )}${x.scale.ticks.map((tick) =>
      html`<text class="tick" x="${across(tick)}" y="${bottom + 16}" text-anchor="${anchor(tick)}">${
        x.text(tick)
      }</text>`
    )}<text class="axis-title" x="0" y="10">${y.title}</text>
    <text class="axis-title" x="${left + width / 2}%" y="${bottom + 34}"
      text-anchor="middle">${x.title}</text>
  `;
}

/** The name stands above the level, or beneath it at the top of the plot, at the end where the curve is further off. */
function levelLine(
  { value, title }: NonNullable<CurvePlotOptions["level"]>,
  line: readonly Point[],
  scale: Scale,
): Markup {
  const place = scale.place(value);
  const y = coordinate(top + height * (1 - place));
  const [first, last] = [line[0], line.at(-1)].map((point) => point ? Math.abs(point[1] - value) : 0);
  const isLeft = first > 1.5 * last;
  return html`
    <line class="chance" x1="${left}%" x2="${left + width}%" y1="${y}" y2="${y}" />
    <text class="chance-label" x="${isLeft ? left + 1 : left + width}%" y="${place > 0.85
      ? y + 13
      : y - 4}" text-anchor="${isLeft ? "start" : "end"}">${title}</text>
  `;
}
