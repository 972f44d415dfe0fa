/**
 * Series as a CSV file (RFC 4180): of one run a line for each step and time and a column for each metric, of several
 * runs a line for each value of one metric.
 *
 * @module
 */

import type { SeriesWire } from "./wire/runs.ts";

const linesPerChunk = 2000;

/**
 * Metrics side by side, by step and time. A value that was not finite is `NaN`; where nothing was measured, the
 * field is empty.
 */
export function csvStream(
  names: readonly string[],
  series: Readonly<Record<string, SeriesWire>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return streamOf(csvLines(names, names.map((name) => series[name])));
}

/** One run of a comparison. */
export interface ComparedSeries {
  run: string;
  series: SeriesWire;
  stepsPerEpoch: number | null;
  /** When the run began, seconds since 1970. */
  startSeconds: number | null;
}

/**
 * One metric of several runs, one below the other, with every axis that a chart can have across. What is not known is
 * empty; a value that was not finite is `NaN`.
 */
export function comparedCsvStream(
  metric: string,
  runs: readonly ComparedSeries[],
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return streamOf(comparedLines(metric, runs));
}

function* comparedLines(metric: string, runs: readonly ComparedSeries[]): Generator<string, void> {
  const head = ["run", "step", "epoch", "seconds_since_1970", "seconds_since_start"];
  yield [...head, csvField(metric)].join(",") + "\r\n";
  for (const { run, series: { steps, values, seconds }, stepsPerEpoch, startSeconds } of runs) {
    const name = csvField(run);
    for (const [i, step] of steps.entries()) {
      const epoch = stepsPerEpoch === null ? "" : step / stepsPerEpoch;
      // Whole microseconds: a difference of large numbers has no more.
      const sinceStart = startSeconds === null ? "" : Math.round((seconds[i] - startSeconds) * 1e6) / 1e6;
      yield [name, step, epoch, seconds[i], sinceStart, values[i] ?? NaN].join(",") + "\r\n";
    }
  }
}

function streamOf(lines: Iterator<string, void>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull(controller) {
      let text = "";
      for (let i = 0; i < linesPerChunk; i++) {
        const { value, done } = lines.next();
        if (done) {
          if (text !== "") controller.enqueue(encoder.encode(text));
          controller.close();
          return;
        }
        text += value;
      }
      controller.enqueue(encoder.encode(text));
    },
  });
}

function* csvLines(names: readonly string[], columns: readonly SeriesWire[]): Generator<string, void> {
  yield ["step", "seconds_since_1970", ...names.map(csvField)].join(",") + "\r\n";
  const places = columns.map(() => 0);
  while (true) {
    const open = columns.flatMap((column, i) => places[i] < column.steps.length ? [i] : []);
    if (open.length === 0) return;
    const step = open.reduce((least, i) => Math.min(least, columns[i].steps[places[i]]), Infinity);
    const here = open.filter((i) => columns[i].steps[places[i]] === step);
    const seconds = here.reduce((least, i) => Math.min(least, columns[i].seconds[places[i]]), Infinity);
    const fields = columns.map((column, i) => {
      if (column.steps[places[i]] !== step || column.seconds[places[i]] !== seconds) return "";
      return String(column.values[places[i]++] ?? NaN);
    });
    yield [step, seconds, ...fields].join(",") + "\r\n";
  }
}

/**
 * A text as a field: quoted where it must be, and never a formula to a spreadsheet, nor one of its parts: to some
 * countries' spreadsheets, a semicolon or tab ends a field, and to all of them a line end does.
 */
export function csvField(text: string): string {
  const harmless = text.replace(/(^|[;\t\r\n])(?=[=+\-@＝＋－＠])/g, "$1'");
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
