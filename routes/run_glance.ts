/**
 * One run at a glance: what its record, its settings and its events say.
 *
 * @module
 */

import type { MetricStore } from "../mod.ts";
import type { RunRecord } from "./run_library.ts";
import type { PauseWire, RunDetail, RunState, RunSummary, StartedWire, WireMetrics } from "./wire/runs.ts";

/** What all answers about a run have, and what only that about a single one has. */
export interface RunGlance {
  base: Omit<RunSummary, "metric" | "annotation">;
  more: Omit<RunDetail, keyof RunSummary>;
}

/** What lies in a run's folder besides its events. */
export interface RunFacts {
  name: string;
  record: RunRecord;
  config: Record<string, unknown>;
  hasDataset: boolean;
  state: RunState;
  /** Null while it is not paused. */
  pause: PauseWire | null;
}

/** Looks at a run. @param store Null before the first event. */
export function runGlance(
  { name, record, config, hasDataset, state, pause }: RunFacts,
  store: MetricStore | null,
): RunGlance {
  const last = (kind?: string) => store?.lastEvent(kind);
  const [started, step, evaluation, newest] = [last("started"), last("step"), last("evaluation"), last()];
  const opening = started ? started.event as unknown as StartedWire : null;
  return {
    base: {
      name,
      preset: typeof config.preset === "string" ? config.preset : "",
      seed: typeof config.seed === "number" ? config.seed : null,
      createdAt: record.createdAt ?? "",
      datasetId: record.datasetId?.slice(0, 8) ?? null,
      state,
      pauseCause: pause?.cause ?? null,
      step: Math.max(step?.step ?? 0, started?.step ?? 0),
      totalSteps: opening?.totalSteps ?? null,
      device: opening?.device ?? null,
      trainWindows: opening?.trainWindows ?? null,
      firstEventSeconds: store?.eventsAfter(0, 1)[0]?.timeSeconds ?? null,
      lastEventSeconds: newest?.timeSeconds ?? null,
      lastStepSeconds: step?.timeSeconds ?? null,
      totalLoss: metricsOf(step?.event)["loss.total"] ?? null,
      recallAt1: metricsOf(evaluation?.event)["retrieval.videoToSpeech.recallAt1"] ?? null,
    },
    more: {
      started: opening,
      pause,
      config,
      hasDataset,
    },
  };
}

function metricsOf(event: Record<string, unknown> | undefined): WireMetrics {
  return (event?.metrics ?? {}) as WireMetrics;
}
