/**
 * Reports as tables for the terminal.
 *
 * @module
 */

import type { EvaluationReport } from "../evaluation/evaluate.ts";
import type { Interval } from "../evaluation/bootstrap.ts";

const columns = [
  { key: "recallAt1", title: "R@1", isShare: true },
  { key: "recallAt5", title: "R@5", isShare: true },
  { key: "recallAt10", title: "R@10", isShare: true },
  { key: "medianRank", title: "median rank", isShare: false },
] as const;

const directions = [
  { key: "videoToSpeech", title: "video → speech" },
  { key: "speechToVideo", title: "speech → video" },
] as const;

/** Rows of cells, the first column to the left, the others to the right, in columns as wide as needed. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row.map((cell, column) => column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))
      .join("  ").trimEnd()
  ).join("\n") + "\n";
}

/**
 * Retrieval both ways beside chance, with 95 % intervals, and beside the same network before training if given.
 * One subject says nothing about how much subjects differ, so there is no interval then.
 */
export function retrievalTable(report: EvaluationReport, untrained?: EvaluationReport): string {
  const rows: string[][] = [[
    `retrieval, ${report.voicedWindows} windows of ${report.subjects} subject${
      report.subjects === 1 ? "" : "s"
    }`,
    ...columns.map((column) => column.title),
  ]];
  for (const { key: direction, title } of directions) {
    rows.push([
      title,
      ...columns.map(({ key, isShare }) => {
        const name = `retrieval.${direction}.${key}`;
        const value = number(report.metrics[name], isShare);
        return report.subjects === 1 ? value : `${value} ${interval(report.intervals[name], isShare)}`;
      }),
    ]);
    if (untrained) {
      rows.push([
        "  untrained network",
        ...columns.map(({ key, isShare }) =>
          number(untrained.metrics[`retrieval.${direction}.${key}`], isShare)
        ),
      ]);
    }
    rows.push([
      "  chance",
      ...columns.map(({ key, isShare }) => number(report.chance[`retrieval.${direction}.${key}`], isShare)),
    ]);
  }
  return formatTable(rows);
}

function number(value: number, isShare: boolean): string {
  return isShare ? `${(100 * value).toFixed(1)} %` : value.toFixed(1);
}

function interval([low, high]: Interval, isShare: boolean): string {
  const factor = isShare ? 100 : 1;
  return `[${(factor * low).toFixed(1)}, ${(factor * high).toFixed(1)}]`;
}
