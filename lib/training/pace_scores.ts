/**
 * What a pace made of every window, as numbers of an epoch and as a file.
 *
 * @module
 */

import type { PaceScores } from "../pacing/pace.ts";
import { writeFileAtomic } from "../records/atomic_file.ts";
import { encodeSafetensors } from "../records/safetensors.ts";
import type { Metrics } from "./events.ts";

/** The share of windows that is admitted, and mean and deviation of the affinities that are known. */
export function paceMetrics({ affinity, weight }: PaceScores): Metrics {
  const metrics: Metrics = { "pace.admittedShare": mean(Array.from(weight, (value) => value > 0 ? 1 : 0)) };
  const known = Array.from(affinity).filter((value) => !Number.isNaN(value));
  if (known.length > 0) {
    const average = mean(known);
    metrics["pace.meanAffinity"] = average;
    metrics["pace.affinityDeviation"] = Math.sqrt(mean(known.map((value) => (value - average) ** 2)));
  }
  return metrics;
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/**
 * Writes the scores of an epoch to `<folder>/epoch-00004.safetensors`: `window_ids` I64 and, in their order,
 * `affinity` (NaN where unknown), `least_affinity` and `weight` F32.
 *
 * @returns The file's name.
 */
export async function savePaceScores(folder: string, scores: PaceScores, epoch: number): Promise<string> {
  const shape = [scores.windows.length];
  const bytes = encodeSafetensors(
    new Map([
      ["window_ids", {
        dtype: "I64",
        shape,
        data: BigInt64Array.from(scores.windows, (window) => BigInt(window.id)),
      }],
      ["affinity", { dtype: "F32", shape, data: scores.affinity }],
      ["least_affinity", { dtype: "F32", shape, data: scores.leastAffinity }],
      ["weight", { dtype: "F32", shape, data: scores.weight }],
    ]),
    { epoch: String(epoch) },
  );
  const file = `epoch-${String(epoch).padStart(5, "0")}.safetensors`;
  await Deno.mkdir(folder, { recursive: true });
  await writeFileAtomic(`${folder}/${file}`, bytes);
  return file;
}
