/**
 * Which runs are listed, and in which order.
 *
 * @module
 */

import type { MetricStats, RunSummary, StepValue } from "../../routes/wire/runs.ts";

/** What runs can be ordered by. */
export const sortKeys = [
  "created",
  "name",
  "state",
  "last",
  "best",
  "min",
  "max",
  "duration",
  "data",
  "seed",
  "device",
] as const;

/** See {@linkcode sortKeys}. */
export type SortKey = (typeof sortKeys)[number];

/** What is listed; part of the page's address. */
export interface RunFilter {
  /** Words that must all be found in a run's name, tags, note, device, preset, state or cause of pausing. */
  words: string;
  state: string;
  tag: string;
  /** Empty until one is chosen: see {@linkcode shownMetric}. */
  metric: string;
  sort: SortKey;
  isDescending: boolean;
}

/** The metrics that are shown until another is chosen: what was learned, and where nothing was evaluated the loss. */
export const firstMetrics = ["retrieval.videoToSpeech.recallAt5", "loss.total"] as const;

/** The metric that is shown. @param known Names of all metrics of all runs; null until they are known. */
export function shownMetric({ metric }: RunFilter, known: readonly string[] | null): string {
  if (metric !== "") return metric;
  return firstMetrics.find((name) => known === null || known.includes(name)) ?? firstMetrics[1];
}

/** Reads the filter from an address. */
export function runFilterOf(query: URLSearchParams): RunFilter {
  const sort = sortKeys.find((key) => key === query.get("sort")) ?? "created";
  return {
    words: query.get("q") ?? "",
    state: query.get("state") ?? "",
    tag: query.get("tag") ?? "",
    metric: query.get("metric") ?? "",
    sort,
    isDescending: (query.get("dir") ?? (sort === "created" ? "down" : "up")) === "down",
  };
}

/** Whether more of a metric is better; null where that depends. */
export function isBetterHigher(metric: string): boolean | null {
  if (/recall|accuracy|reciprocal|f1|auc|ndcg|precision/i.test(metric)) return true;
  return /loss|rank|error|stall/i.test(metric) ? false : null;
}

/** The best value and its step; null where better is not known or nothing was measured. */
export function bestOf(metric: string, stats: MetricStats | null): StepValue | null {
  const isHigher = isBetterHigher(metric);
  if (isHigher === null || !stats) return null;
  return isHigher ? stats.max : stats.min;
}

/** How long training took, from the first event to the last step, seconds. */
export function durationOf({ firstEventSeconds, lastStepSeconds }: RunSummary): number | null {
  return firstEventSeconds === null || lastStepSeconds === null ? null : lastStepSeconds - firstEventSeconds;
}

/** The runs that the filter lets through, pinned ones first, in its order. */
export function listedRuns(runs: readonly RunSummary[], filter: RunFilter): RunSummary[] {
  const words = filter.words.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const shown = runs.filter((run) => {
    const { annotation: { tags, note }, name, device, preset, state, pauseCause } = run;
    const text = [name, ...tags, note, device ?? "", preset, state, pauseCause ?? ""].join("\n")
      .toLowerCase();
    return words.every((word) => text.includes(word)) &&
      (filter.state === "" || state === filter.state) &&
      (filter.tag === "" || tags.includes(filter.tag));
  });
  const sign = filter.isDescending ? -1 : 1;
  return shown.sort((a, b) => {
    const pinned = Number(b.annotation.pinned) - Number(a.annotation.pinned);
    return pinned || compared(valueOf(a, filter), valueOf(b, filter), sign) || inNumberOrder(a.name, b.name);
  });
}

function valueOf(run: RunSummary, { sort, metric }: RunFilter): string | number | null {
  switch (sort) {
    case "created":
      return run.createdAt;
    case "name":
    case "state":
    case "seed":
    case "device":
      return run[sort];
    case "last":
    case "min":
    case "max":
      return run.metric?.[sort]?.[1] ?? null;
    case "best":
      return bestOf(metric, run.metric)?.[1] ?? null;
    case "duration":
      return durationOf(run);
    case "data":
      return run.datasetId;
  }
}

/** What is not known comes last, whichever way is up. */
function compared(a: string | number | null, b: string | number | null, sign: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return sign *
    (typeof a === "number" && typeof b === "number" ? a - b : inNumberOrder(String(a), String(b)));
}

const { compare: inNumberOrder } = new Intl.Collator("en", { numeric: true });
