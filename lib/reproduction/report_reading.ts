/**
 * What a report says in sum, the same for every way to show it.
 *
 * @module
 */

import type { Interval } from "../evaluation/bootstrap.ts";
import type {
  Figure,
  MetricGroup,
  MetricInfo,
  ReportComparison,
  ReportRow,
  ReproductionReport,
  RowId,
} from "./report.ts";
import { counted, isNumber, listed, shownFigure } from "./report_numbers.ts";

/** Below this an adjusted p-value decides. */
export const significance = 0.05;

/** The groups' names for people. */
export const groupTitles: Record<MetricGroup, string> = {
  planes: "Standard plane detection",
  gaze: "Gaze prediction",
  probe: "Frozen features",
  retrieval: "Retrieval between video and speech",
  affinity: "Affinity of speech and picture",
  confounds: "Confounds",
};

/** The metrics that tables show, and that at least one row or baseline has a number for. */
export function primaryMetrics(report: ReproductionReport): MetricInfo[] {
  return report.metrics.filter((metric) => metric.isPrimary && figuresOf(report, metric.key).length > 0);
}

/** All figures of a metric: the rows' and the baselines'. */
export function figuresOf(report: ReproductionReport, key: string): Figure[] {
  return [...report.rows, ...report.baselines].flatMap(({ figures }) => shownFigure(figures[key]) ?? []);
}

/** The chance level that all figures share; null where there is none or they differ. */
export function commonChance(figures: readonly Figure[]): number | null {
  const levels = new Set(figures.map(({ chance }) => isNumber(chance) ? chance : null));
  return levels.size === 1 ? [...levels][0] : null;
}

/** Whether the interval holds the chance level; null where either is missing. */
export function coversChance({ interval, chance }: Figure): boolean | null {
  if (!interval || !interval.every(isNumber) || !isNumber(chance)) return null;
  return interval[0] <= chance && chance <= interval[1];
}

/**
 * The row with the best number, if it was found better than the next best, and than every other row it was compared
 * with; null otherwise, and where no direction is good.
 */
export function clearWinner(report: ReproductionReport, metric: MetricInfo): RowId | null {
  if (metric.better === "chance") return null;
  const sign = metric.better === "higher" ? 1 : -1;
  const ranked = report.rows.filter((row) => shownFigure(row.figures[metric.key]))
    .sort((a, b) => sign * (b.figures[metric.key].value - a.figures[metric.key].value));
  if (ranked.length < 2) return null;
  const [{ id: first }, { id: second }] = ranked;
  const tests = report.comparisons.filter(({ metric: key, better, worse }) =>
    key === metric.key && (better === first || worse === first)
  );
  const other = (test: ReportComparison) => test.better === first ? test.worse : test.better;
  const isWon = (test: ReportComparison) => test.verdict === (test.better === first ? "holds" : "reversed");
  return tests.some((test) => other(test) === second) && tests.every(isWon) ? first : null;
}

/** The row's title, or its id where the report has no such row. */
export function rowTitle(report: ReproductionReport, id: RowId): string {
  return report.rows.find((row) => row.id === id)?.title ?? id;
}

/** The metric's title, or its key where the report does not say. */
export function metricTitle(report: ReproductionReport, key: string): string {
  return report.metrics.find((metric) => metric.key === key)?.title ?? key;
}

/** A verdict as a sentence that claims no more than the test. */
export function verdictInWords(report: ReproductionReport, comparison: ReportComparison): string {
  const [better, worse] = [comparison.better, comparison.worse].map((id) => rowTitle(report, id));
  if (comparison.verdict === "holds") return `${better} is better than ${worse}.`;
  if (comparison.verdict === "reversed") return `${worse} is better than ${better}: the other way round.`;
  return `${better} and ${worse} cannot be told apart.`;
}

/** What the report comes to, sentence by sentence, from its comparisons and checks alone. */
export function summarySentences(report: ReproductionReport): string[] {
  const failed = report.checks.filter((check) => !check.holds);
  const sentences: string[] = [];
  if (report.comparisons.length === 0) sentences.push("No ordering was tested, so nothing is concluded.");
  for (const claimedBy of ["paper", "ours"] as const) {
    const tests = report.comparisons.filter((test) => test.claimedBy === claimedBy);
    if (tests.length > 0) sentences.push(countVerdicts(tests, claimedBy));
  }
  const reversed = report.comparisons.filter((test) => test.verdict === "reversed");
  if (reversed.length > 0 && reversed.length <= 4) {
    const names = reversed.map((test) =>
      `${metricTitle(report, test.metric)} (${rowTitle(report, test.worse)} before ${
        rowTitle(report, test.better)
      })`
    );
    sentences.push(`Reversed: ${listed(names)}.`);
  }
  if (!couldDecide(report.comparisons)) {
    sentences.push(
      "With so few subjects and so many comparisons no difference, however large, could have been decided.",
    );
  }
  if (report.checks.length === 0) sentences.push("No check was made of what the numbers rest on.");
  else if (failed.length === 0) sentences.push(`All ${counted(report.checks.length, "check")} hold.`);
  else {
    sentences.push(
      `${failed.length} of ${counted(report.checks.length, "check")} ${
        failed.length === 1 ? "fails" : "fail"
      } (${listed(failed.map(({ name }) => name))}): until that is explained, the orderings prove nothing.`,
    );
  }
  return sentences;
}

function countVerdicts(tests: readonly ReportComparison[], claimedBy: ReportComparison["claimedBy"]): string {
  const of = (verdict: ReportComparison["verdict"]) =>
    tests.filter((test) => test.verdict === verdict).length;
  const [holds, open, reversed] = [of("holds"), of("open"), of("reversed")];
  const what = claimedBy === "paper" ? "of the paper’s table" : "that this project adds";
  return `Of ${counted(tests.length, "ordering")} ${what}, ${holds} ${holds === 1 ? "holds" : "hold"} at ` +
    `adjusted p < ${significance}, ${open} ${open === 1 ? "is" : "are"} open, ` +
    `${reversed} ${reversed === 1 ? "is" : "are"} reversed.`;
}

/**
 * Whether any comparison could have been decided: Holm's correction multiplies the smallest of n p-values by n, and
 * no later one gets below it.
 */
export function couldDecide(comparisons: readonly ReportComparison[]): boolean {
  if (comparisons.length === 0) return true;
  const smallest = Math.min(...comparisons.map((test) => test.smallestPValue));
  return comparisons.length * smallest < significance;
}

/** The lowest and highest of values, figures' intervals and runs. */
export function extentOf(
  figures: readonly Figure[],
  others: readonly (number | null)[] = [],
): Interval | null {
  const values = [
    ...figures.flatMap(({ value, interval, runs }) => [value, ...(interval ?? []), ...runs]),
    ...others,
  ].filter(isNumber);
  return values.length === 0 ? null : [Math.min(...values), Math.max(...values)];
}

/** The row that starts from nothing and the one with most to show, whose details are open from the start. */
export function highlightedRows(report: ReproductionReport): Set<RowId> {
  const withCounts = report.rows.filter((row) => row.confusion && !row.isControl);
  const accuracy = ({ confusion }: ReportRow) => accuracyOf(confusion!.counts) ?? 0;
  const best = withCounts.toSorted((a, b) => accuracy(b) - accuracy(a))[0];
  return new Set<RowId>(["random", ...best ? [best.id] : []]);
}

/** Share of a confusion matrix's items on its diagonal; null when it is empty. */
export function accuracyOf(counts: readonly (readonly number[])[]): number | null {
  const total = counts.flat().reduce((sum, n) => sum + n, 0);
  return total === 0 ? null : counts.reduce((sum, row, i) => sum + row[i], 0) / total;
}
