/**
 * Dots with intervals: one metric, a line for each row, chance as a dashed line.
 *
 * Places across are in percent of the width and places down in pixels, so that the plot takes any width while its text
 * keeps its size.
 *
 * @module
 */

import type { Figure, MetricInfo } from "../report.ts";
import { fixed, isNumber, type NumberFormat } from "../report_numbers.ts";
import { commonChance, extentOf } from "../report_reading.ts";
import { coordinate, html, type Markup, shortened } from "./markup.ts";
import { linearScale, type Scale, tickDecimals } from "./scale.ts";

/** How a row's mean is drawn: rows of the comparison, controls, baselines without a network. */
export type Mark = "dot" | "diamond" | "square";

/** One line of the plot. */
export interface IntervalPlotRow {
  /** For people. */
  title: string;
  /** What is drawn at its mean. */
  mark: Mark;
  /** What is drawn. */
  figure: Figure;
}

/** What to draw. */
export interface IntervalPlotOptions {
  /** Unique on the page. */
  id: string;
  /** Of all rows. */
  metric: Pick<MetricInfo, "title" | "unit">;
  /** From top to bottom. */
  rows: readonly IntervalPlotRow[];
  /** Writes the metric's numbers. */
  format: NumberFormat;
}

const lineHeight = 42;
const axisHeight = 38;
/** Where the part of a line beneath its label begins; the chance line's dashes leave labels free. */
const laneTop = 17;
/** Room to the left and right of the scale, percent. */
const margin = 2;

/** A plot as inline SVG; its description says all it shows. */
export function intervalPlot({ id, metric, rows, format }: IntervalPlotOptions): Markup {
  const figures = rows.map(({ figure }) => figure);
  const chance = commonChance(figures);
  const scale = linearScale(extentOf(figures, [chance]) ?? [0, 1]);
  const across = (value: number) => `${coordinate(margin + (100 - 2 * margin) * scale.place(value))}%`;
  const bottom = rows.length * lineHeight + 4;
  return html`
    <svg class="plot" role="img" aria-labelledby="${id}-title ${id}-description" width="100%"
      height="${bottom + axisHeight}"><title id="${id}-title">${metric.title}</title>
        <desc id="${id}-description">${described(rows, chance, format)}</desc>
        ${scale.ticks.map((tick) =>
          html`
            <line class="grid" x1="${across(tick)}" x2="${across(tick)}" y1="0" y2="${bottom}" />
            <text class="tick" x="${across(tick)}" y="${bottom + 15}" text-anchor="${anchorAt(
              scale,
              tick,
            )}">${tickText(tick, scale, format)}</text>
          `
        )}
        ${chance === null ? null : chanceLine({ chance, scale, across, bottom, format })}
        ${rows.map((row, i) => plotRow(row, i * lineHeight, across, format))}</svg>
  `;
}

function anchorAt(scale: Scale, tick: number): string {
  if (tick === scale.domain[0]) return "start";
  return tick === scale.domain[1] ? "end" : "middle";
}

function tickText(tick: number, scale: Scale, format: NumberFormat): string {
  const factor = format.unit === "%" ? 100 : 1;
  const decimals = Math.max(0, tickDecimals(scale) - (factor === 100 ? 2 : 0));
  return `${fixed(factor * tick, decimals)}${format.unit && `\u00a0${format.unit}`}`;
}

interface ChanceLineOptions {
  chance: number;
  scale: Scale;
  across: (value: number) => string;
  bottom: number;
  format: NumberFormat;
}

function chanceLine({ chance, scale, across, bottom, format }: ChanceLineOptions): Markup {
  const anchor = scale.place(chance) < 0.2 ? "start" : scale.place(chance) > 0.8 ? "end" : "middle";
  return html`
    <line class="chance lanes" x1="${across(chance)}" x2="${across(chance)}" y1="${laneTop}" y2="${bottom}" />
    <text class="chance-label" x="${across(chance)}" y="${bottom +
      32}" text-anchor="${anchor}">chance ${format.withUnit(chance)}</text>
  `;
}

function plotRow(
  { title, mark, figure }: IntervalPlotRow,
  top: number,
  across: (value: number) => string,
  format: NumberFormat,
): Markup {
  const middle = top + 26;
  const { value, interval } = figure;
  const runs = figure.runs.length < 2 ? [] : figure.runs.filter(isNumber);
  return html`<g><text class="label" x="0" y="${top + 13}">${shortened(title, 38)}</text>
    <text class="number" x="100%" y="${top + 13}" text-anchor="end">${format.withUnit(value)}</text>${
    interval?.every(isNumber)
      ? html`
        <line class="whisker" x1="${across(interval[0])}" x2="${across(
          interval[1],
        )}" y1="${middle}" y2="${middle}" />
      `
      : null
  }${
    runs.map((run) =>
      html`
        <circle class="run" cx="${across(run)}" cy="${middle + 8}" r="2.2" />
      `
    )
  }${markAt(mark, across(value), middle)}</g>`;
}

/** Marks differ in shape; a nested svg carries the place in percent. */
function markAt(mark: Mark, x: string, y: number): Markup {
  if (mark === "dot") {
    return html`
      <circle class="mark" cx="${x}" cy="${y}" r="4.5" />
    `;
  }
  const path = mark === "diamond" ? "M0-6.5 6.5 0 0 6.5-6.5 0Z" : "M-4.5-4.5h9v9h-9Z";
  return html`
    <svg x="${x}" y="${y}" overflow="visible">
      <path class="mark hollow" d="${path}" />
    </svg>
  `;
}

function described(rows: readonly IntervalPlotRow[], chance: number | null, format: NumberFormat): string {
  const parts = rows.map(({ title, figure }) =>
    `${title} ${format.withUnit(figure.value)} ${format.interval(figure.interval)}`.trim()
  );
  return `${parts.join("; ")}.${chance === null ? "" : ` Chance is ${format.withUnit(chance)}.`}`;
}
