/**
 * A report's numbers as texts, the same for every page that shows them.
 *
 * @module
 */

import type { Figure, MetricInfo, ReportComparison, ReproductionReport } from "./report.ts";
import { isNumber, type NumberFormat, numberFormat, pValue, shownFigure } from "./report_numbers.ts";
import {
  clearWinner,
  commonChance,
  coversChance,
  figuresOf,
  metricTitle,
  rowTitle,
  verdictInWords,
} from "./report_reading.ts";

/** A figure in words; what there is nothing of is empty. */
export interface FigureTexts {
  /** Without its unit. */
  value: string;
  /** As "± 1.7". */
  deviation: string;
  /** As "[70.1, 74.9]". */
  interval: string;
  /** The chance level, where it is not the same for all rows. */
  chance: string;
  /** Whether the row was found better than all it was compared with. */
  isBest: boolean;
  /** Whether the interval holds the chance level. */
  coversChance: boolean;
}

/** A metric over all rows. */
export interface MetricTexts {
  /** What is shown. */
  metric: MetricInfo;
  /** As "%", or empty. */
  unit: string;
  /** The rows' common chance level; "differs" where they have different ones, "–" without any. */
  chance: string;
  /** One for each row of the report; null for what it cannot do. */
  cells: (FigureTexts | null)[];
}

/** A figure in a metric's format; null where there is none. */
export function figureTexts(
  figure: Figure | undefined,
  format: NumberFormat,
  { isBest = false, showsChance = false } = {},
): FigureTexts | null {
  const shown = shownFigure(figure);
  if (!shown) return null;
  return {
    value: format.value(shown.value),
    deviation: format.deviation(shown.standardDeviation),
    interval: format.interval(shown.interval),
    chance: showsChance && isNumber(shown.chance) ? format.value(shown.chance) : "",
    isBest,
    coversChance: coversChance(shown) === true,
  };
}

/** A line of the table of results. */
export function metricTexts(report: ReproductionReport, metric: MetricInfo): MetricTexts {
  const format = numberFormat(metric, figuresOf(report, metric.key));
  const figures = report.rows.flatMap((row) => shownFigure(row.figures[metric.key]) ?? []);
  const chance = commonChance(figures);
  const winner = clearWinner(report, metric);
  const showsChance = chance === null && figures.some((figure) => isNumber(figure.chance));
  return {
    metric,
    unit: format.unit,
    chance: showsChance ? "differs" : chance === null ? "–" : format.value(chance),
    cells: report.rows.map((row) =>
      figureTexts(row.figures[metric.key], format, { isBest: winner === row.id, showsChance })
    ),
  };
}

/** A line of the table of comparisons. */
export interface ComparisonTexts {
  /** As "A better than B". */
  ordering: string;
  /** The metric's title. */
  metric: string;
  /** With its sign. */
  difference: string;
  /** As "[0.1, 2.3]", or empty. */
  interval: string;
  /** Of the test. */
  pValue: string;
  /** Corrected for all comparisons. */
  adjustedPValue: string;
  /** What data of this size could get. */
  smallestPValue: string;
  /** What was decided. */
  verdict: ReportComparison["verdict"];
  /** The same as a sentence. */
  sentence: string;
}

/** A tested ordering. */
export function comparisonTexts(report: ReproductionReport, test: ReportComparison): ComparisonTexts {
  const metric = report.metrics.find(({ key }) => key === test.metric);
  const format = numberFormat(metric ?? { unit: "number" }, figuresOf(report, test.metric));
  return {
    ordering: `${rowTitle(report, test.better)} better than ${rowTitle(report, test.worse)}`,
    metric: metricTitle(report, test.metric),
    difference: format.difference(test.difference),
    interval: format.interval(test.interval),
    pValue: pValue(test.pValue),
    adjustedPValue: pValue(test.adjustedPValue),
    smallestPValue: pValue(test.smallestPValue),
    verdict: test.verdict,
    sentence: verdictInWords(report, test),
  };
}
