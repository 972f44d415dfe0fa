/**
 * A report and its answers as they go over the wire.
 *
 * @module
 */

import {
  accuracyOf,
  comparisonTexts,
  groupTitles,
  metricTexts,
  type PlaneAnswers,
  primaryMetrics,
  type ReportRow,
  type ReproductionReport,
  summarySentences,
} from "../mod.ts";
import type {
  AnsweredWindowWire,
  ConfusionWire,
  LabelCurveWire,
  MetricTextsWire,
  ReportDetailWire,
  ReportSummary,
  SaliencyExampleWire,
} from "./wire/results.ts";

/** A report at a glance. */
export function reportSummary(name: string, report: ReproductionReport): ReportSummary {
  const { finishedAt, device, protocol, rows } = report;
  return {
    name,
    finishedAt: String(finishedAt),
    device: String(device),
    size: String(protocol.size),
    isSynthetic: protocol.isSynthetic === true,
    seeds: protocol.seeds.length,
    rows: rows.length,
    sentences: summarySentences(report),
  };
}

/** A report in full, but for its saliency maps and for what is known of its windows. */
export function reportDetail(
  name: string,
  report: ReproductionReport,
): Omit<ReportDetailWire, "windowsProblem" | "dataset"> {
  return {
    ...reportSummary(name, report),
    columns: report.rows.map(({ title, isControl }) => ({ title, isControl })),
    metrics: primaryMetrics(report).map((metric): MetricTextsWire => {
      const { unit, chance, cells } = metricTexts(report, metric);
      const { title, group, definition, better } = metric;
      return { title, group: groupTitles[group] ?? group, definition, better, unit, chance, cells };
    }),
    comparisons: report.comparisons.map((test) => comparisonTexts(report, test)),
    confusions: report.rows.flatMap(confusionWire),
    labelEfficiency: report.rows.flatMap(labelCurve),
    saliencyExamples: report.saliencyExamples.length,
  };
}

function confusionWire({ id, title, confusion }: ReportRow): ConfusionWire[] {
  if (!confusion || confusion.classes.length === 0) return [];
  const { classes, counts } = confusion;
  return [{ row: id, title, classes, counts, accuracy: accuracyOf(counts) }];
}

/** What was not finite came back from JSON as null and is left out. */
function labelCurve({ title, labelEfficiency }: ReportRow): LabelCurveWire[] {
  const points = labelEfficiency.filter(({ share, f1 }) => share > 0 && Number.isFinite(f1.value));
  if (points.length === 0) return [];
  return [{
    title,
    points: points.map(({ share, subjects, f1 }) => ({
      share,
      subjects,
      f1: f1.value,
      interval: f1.interval?.every(Number.isFinite) ? [...f1.interval] : null,
    })),
    chance: points[0].f1.chance,
  }];
}

/** The report's maps. */
export function saliencyWire({ saliencyExamples }: ReproductionReport): SaliencyExampleWire[] {
  return saliencyExamples.map(({ picture, pictureSize, size, maps }) => ({
    picture,
    pictureSize: [...pictureSize],
    size: [...size],
    maps,
  }));
}

/** A cell of a row's matrix. */
export interface AskedCell {
  row: string;
  /** Class by index. */
  truth: number;
  /** Class by index. */
  answer: number;
}

/** The windows behind a cell, those first that most seeds answered so. */
export function answeredWindows(
  { windows, trainings }: PlaneAnswers,
  { row, truth, answer }: AskedCell,
): AnsweredWindowWire[] {
  const own = trainings.filter((training) => training.row === row);
  const found = windows.id.flatMap((windowId, i) => {
    if (windows.label[i] !== truth) return [];
    const answers = own.flatMap(({ seed, predicted }) => {
      const one = predicted[i];
      return one === null ? [] : [{ seed, answer: one }];
    });
    const seeds = answers.filter((one) => one.answer === answer).map(({ seed }) => seed);
    if (seeds.length === 0) return [];
    const others = answers.filter((one) => one.answer !== answer);
    return [{ windowId, scanId: windows.scan[i], startSeconds: windows.startSeconds[i], seeds, others }];
  });
  return found.sort((a, b) => b.seeds.length - a.seeds.length || a.windowId - b.windowId);
}

/** Whether a report's matrices count these answers and no others: each file may be of another time. */
export function fits(answers: PlaneAnswers, report: ReproductionReport): boolean {
  return report.rows.every(({ id, confusion }) =>
    confusion === undefined ||
    String(confusion.classes) === String(answers.classes) &&
      String(confusion.counts) === String(countsOf(answers, id))
  );
}

function countsOf({ classes, windows, trainings }: PlaneAnswers, row: string): number[][] {
  const counts = classes.map(() => classes.map(() => 0));
  for (const { predicted } of trainings.filter((training) => training.row === row)) {
    predicted.forEach((answer, i) => {
      if (answer !== null) counts[windows.label[i]][answer]++;
    });
  }
  return counts;
}
