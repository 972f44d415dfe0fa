/**
 * A report in sum for the terminal, in lines of at most 100 characters.
 *
 * @module
 */

import type { Figure, MetricInfo, ReportComparison, ReportRow, ReproductionReport } from "./report.ts";
import { metricGroups } from "./report.ts";
import {
  count,
  duration,
  isNumber,
  listed,
  noNumber,
  type NumberFormat,
  numberFormat,
  pValue,
  shownFigure,
} from "./report_numbers.ts";
import {
  clearWinner,
  commonChance,
  figuresOf,
  groupTitles,
  metricTitle,
  primaryMetrics,
  rowTitle,
  summarySentences,
} from "./report_reading.ts";

/** Longest line. */
export const textWidth = 100;
const labelWidth = 26;
const columnWidth = 23;
const columnsPerTable = Math.floor((textWidth - labelWidth) / (columnWidth + 1));

/**
 * Protocol, checks, rows by primary metrics with chance beneath, comparisons and verdict. Letters and signs alone, no
 * colours; control characters in names become "?".
 */
export function renderReportText(report: ReproductionReport): string {
  const blocks = [
    head(report),
    ...metricGroups.flatMap((group) => {
      const metrics = primaryMetrics(report).filter((metric) => metric.group === group);
      return inParts(metrics, columnsPerTable).map((part) => metricsTable(report, groupTitles[group], part));
    }),
    comparisonLines(report),
    checkLines(report),
    wrapped(summarySentences(report).join(" "), ""),
  ];
  return blocks.filter((lines) => lines.length > 0).map((lines) => lines.join("\n") + "\n").join("\n");
}

function head({ protocol, device, computeSeconds }: ReproductionReport): string[] {
  const { size, isSynthetic, seeds, folds, subjects } = protocol;
  return wrapped(
    `Reproduction, ${size}, on ${isSynthetic ? "narrated synthetic scans" : "real scans"}: seeds ${
      seeds.join(", ")
    }; ${count(folds)} folds; ${count(subjects.pretraining)} subjects for pretraining, ${
      count(subjects.transfer)
    } others for the tasks; ${device}; ${duration(computeSeconds)} of computing. ` +
      "Intervals are 95 %; * was found better than the next best and than all it was compared with.",
    "",
  );
}

/** Parts of about equal length, none longer than `limit`. */
function inParts<T>(items: readonly T[], limit: number): T[][] {
  const size = Math.ceil(items.length / Math.ceil(items.length / limit));
  return Array.from(
    { length: Math.ceil(items.length / size) || 0 },
    (_, i) => items.slice(i * size, (i + 1) * size),
  );
}

/** A table of a few metrics: their titles on as many lines as needed, the rows, baselines, chance. */
function metricsTable(report: ReproductionReport, title: string, metrics: readonly MetricInfo[]): string[] {
  const columns = metrics.map((metric) => {
    const format = numberFormat(metric, figuresOf(report, metric.key));
    const arrow = { higher: "↑", lower: "↓", chance: "→ chance" }[metric.better];
    const heading = `${plain(metric.title)}${format.unit && ` (${format.unit})`} ${arrow}`;
    return {
      key: metric.key,
      format,
      heading: wrapWords(heading, columnWidth),
      winner: clearWinner(report, metric),
      chance: commonChance(report.rows.flatMap(({ figures }) => shownFigure(figures[metric.key]) ?? [])),
    };
  });
  const height = Math.max(...columns.map(({ heading }) => heading.length));
  const headings = Array.from(
    { length: height },
    (_, line) => tableLine("", columns.map(({ heading }) => heading[line - (height - heading.length)] ?? "")),
  );
  const isShown = ({ figures }: Pick<ReportRow, "figures">) =>
    metrics.some(({ key }) => shownFigure(figures[key]));
  const lines = report.rows.filter(isShown).map(({ id, title, figures }) =>
    tableLine(
      title,
      columns.map(({ key, format, winner }) => cell(figures[key], format) + (winner === id ? "*" : "")),
    )
  );
  const baselines = report.baselines.filter(isShown)
    .map(({ title, figures }) =>
      tableLine(title, columns.map(({ key, format }) => cell(figures[key], format)))
    );
  const chance = tableLine(
    "chance",
    columns.map(({ chance, format }) => isNumber(chance) ? format.value(chance) : "–"),
  );
  const without = report.rows.filter((row) => !isShown(row)).map((row) => row.title);
  const cannot = without.length === 0 ? [] : wrapped(listed(without), `${noNumber}: `);
  return [title, ...headings, ...lines, ...baselines, chance, ...cannot];
}

function cell(figure: Figure | undefined, format: NumberFormat): string {
  const shown = shownFigure(figure);
  return shown ? `${format.value(shown.value)} ${format.interval(shown.interval)}`.trim() : noNumber;
}

function tableLine(label: string, cells: readonly string[]): string {
  const name = [...plain(label)];
  const short = name.length < labelWidth ? name.join("") : name.slice(0, labelWidth - 2).join("") + "…";
  return (short.padEnd(labelWidth) + cells.map((text) => ` ${text.padEnd(columnWidth)}`).join("")).trimEnd();
}

function comparisonLines(report: ReproductionReport): string[] {
  return report.comparisons.flatMap((test) =>
    wrapped(comparisonText(report, test), `${test.verdict.padEnd(9)} `)
  );
}

function comparisonText(report: ReproductionReport, test: ReportComparison): string {
  const metric = report.metrics.find(({ key }) => key === test.metric);
  const format = numberFormat(metric ?? { unit: "number" }, figuresOf(report, test.metric));
  const difference = `${format.difference(test.difference)} ${format.interval(test.interval)}`.trim();
  return `${rowTitle(report, test.better)} better than ${rowTitle(report, test.worse)}, ${
    metricTitle(report, test.metric)
  }: ${difference}, adjusted p ${pValue(test.adjustedPValue)}`;
}

function checkLines({ checks }: ReproductionReport): string[] {
  return checks.toSorted((a, b) => Number(a.holds) - Number(b.holds))
    .flatMap(({ name, found, holds }) =>
      wrapped(`${name}: ${found}`, (holds ? "holds" : "FAILS").padEnd(10))
    );
}

/** The text after a label, its further lines set in. */
function wrapped(text: string, label: string): string[] {
  return wrapWords(plain(text), textWidth - label.length)
    .map((line, i) => (i === 0 ? label : " ".repeat(label.length)) + line);
}

/** Words on lines of at most this many characters; longer words are cut. */
function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const pieces = word.match(new RegExp(`.{1,${width}}`, "gu")) ?? [];
    for (const piece of pieces) {
      const longer = lines.length === 0 ? piece : `${lines.at(-1)} ${piece}`;
      if (lines.length > 0 && [...longer].length <= width) lines[lines.length - 1] = longer;
      else lines.push(piece);
    }
  }
  return lines;
}

/** Names may hold anything, terminals obey some of it. */
function plain(text: string): string {
  return text.replace(/\p{C}/gu, "?");
}
