/**
 * Plans become arrays: frames, speech samples and the mask of ordinary negatives of a batch.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { Random } from "../random.ts";
import { drawFrameAugmentation, drawSpeechAugmentation, InputReader, type InputSource } from "./inputs.ts";
import { type BatchPlan, negativeMask, type SpeechSample } from "./pairs.ts";

/** Which arrays a step needs; what no loss uses is not read. */
export interface BatchNeeds {
  /** Whether speech samples are read. */
  speech: boolean;
  /** Whether hard negatives are read. */
  hardNegatives: boolean;
}

/** A batch of B windows with P frames and K pairs each, row-major. */
export interface Batch {
  /** What the arrays were read for. */
  plan: BatchPlan;
  /** `[B · P, H, W, 1]`, in [−1, 1]. */
  frames: Float32Array;
  /** Hard positives, `[B · K, bands, columns, 1]`; null when not needed. */
  speech: Float32Array | null;
  /** Hard negatives, `[B · K, bands, columns, 1]`; zeros where a scan offers none; null when not needed. */
  hardNegativeSpeech: Float32Array | null;
  /** `[B · K]`: whether the pair has a hard negative. */
  hasHardNegative: boolean[];
}

/** Reads and augments the arrays of batch plans. */
export class BatchReader {
  readonly #inputs: InputReader;
  readonly #config: RunConfig;
  readonly #needs: BatchNeeds;

  /** Reads from `source`; `needs` is what the config's losses use, from `trainingNeeds()`. */
  constructor(source: InputSource, config: RunConfig, needs: BatchNeeds) {
    this.#inputs = new InputReader(source, config.model, config.data.speechSeconds);
    this.#config = config;
    this.#needs = needs;
  }

  /** Reads a plan's arrays; the random changes depend on the seed, the epoch, the step and the place alone. */
  read(plan: BatchPlan): Batch {
    const pairs = plan.samples.flatMap((sample) => sample.pairs);
    const random = new Random(this.#config.seed, "speech", plan.epoch, plan.stepInEpoch);
    const positives = pairs.map((pair) => pair.positive);
    const negatives = pairs.map((pair) => pair.hardNegative);
    return {
      plan,
      frames: this.#frames(plan),
      speech: this.#needs.speech ? this.#speech(positives, random) : null,
      hardNegativeSpeech: this.#needs.hardNegatives ? this.#speech(negatives, random) : null,
      hasHardNegative: negatives.map((negative) => negative !== null),
    };
  }

  #frames(plan: BatchPlan): Float32Array {
    const [height, width] = this.#config.model.frameSize;
    const perWindow = plan.samples[0].frames.length;
    const size = height * width;
    const out = new Float32Array(plan.samples.length * perWindow * size);
    plan.samples.forEach(({ window, frames }, b) => {
      const random = new Random(this.#config.seed, "frames", plan.epoch, plan.stepInEpoch, b);
      const change = drawFrameAugmentation(
        this.#config.data.augmentation,
        this.#config.model.frameSize,
        random,
      );
      frames.forEach((frame, j) => {
        this.#inputs.frame(window.scanId, window.firstFrame + frame, out, (b * perWindow + j) * size, change);
      });
    });
    return out;
  }

  #speech(samples: readonly (SpeechSample | null)[], random: Random): Float32Array {
    const [bands, columns] = this.#config.model.speechSize;
    const out = new Float32Array(samples.length * bands * columns);
    samples.forEach((sample, i) => {
      const change = drawSpeechAugmentation(this.#config.data.augmentation, random);
      if (sample) {
        this.#inputs.speech(sample.window.scanId, sample.startSeconds, out, i * bands * columns, change);
      }
    });
    return out;
  }
}

/** The mask of ordinary negatives of a plan's pairs, `[B · K, B · K]`; see {@linkcode negativeMask}. */
export function planNegativeMask(
  plan: BatchPlan,
  pairWeights: ArrayLike<number>,
  neighbourSeconds: number,
): Float32Array {
  const windows = plan.samples.flatMap((sample) => sample.pairs.map(() => sample.window));
  return negativeMask(windows, Array.from(pairWeights, (weight) => weight > 0), neighbourSeconds);
}
