/**
 * Plans become arrays: frames and speech samples of a batch.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { Random } from "../random.ts";
import { sizeOf } from "../shape.ts";
import { drawFrameAugmentation, drawSpeechAugmentation, type FrameAugmentation } from "./augmentation.ts";
import type { WindowRecord } from "./dataset_store.ts";
import { frameTones as tonesOf, hasStoredSize, InputReader, type InputSource } from "./inputs.ts";
import type { BatchPlan, SpeechSample } from "./pairs.ts";

/** Which arrays a step needs; what no loss uses is not read. */
export interface BatchNeeds {
  /** Whether speech samples are read. */
  speech: boolean;
  /** Whether hard negatives, or what stands in for them, are read. */
  negatives: boolean;
}

/** In which form a batch's pictures and speech are handed over; graphs have inputs of the same types. */
export interface BatchFormat {
  /** Finished, in [−1, 1], or as they are stored, with what the device is to make of them. */
  frames: "f32" | "u8";
  /** In single precision, or rounded to half. */
  speech: "f32" | "f16";
}

/** Everything in single precision, as inference has it. */
export const finishedFormat: BatchFormat = { frames: "f32", speech: "f32" };

/** The fewest bytes: half precision, and stored frames unless they must be resized, which is done while reading. */
export function compactFormat(source: Pick<InputSource, "config">, { model }: RunConfig): BatchFormat {
  return { frames: hasStoredSize(source, model) ? "u8" : "f32", speech: "f16" };
}

/** The arrays of a batch of B windows with P frames and K pairs each, row-major; each has a buffer of its own. */
export interface BatchArrays {
  /** `[B · P, H, W, 1]`: in [−1, 1], or grey levels 0 to 255 as stored. */
  frames: Float32Array | Uint8Array;
  /** With stored frames, how far down and right each window's are to be moved, whole pixels `[B, 2]`. */
  frameShifts: Float32Array | null;
  /** With stored frames, what each window's grey levels are to become, `[B, 256]`. */
  frameTones: Float32Array | null;
  /** Hard positives, `[B · K, bands, columns, 1]`; null when not needed. */
  speech: Float32Array | Float16Array | null;
  /**
   * Hard negatives or what stands in for them, `[B · K, bands, columns, 1]`; zeros where there is neither; null when
   * not needed.
   */
  negativeSpeech: Float32Array | Float16Array | null;
}

type FrameArrays = Pick<BatchArrays, "frames" | "frameShifts" | "frameTones">;

/** A batch that was read. */
export interface Batch extends BatchArrays {
  /** What the arrays were read for. */
  plan: BatchPlan;
}

/** Reads and augments the arrays of batch plans. */
export class BatchReader {
  readonly #inputs: InputReader;
  readonly #config: RunConfig;
  readonly #needs: BatchNeeds;
  readonly #format: BatchFormat;

  /**
   * Reads from `source`.
   *
   * @param needs What the config's losses use, from `trainingNeeds()`.
   */
  constructor(
    source: InputSource,
    config: RunConfig,
    needs: BatchNeeds,
    format: BatchFormat = finishedFormat,
  ) {
    this.#inputs = new InputReader(source, config.model, config.data.speechSeconds);
    this.#config = config;
    this.#needs = needs;
    this.#format = format;
  }

  /** Reads a batch. */
  read(plan: BatchPlan): Batch {
    return { plan, ...this.readArrays(plan) };
  }

  /** Reads a plan's arrays; the random changes depend on the seed, the epoch, the step and the place alone. */
  readArrays(plan: BatchPlan): BatchArrays {
    const pairs = plan.samples.flatMap((sample) => sample.pairs);
    const random = new Random(this.#config.seed, "speech", plan.epoch, plan.stepInEpoch);
    const positives = pairs.map((pair) => pair.positive);
    const negatives = pairs.map((pair) => pair.negative);
    return {
      ...this.#format.frames === "u8" ? this.#storedFrames(plan) : this.#finishedFrames(plan),
      speech: this.#needs.speech ? this.#speech(positives, random) : null,
      negativeSpeech: this.#needs.negatives ? this.#speech(negatives, random) : null,
    };
  }

  /** The changes of each window of a plan. */
  #changes({ samples, epoch, stepInEpoch }: BatchPlan): FrameAugmentation[] {
    const { seed, data, model } = this.#config;
    return samples.map((_, b) => {
      const random = new Random(seed, "frames", epoch, stepInEpoch, b);
      return drawFrameAugmentation(data.augmentation, model.frameSize, random);
    });
  }

  #finishedFrames(plan: BatchPlan): FrameArrays {
    const size = sizeOf(this.#config.model.frameSize);
    const changes = this.#changes(plan);
    const frames = new Float32Array(plan.samples.length * plan.samples[0].frames.length * size);
    eachFrame(plan, (window, frame, b, row) => {
      this.#inputs.frame(window.scanId, window.firstFrame + frame, frames, row * size, changes[b]);
    });
    return { frames, frameShifts: null, frameTones: null };
  }

  #storedFrames(plan: BatchPlan): FrameArrays {
    const size = sizeOf(this.#config.model.frameSize);
    const changes = this.#changes(plan);
    const frames = new Uint8Array(plan.samples.length * plan.samples[0].frames.length * size);
    eachFrame(plan, (window, frame, _, row) => {
      frames.set(this.#inputs.storedFrame(window.scanId, window.firstFrame + frame), row * size);
    });
    const frameTones = new Float32Array(256 * changes.length);
    changes.forEach((change, b) => frameTones.set(tonesOf(change), 256 * b));
    return { frames, frameShifts: Float32Array.from(changes.flatMap(({ shift }) => shift)), frameTones };
  }

  #speech(samples: readonly (SpeechSample | null)[], random: Random): Float32Array | Float16Array {
    const size = sizeOf(this.#config.model.speechSize);
    const out = new Float32Array(samples.length * size);
    samples.forEach((sample, i) => {
      const change = drawSpeechAugmentation(this.#config.data.augmentation, random);
      if (sample) this.#inputs.speech(sample.window.scanId, sample.startSeconds, out, i * size, change);
    });
    return this.#format.speech === "f16" ? new Float16Array(out) : out;
  }
}

/** Calls `use` for each frame of a plan, with the place of its window and its own in the batch. */
function eachFrame(
  { samples }: BatchPlan,
  use: (window: WindowRecord, frame: number, b: number, row: number) => void,
): void {
  samples.forEach(({ window, frames }, b) => {
    frames.forEach((frame, j) => use(window, frame, b, b * frames.length + j));
  });
}
