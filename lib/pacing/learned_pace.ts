/**
 * A pace that learns from the training itself which windows' speech is about their picture.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { normalCdf } from "../normal.ts";
import { type Pace, type PaceScores, voiceWeight, type WindowFacts } from "./pace.ts";

/**
 * Learned affinity on top of the paper's two levels.
 *
 * A window's affinity is the agreement of its pairs' embeddings, `y_v · y_s`, averaged over the visits of training
 * with exponential forgetting, so that no single noisy step decides. Low-affinity windows by voice stay held back.
 * During the first `warmupEpochs` all others are admitted: early agreement means little. Then, at the start of each
 * epoch, a share of them is admitted that grows from `initialShare` to `finalShare` over `growthEpochs`: the age
 * parameter of self-paced learning (Kumar et al., NIPS 2010), told as a share instead of a threshold on losses.
 *
 * With the distance `L = 1 − affinity`, the i-th nearest window of its scan is admitted when
 * `L < λ + diversity / (√i + √(i − 1))` (Jiang et al., NIPS 2014, SPLD, groups = scans), so that no few scans take
 * over; λ is what admits the share. A window that was never seen is admitted.
 *
 * With `selection: "soft"` an admitted window weighs `max(minimumWeight, Φ((affinity − μ) / (√cdfScale · σ)))` with
 * μ and σ over the high-affinity windows (faulty positives, Morgado et al., CVPR 2021, with δ = 0).
 */
export class LearnedPace implements Pace {
  readonly #config: RunConfig["pacing"];
  readonly #windows: readonly WindowFacts[];
  readonly #places: ReadonlyMap<number, number>;
  readonly #high: readonly number[];
  readonly #affinity: Float32Array;
  readonly #leastAffinity: Float32Array;
  readonly #weight: Float32Array;

  /** Starts with voice alone. @param windows The training windows; only they may be asked for. */
  constructor(config: RunConfig["pacing"], windows: readonly WindowFacts[]) {
    this.#config = config;
    this.#windows = windows;
    this.#places = new Map(windows.map((window, place) => [window.id, place]));
    this.#affinity = new Float32Array(windows.length).fill(NaN);
    this.#leastAffinity = new Float32Array(windows.length).fill(-1);
    this.#weight = Float32Array.from(windows, (window) => voiceWeight(window, config));
    this.#high = windows.flatMap((_, place) => this.#weight[place] > 0 ? [place] : []);
  }

  /** Weights of a batch's windows. */
  weights(windows: readonly WindowFacts[]): Float32Array {
    return Float32Array.from(windows, (window) => this.#weight[this.#placeOf(window)]);
  }

  /** Moves the affinities of a batch's windows toward the agreement of their pairs. */
  observe(windows: readonly WindowFacts[], similarity: Float32Array): void {
    const { affinityMomentum } = this.#config.learned;
    const groups = similarity.length / windows.length;
    windows.forEach((window, b) => {
      const pairs = similarity.subarray(b * groups, (b + 1) * groups);
      const seen = pairs.reduce((sum, value) => sum + value, 0) / groups;
      const place = this.#placeOf(window);
      const before = this.#affinity[place];
      this.#affinity[place] = Number.isNaN(before)
        ? seen
        : affinityMomentum * before + (1 - affinityMomentum) * seen;
    });
  }

  /** Chooses the windows of an epoch. */
  startEpoch(epoch: number): void {
    const { warmupEpochs, initialShare, finalShare, growthEpochs } = this.#config.learned;
    if (epoch < warmupEpochs) return;
    const age = Math.min(1, (epoch - warmupEpochs) / growthEpochs);
    const share = initialShare + (finalShare - initialShare) * age;
    const known = this.#high.filter((place) => !Number.isNaN(this.#affinity[place]));
    if (known.length === 0) return;
    const bonus = this.#bonuses(known);
    const threshold = thresholdOf(known.map((place) => 1 - this.#affinity[place] - bonus.get(place)!), share);
    const soft = this.#softWeight(known);
    for (const place of known) {
      this.#leastAffinity[place] = Math.max(-1, 1 - threshold - bonus.get(place)!);
      const isAdmitted = 1 - this.#affinity[place] - bonus.get(place)! <= threshold;
      this.#weight[place] = isAdmitted ? soft(this.#affinity[place]) : 0;
    }
  }

  /** The present weights and their reasons. */
  scores(): PaceScores {
    return {
      windows: this.#windows,
      affinity: this.#affinity.slice(),
      leastAffinity: this.#leastAffinity.slice(),
      weight: this.#weight.slice(),
    };
  }

  /** Affinities and weights, in the order of the windows. */
  readState(): Map<string, Float32Array> {
    return new Map(this.#stateArrays().map(([name, values]) => [name, values.slice()]));
  }

  /** Sets what {@linkcode readState} gave. */
  writeState(state: ReadonlyMap<string, Float32Array>): void {
    for (const [name, values] of this.#stateArrays()) {
      const stored = state.get(name);
      if (stored?.length !== values.length) {
        throw new RangeError(
          `Cannot restore the pace: ${name} must have ${values.length} values, received ${
            stored?.length ?? "none"
          }`,
        );
      }
      values.set(stored);
    }
  }

  #stateArrays(): [string, Float32Array][] {
    return [["affinity", this.#affinity], ["leastAffinity", this.#leastAffinity], ["weight", this.#weight]];
  }

  #placeOf(window: WindowFacts): number {
    const place = this.#places.get(window.id);
    if (place === undefined) {
      throw new RangeError(`Cannot pace window ${window.id}: it must be one of the training windows`);
    }
    return place;
  }

  /** What each window's distance may exceed the threshold by, for being among the nearest of its scan. */
  #bonuses(places: readonly number[]): Map<number, number> {
    const { diversity } = this.#config.learned;
    const bonuses = new Map<number, number>();
    for (const scan of Map.groupBy(places, (place) => this.#windows[place].scanId).values()) {
      const nearest = scan.toSorted((a, b) => this.#affinity[b] - this.#affinity[a] || a - b);
      nearest.forEach((place, i) => bonuses.set(place, diversity / (Math.sqrt(i + 1) + Math.sqrt(i))));
    }
    return bonuses;
  }

  #softWeight(places: readonly number[]): (affinity: number) => number {
    const { selection, minimumWeight, cdfScale } = this.#config.learned;
    if (selection === "hard") return () => 1;
    const values = places.map((place) => this.#affinity[place]);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const deviation = Math.sqrt(cdfScale * variance);
    if (deviation === 0) return () => 1;
    return (affinity) => Math.max(minimumWeight, normalCdf((affinity - mean) / deviation));
  }
}

/** The largest of the `share` smallest values; at least one is always admitted. */
function thresholdOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.min(sorted.length, Math.round(share * sorted.length)) - 1)];
}
