/**
 * The metrics of a run in the browser: series by name that grow with the live events.
 *
 * @module
 */

import type { SeriesWire, WireMetrics } from "../../routes/wire/runs.ts";

/** A stretch of steps in finer detail than the whole. */
export interface SeriesDetail {
  /** Both ends included. */
  range: [number, number];
  series: Map<string, SeriesWire>;
}

/** Series by metric name. */
export class MetricSeries {
  readonly #series: Map<string, SeriesWire>;
  readonly #merged = new Map<string, SeriesWire>();
  /** Metrics of steps that the newest step did not have. */
  readonly #absent = new Set<string>();
  #detail: SeriesDetail | null = null;

  constructor(series: Record<string, SeriesWire> = {}) {
    this.#series = new Map(Object.entries(series));
  }

  /** A metric's series, finer where a detail is known; empty for an unknown name. */
  get(name: string): SeriesWire {
    const known = this.#merged.get(name);
    if (known) return known;
    const whole = this.#series.get(name) ?? { steps: [], values: [], seconds: [], gaps: [], rhythm: 0 };
    const detail = this.#detail?.series.get(name);
    const merged = detail && this.#detail ? inserted(whole, detail, this.#detail.range) : whole;
    this.#merged.set(name, merged);
    return merged;
  }

  /** Names of the metrics, sorted. */
  names(): string[] {
    return [...this.#series.keys()].sort();
  }

  /** The newest value that is a number. */
  latest(name: string): number | null {
    return this.get(name).values.findLast((value) => value !== null) ?? null;
  }

  /** Whether a metric was thinned out, so that a stretch of it has more to show. */
  get isThinned(): boolean {
    return [...this.#series.values()].some((series) => series.means !== undefined);
  }

  /** Shows a stretch in finer detail, or nothing. */
  setDetail(detail: SeriesDetail | null): void {
    this.#detail = detail;
    this.#merged.clear();
  }

  /**
   * Adds the numbers of an event.
   *
   * @param event `isStep` when every metric of steps was asked for: one that is absent leaves a gap.
   */
  append(event: { step: number; seconds: number; metrics: WireMetrics; isStep: boolean }): void {
    const { step, seconds, metrics, isStep } = event;
    for (const [name, value] of Object.entries(metrics)) {
      const series = this.#series.get(name) ?? { steps: [], values: [], seconds: [], gaps: [], rhythm: 0 };
      if (this.#absent.delete(name)) series.gaps.push(series.steps.length);
      if (series.rhythm === 0 && series.steps.length > 0) series.rhythm = step - series.steps.at(-1)!;
      series.steps.push(step);
      series.values.push(value);
      series.seconds.push(seconds);
      series.means?.push(value);
      this.#series.set(name, series);
    }
    if (isStep) {
      for (const name of this.#series.keys()) if (!Object.hasOwn(metrics, name)) this.#absent.add(name);
    }
    this.#merged.clear();
  }

  /** Forgets what lies beyond a step: a resumed run does it again. */
  truncateAfter(step: number): void {
    for (const series of this.#series.values()) cut(series, series.steps.findLastIndex((s) => s <= step) + 1);
    if (this.#detail) {
      for (const series of this.#detail.series.values()) {
        cut(series, series.steps.findLastIndex((s) => s <= step) + 1);
      }
    }
    this.#merged.clear();
  }

  /** The length of the longest series. */
  get length(): number {
    return Math.max(0, ...[...this.#series.values()].map((series) => series.steps.length));
  }
}

function cut(series: SeriesWire, length: number): void {
  for (const list of [series.steps, series.values, series.seconds, series.means]) {
    if (list) list.length = Math.min(list.length, length);
  }
  series.gaps = series.gaps.filter((place) => place < length);
}

/** The whole with a stretch replaced by its detail. */
function inserted(whole: SeriesWire, detail: SeriesWire, [from, to]: [number, number]): SeriesWire {
  const before = whole.steps.findLastIndex((step) => step < from) + 1;
  const found = whole.steps.findIndex((step) => step > to);
  const after = found < 0 ? whole.steps.length : found;
  const join = <T>(list: readonly T[], part: readonly T[]) => [
    ...list.slice(0, before),
    ...part,
    ...list.slice(after),
  ];
  const shift = before + detail.steps.length - after;
  return {
    steps: join(whole.steps, detail.steps),
    values: join(whole.values, detail.values),
    seconds: join(whole.seconds, detail.seconds),
    means: join(whole.means ?? whole.values, detail.means ?? detail.values),
    rhythm: whole.rhythm,
    gaps: [
      ...whole.gaps.filter((place) => place < before),
      ...detail.gaps.map((place) => place + before),
      ...whole.gaps.filter((place) => place > after).map((place) => place + shift),
    ],
  };
}
