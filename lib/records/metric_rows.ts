/**
 * A metric's values in a metric store's database, in the ways that charts ask for them.
 *
 * @module
 */

import type { StatementSync } from "node:sqlite";
import type { MetricRow, MetricRows, Stretch } from "./downsample.ts";

/** What one metric came to. */
export interface MetricSummary {
  /** Values that were recorded. */
  count: number;
  /** Those of them that were not finite. */
  missing: number;
  /** The newest finite value and its step; null without one. */
  last: [step: number, value: number] | null;
  /** The lowest finite value and its step. */
  min: [step: number, value: number] | null;
  /** The highest finite value and its step. */
  max: [step: number, value: number] | null;
}

type Prepare = (sql: string) => StatementSync;
type Row = Record<string, unknown>;

const where = "FROM metric WHERE name = ? AND step >= ? AND step < ? AND event <= ?";
/** SQLite gives the other columns of the row that holds the one minimum or maximum. */
const lowest = `SELECT step, event, min(value) AS value ${where}`;
const highest = `SELECT step, event, max(value) AS value ${where}`;
const overview =
  `SELECT count(*) AS count, count(value) AS finite, avg(value) AS mean, min(step) AS first, max(step) AS last ${where}`;
const missing = `SELECT step, event, value ${where} AND value IS NULL ORDER BY step, event LIMIT 1`;
const everything = "SELECT m.step AS step, m.value AS value, e.time AS time FROM metric AS m " +
  "JOIN event AS e ON e.id = m.event WHERE m.name = ? AND m.step >= ? AND m.step < ? AND m.event <= ? " +
  "ORDER BY m.step, m.event LIMIT ?";

/**
 * Reads one metric, up to an event.
 *
 * @param prepare Makes a statement, or finds it again.
 * @param name The metric's number.
 * @param throughId Events after this one are left out.
 */
export class StoredMetric implements MetricRows {
  readonly #prepare: Prepare;
  readonly #name: number;
  readonly #throughId: number;

  constructor(prepare: Prepare, name: number, throughId: number) {
    this.#prepare = prepare;
    this.#name = name;
    this.#throughId = throughId;
  }

  extent(from: number, to: number): { count: number; first: MetricRow; last: MetricRow } | null {
    const count = Number(this.#get(overview, from, to)?.count ?? 0);
    if (count === 0) return null;
    const [first, last] = ["ASC", "DESC"].map((order) =>
      this.#row(
        this.#get(
          `SELECT step, event, value ${where} ORDER BY step ${order}, event ${order} LIMIT 1`,
          from,
          to,
        )!,
      )
    );
    return { count, first, last };
  }

  rows(from: number, to: number, limit = -1): MetricRow[] {
    const rows = this.#prepare(everything).all(this.#name, from, bounded(to), this.#throughId, limit);
    return rows.map((row) => [Number(row.step), numberOrNull(row.value), Number(row.time)]);
  }

  stretch(from: number, to: number): Stretch | null {
    const all = this.#get(overview, from, to);
    if (!all || Number(all.count) === 0) return null;
    const found: Row[] = [];
    if (Number(all.finite) > 0) found.push(this.#get(lowest, from, to)!, this.#get(highest, from, to)!);
    if (Number(all.finite) < Number(all.count)) found.push(this.#get(missing, from, to)!);
    const rows = [...new Map(found.map((row) => [`${row.step} ${row.event}`, row])).values()].map((row) =>
      this.#row(row)
    );
    return {
      rows: rows.sort((a, b) => a[0] - b[0]),
      mean: numberOrNull(all.mean),
      firstStep: Number(all.first),
      lastStep: Number(all.last),
    };
  }

  /** What the metric came to. */
  summary(): MetricSummary {
    const all = this.#get(overview, 0, Infinity)!;
    const place = (row: Row | undefined): [number, number] | null =>
      row === undefined || row.value === null ? null : [Number(row.step), Number(row.value)];
    return {
      count: Number(all.count),
      missing: Number(all.count) - Number(all.finite),
      last: place(
        this.#get(
          `SELECT step, value ${where} AND value IS NOT NULL ORDER BY step DESC, event DESC LIMIT 1`,
          0,
          Infinity,
        ),
      ),
      min: place(this.#get(lowest, 0, Infinity)),
      max: place(this.#get(highest, 0, Infinity)),
    };
  }

  #get(sql: string, from: number, to: number): Row | undefined {
    return this.#prepare(sql).get(this.#name, from, bounded(to), this.#throughId);
  }

  #row(row: Row): MetricRow {
    const time = this.#prepare("SELECT time FROM event WHERE id = ?").get(row.event as number)?.time;
    return [Number(row.step), numberOrNull(row.value), Number(time)];
  }
}

/** SQLite takes whole numbers for steps. */
function bounded(to: number): number {
  return Math.min(to, Number.MAX_SAFE_INTEGER);
}

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}
