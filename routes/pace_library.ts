/**
 * What the pace made of every training window, epoch by epoch, from a run's `pace` folder.
 *
 * @module
 */

import { decodeSafetensors } from "../mod.ts";
import { Refusal } from "./guard.ts";
import type { RunLibrary } from "./run_library.ts";
import { openStore } from "./run_store.ts";
import type { PaceEpochWire } from "./wire/pace.ts";

/** Bins of the histograms, from −1 to 1. */
export const paceBins = 40;
const mostEpochs = 200;
const remembered = 1000;
const fileName = /^epoch-\d{5,}\.safetensors$/;

/** The scores of an epoch's windows; all arrays go together. */
export interface PaceEpoch {
  windowIds: number[];
  /** NaN where unknown. */
  affinity: Float32Array;
  leastAffinity: Float32Array;
  weight: Float32Array;
}

interface EpochFile {
  epoch: number;
  step: number;
  file: string;
}

/** Reads the pace of runs. */
export class PaceLibrary {
  readonly #runs: RunLibrary;
  readonly #summaries = new Map<string, PaceEpochWire>();

  constructor(runs: RunLibrary) {
    this.#runs = runs;
  }

  /** Every epoch at a glance; of very many, some spread evenly with the last one. */
  async epochs(run: string): Promise<PaceEpochWire[]> {
    const folder = await this.#runs.folder(run);
    const files = thin(await this.#files(folder), mostEpochs);
    const summaries: PaceEpochWire[] = [];
    for (const one of files) {
      const summary = await this.#summary(folder, one);
      if (summary) summaries.push(summary);
    }
    return summaries;
  }

  /** The scores of one epoch. @throws Refusal 404 when there are none. */
  async epoch(run: string, epoch: number): Promise<PaceEpoch> {
    const folder = await this.#runs.folder(run);
    const found = (await this.#files(folder)).find((one) => one.epoch === epoch);
    const scores = found && await readScores(`${folder}/pace/${found.file}`);
    if (!scores) throw new Refusal(404, "There are no scores of this epoch.");
    return scores;
  }

  /** The files that the run's events name: others are left from steps that were made again. */
  async #files(folder: string): Promise<EpochFile[]> {
    if (!await Deno.stat(`${folder}/metrics.sqlite`).then((info) => info.isFile, () => false)) return [];
    using store = openStore(folder);
    const byEpoch = new Map<number, EpochFile>();
    for (const { event, step } of store.eventsOfKind("pace")) {
      const { file } = event;
      const epoch = Number(event.epoch);
      if (typeof file === "string" && fileName.test(file)) byEpoch.set(epoch, { epoch, step, file });
    }
    return [...byEpoch.values()].sort((a, b) => a.epoch - b.epoch);
  }

  async #summary(folder: string, { epoch, step, file }: EpochFile): Promise<PaceEpochWire | null> {
    const path = `${folder}/pace/${file}`;
    const info = await Deno.stat(path).catch(() => null);
    const key = `${path} ${info?.mtime?.getTime()} ${info?.size}`;
    const known = this.#summaries.get(key);
    if (known) return known;
    const scores = await readScores(path);
    if (!scores) return null;
    const summary = summaryOf(scores, { epoch, step });
    this.#summaries.set(key, summary);
    const oldest = this.#summaries.keys().next();
    if (this.#summaries.size > remembered && !oldest.done) this.#summaries.delete(oldest.value);
    return summary;
  }
}

async function readScores(path: string): Promise<PaceEpoch | null> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const { tensors } = decodeSafetensors(bytes);
  const floats = (name: string) => Float32Array.from(tensors.get(name)?.data as Float32Array ?? []);
  return {
    windowIds: Array.from(tensors.get("window_ids")?.data as BigInt64Array ?? [], Number),
    affinity: floats("affinity"),
    leastAffinity: floats("least_affinity"),
    weight: floats("weight"),
  };
}

/** An epoch at a glance. */
export function summaryOf(
  { affinity, leastAffinity, weight }: PaceEpoch,
  place: { epoch: number; step: number },
): PaceEpochWire {
  const known = affinity.filter((value) => !Number.isNaN(value)).sort();
  const needed = leastAffinity.filter((value) => value > -1).sort();
  const histograms = [new Array<number>(paceBins).fill(0), new Array<number>(paceBins).fill(0)];
  affinity.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    const bin = Math.min(paceBins - 1, Math.max(0, Math.floor(((value + 1) / 2) * paceBins)));
    histograms[weight[i] > 0 ? 0 : 1][bin]++;
  });
  return {
    ...place,
    windows: weight.length,
    admitted: weight.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0),
    known: known.length,
    quantiles: known.length === 0
      ? null
      : [0.05, 0.25, 0.5, 0.75, 0.95].map((share) => quantile(known, share)),
    admittedHistogram: histograms[0],
    heldBackHistogram: histograms[1],
    threshold: needed.length === 0 ? null : [needed[0], needed[needed.length - 1]],
  };
}

/** A quantile of sorted values, between neighbours. */
function quantile(sorted: Float32Array, share: number): number {
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  return sorted[low] + (place - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

function thin<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]);
}
