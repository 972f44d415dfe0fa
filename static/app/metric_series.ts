/**
 * The metrics of a run in the browser: series by name that grow with the live events.
 *
 * @module
 */

import type { SeriesWire, WireMetrics } from "../../routes/api.ts";

/** Series by metric name. */
export class MetricSeries {
  readonly #series: Map<string, SeriesWire>;

  constructor(series: Record<string, SeriesWire> = {}) {
    this.#series = new Map(Object.entries(series));
  }

  /** A metric's series; empty for an unknown name. */
  get(name: string): SeriesWire {
    return this.#series.get(name) ?? { steps: [], values: [] };
  }

  /** The newest value that is a number. */
  latest(name: string): number | null {
    return this.get(name).values.findLast((value) => value !== null) ?? null;
  }

  /** Adds the numbers of one step. */
  append(step: number, metrics: WireMetrics): void {
    for (const [name, value] of Object.entries(metrics)) {
      const series = this.#series.get(name) ?? { steps: [], values: [] };
      series.steps.push(step);
      series.values.push(value);
      this.#series.set(name, series);
    }
  }

  /** Forgets what lies beyond a step: a resumed run does it again. */
  truncateAfter(step: number): void {
    for (const { steps, values } of this.#series.values()) {
      const kept = steps.findLastIndex((s) => s <= step) + 1;
      steps.length = kept;
      values.length = kept;
    }
  }

  /** The length of the longest series. */
  get length(): number {
    return Math.max(0, ...[...this.#series.values()].map((series) => series.steps.length));
  }
}
