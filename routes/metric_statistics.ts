/**
 * What a metric came to in each run, remembered until the run goes on.
 *
 * @module
 */

import type { MetricStore } from "../mod.ts";
import { openStore } from "./run_store.ts";
import type { MetricStats, StepValue, WireMetrics } from "./wire/runs.ts";

const remembered = 2000;

/** A run's metrics and what one of them came to; null when the run has none of that name. */
export interface RunStatistics {
  metrics: string[];
  stats: MetricStats | null;
}

/** Looks metrics up; a run that has not changed is not asked again. */
export class MetricStatistics {
  readonly #known = new Map<string, { version: string; answer: RunStatistics }>();

  /** The statistics of one metric; of none when its name is empty. */
  async of(runFolder: string, metric: string): Promise<RunStatistics> {
    const info = await Deno.stat(`${runFolder}/metrics.sqlite`).catch(() => null);
    if (!info?.isFile) return { metrics: [], stats: null };
    using store = openStore(runFolder);
    const version = `${info.ino} ${store.lastId()}`;
    const key = `${runFolder}\0${metric}`;
    const known = this.#known.get(key);
    if (known?.version === version) return known.answer;
    const answer = { metrics: store.metricNames(), stats: metric === "" ? null : statsOf(store, metric) };
    this.#known.set(key, { version, answer });
    const oldest = this.#known.keys().next();
    if (this.#known.size > remembered && !oldest.done) this.#known.delete(oldest.value);
    return answer;
  }
}

/**
 * A metric of evaluations is read from those on validation subjects, or from those on test subjects if there are no
 * others: both splits have the same names, and mixing them would choose by the test.
 */
function statsOf(store: MetricStore, metric: string): MetricStats | null {
  const evaluations = store.eventsOfKind("evaluation").filter(({ event }) =>
    Object.hasOwn((event.metrics ?? {}) as WireMetrics, metric)
  );
  if (evaluations.length === 0) {
    const { count, last, min, max, missing } = store.metricSummary(metric);
    const chance = chanceIn(store.lastEvent("started")?.event, metric);
    return count === 0 ? null : { last, min, max, missing, chance, split: null };
  }
  const split = evaluations.some(({ event }) => event.split === "validation") ? "validation" : "test";
  const ofSplit = evaluations.filter(({ event }) => event.split === split);
  const values = ofSplit
    .map(({ step, event }): [number, number | null] => [step, (event.metrics as WireMetrics)[metric]]);
  const finite = values.filter((one): one is StepValue => one[1] !== null);
  const most = (sign: 1 | -1) =>
    finite.reduce<StepValue | null>(
      (best, one) => !best || sign * one[1] > sign * best[1] ? one : best,
      null,
    );
  return {
    last: finite.at(-1) ?? null,
    min: most(-1),
    max: most(1),
    missing: values.length - finite.length,
    chance: chanceIn(ofSplit.at(-1)?.event, metric),
    split,
  };
}

function chanceIn(event: Record<string, unknown> | undefined, metric: string): number | null {
  const chance = (event?.chance ?? {}) as WireMetrics;
  return Object.hasOwn(chance, metric) ? chance[metric] : null;
}
