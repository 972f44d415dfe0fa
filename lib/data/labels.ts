/**
 * Labels of what is seen, for colouring maps and for evaluation; training never sees them.
 *
 * A scan's labels come from a CSV file that its manifest names, in one of three forms:
 *
 * - `start_seconds,end_seconds,label`: stretches;
 * - `frame,label`: numbers of the video's frames, from 0;
 * - `seconds,label`: instants.
 *
 * Times are seconds on the video's clock, whose zero is where a player starts it. A label of a frame or an instant
 * holds until the next one, but for {@linkcode longestHoldSeconds} at most; the last holds as long as the one before
 * it. In these two forms an empty label says that there is none. Other columns are left alone; rows may come in any
 * order.
 *
 * @module
 */

import { type CsvTable, readCsvTable } from "./csv_table.ts";
import type { TimeSpan } from "./windows.ts";

/** A stretch of time with a label. */
export interface LabelStretch extends TimeSpan {
  /** What is seen. */
  label: string;
}

/** A labelled frame of a video, from 0. */
export interface LabelledFrame {
  /** The frame's number. */
  frame: number;
  /** What is seen; empty when nothing is said. */
  label: string;
}

/** What a file of labels says: stretches on the video's clock, or frames, whose times the video knows. */
export type LabelTable = { stretches: LabelStretch[] } | { frames: LabelledFrame[] };

/** How long the label of an instant holds at most. */
export const longestHoldSeconds = 1;

type Refuse = (line: number, must: string, received?: unknown) => never;

const names = {
  start: ["start_seconds", "start"],
  end: ["end_seconds", "end"],
  frame: ["frame"],
  seconds: ["seconds", "time_seconds", "time"],
  label: ["label", "plane"],
} as const;
type Column = keyof typeof names;

/** Reads a file of labels; `refuse` is called with the line of what is not valid, and must throw. */
export function parseLabels(text: string, refuse: Refuse): LabelTable {
  let columns = new Map<Column, number>();
  const table = readCsvTable(text, {
    pick: (header, line) => {
      columns = findColumns(header, line, refuse);
      return [...columns.values()];
    },
    refuse,
  });
  if (table.header.length === 0) refuse(1, "there must be a line with the columns' names");
  const places = new Map([...columns.keys()].map((column, place) => [column, place]));
  const reader = new RowReader(table, places, refuse);
  if (columns.has("start")) return { stretches: readStretches(reader) };
  const key = columns.has("frame") ? "frame" : "seconds";
  const rows = reader.rows((value) => ({
    at: value.number(key, key === "frame"),
    label: value.text("label"),
  }));
  const sorted = rows.toSorted((a, b) => a.at - b.at);
  sorted.slice(1).forEach(({ at, line }, i) => {
    if (sorted[i].at === at) refuse(line, `each ${key} must appear once`, at);
  });
  if (key === "frame") return { frames: sorted.map(({ at, label }) => ({ frame: at, label })) };
  return { stretches: holdLabels(sorted.map(({ at, label }) => ({ seconds: at, label }))) };
}

/** Picks the columns of the most telling form that the header allows. */
function findColumns(header: readonly string[], line: number, refuse: Refuse): Map<Column, number> {
  const lower = header.map((name) => name.toLowerCase());
  const find = (column: Column) =>
    lower.findIndex((name) => (names[column] as readonly string[]).includes(name));
  const forms: readonly Column[][] = [["start", "end", "label"], ["frame", "label"], ["seconds", "label"]];
  const form = forms.find((form) => form.every((column) => find(column) >= 0));
  if (form) return new Map(form.map((column) => [column, find(column)]));
  const must = "the columns must be start_seconds,end_seconds,label or frame,label or seconds,label";
  return refuse(line, must, header.join(","));
}

/** One row's values by column. */
interface RowValues {
  text: (column: Column) => string;
  number: (column: Column, whole?: boolean) => number;
}

class RowReader {
  constructor(
    readonly table: CsvTable,
    readonly places: ReadonlyMap<Column, number>,
    readonly refuse: Refuse,
  ) {}

  rows<T>(read: (values: RowValues) => T): (T & { line: number })[] {
    return this.table.rows.map(({ values, line }) => {
      const text = (column: Column) => values[this.places.get(column)!];
      const number = (column: Column, whole = false) => {
        const value = this.table.toNumber(text(column));
        if (Number.isFinite(value) && (!whole || (Number.isInteger(value) && value >= 0))) return value;
        const kind = whole ? "a whole number from 0" : "a number of seconds";
        return this.refuse(line, `${names[column][0]} must be ${kind}`, text(column));
      };
      return { ...read({ text, number }), line };
    });
  }
}

function readStretches(reader: RowReader): LabelStretch[] {
  const rows = reader.rows((value) => ({
    startSeconds: value.number("start"),
    endSeconds: value.number("end"),
    label: value.text("label"),
  }));
  return rows.map(({ line, ...stretch }) => {
    if (stretch.label === "") reader.refuse(line, "label must not be empty");
    if (!(stretch.startSeconds < stretch.endSeconds)) {
      reader.refuse(line, "start must come before end", [stretch.startSeconds, stretch.endSeconds]);
    }
    return stretch;
  }).toSorted((a, b) => a.startSeconds - b.startSeconds);
}

/**
 * Labels of instants become stretches: each holds until the next, but for {@linkcode longestHoldSeconds} at most.
 * Neighbours of one label that touch become one stretch.
 *
 * @param instants In order of time; an empty label says that there is none.
 */
export function holdLabels(instants: readonly { seconds: number; label: string }[]): LabelStretch[] {
  const stretches: LabelStretch[] = [];
  let hold = longestHoldSeconds;
  instants.forEach(({ seconds, label }, i) => {
    if (i + 1 < instants.length) hold = Math.min(longestHoldSeconds, instants[i + 1].seconds - seconds);
    if (label === "") return;
    const last = stretches.at(-1);
    // Sums of seconds are not exact.
    if (last?.label === label && seconds - last.endSeconds < 1e-9) last.endSeconds = seconds + hold;
    else stretches.push({ startSeconds: seconds, endSeconds: seconds + hold, label });
  });
  return stretches;
}

/**
 * The label that holds for most of a span of time, with the share of the span for which it does; the first one of
 * equals. Time without a label counts like one more label: when there is most of it, the span has no label.
 *
 * @param stretches Of one scan, on the span's clock.
 */
export function labelWithin(
  stretches: readonly LabelStretch[],
  { startSeconds, endSeconds }: TimeSpan,
): { label: string; share: number } | undefined {
  const seconds = new Map<string, number>();
  let covered = startSeconds, unlabelled = 0;
  for (const stretch of stretches) {
    const from = Math.max(startSeconds, stretch.startSeconds);
    const to = Math.min(endSeconds, stretch.endSeconds);
    if (from >= to) continue;
    seconds.set(stretch.label, (seconds.get(stretch.label) ?? 0) + to - from);
    unlabelled += Math.max(0, from - covered);
    covered = Math.max(covered, to);
  }
  unlabelled += endSeconds - covered;
  let best: [string, number] | undefined;
  for (const entry of seconds) if (!best || entry[1] > best[1]) best = entry;
  if (!best || best[1] < unlabelled) return undefined;
  return { label: best[0], share: Math.min(1, best[1] / (endSeconds - startSeconds)) };
}
