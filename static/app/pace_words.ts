/**
 * What a run's pace knows of affinities, and from when on, in words.
 *
 * @module
 */

import type { PaceEpochWire } from "../../routes/wire/pace.ts";
import { formatCount } from "./format.ts";

/** What of a run decides when affinities are known. */
export interface PaceFacts {
  /** `pacing.kind`; undefined where the run's settings cannot be read. */
  kind: unknown;
  /** `pacing.learned.warmupEpochs`. */
  warmupEpochs: unknown;
  stepsPerEpoch: number | null;
  epochs: readonly PaceEpochWire[];
}

/** The pace's settings in a run's config. */
export function paceSettings(
  config: Record<string, unknown> | undefined,
): Pick<PaceFacts, "kind" | "warmupEpochs"> {
  const pacing = (config?.pacing ?? {}) as { kind?: unknown; learned?: { warmupEpochs?: unknown } };
  return { kind: pacing.kind, warmupEpochs: pacing.learned?.warmupEpochs };
}

/** Whether a run measures affinities, or ever did: without, nothing of them is worth showing. */
export function measuresAffinity({ kind, epochs }: Pick<PaceFacts, "kind" | "epochs">): boolean {
  return kind === "learned" || epochs.some(({ known }) => known > 0);
}

/** When affinities are first known and from when on they decide, or why they never are. */
export function affinityWords({ kind, warmupEpochs, stepsPerEpoch, epochs }: PaceFacts): string {
  const first = epochs.find(({ known }) => known > 0);
  const isLearned = measuresAffinity({ kind, epochs });
  if (!isLearned && kind === "none") {
    return "Every window counts in this run (pacing.kind is none): affinity is not measured.";
  }
  if (!isLearned && kind !== undefined) {
    return "The share of voice alone decides which windows count in this run (pacing.kind is voice): affinity is " +
      "not measured. It is where pacing.kind is learned.";
  }
  const at = (epoch: number, step: number | null) =>
    `epoch ${epoch}${step === null ? "" : ` (step ${formatCount(step)})`}`;
  const stepOf = (epoch: number) => stepsPerEpoch === null ? null : epoch * stepsPerEpoch;
  const measured = first === undefined
    ? `Affinity is measured while windows are trained on: it is first known when ${
      at(1, stepOf(1))
    } begins, of the windows that were seen by then.`
    : `Affinity is measured while windows are trained on: it was first known when ${
      at(first.epoch, first.step)
    } began.`;
  if (typeof warmupEpochs !== "number") return measured;
  const from = Math.max(1, warmupEpochs);
  return `${measured} Voice alone decides before ${at(from, stepOf(from))}, where the warm-up ends.`;
}
