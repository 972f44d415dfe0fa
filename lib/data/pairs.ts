/**
 * Which windows, frames and speech samples a training step sees (the paper, section 2.1), decided without reading any.
 *
 * A plan depends on the windows, the settings, the seed, the epoch and the step alone, so a resumed run goes on
 * with the very same batches.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { SonospeechError } from "../errors.ts";
import { Random } from "../random.ts";
import type { WindowRecord } from "./dataset_store.ts";
import { isInBag } from "./pair_masks.ts";
import { scanSeconds } from "./windows.ts";

/** Number of frames whose order the network is asked for; with the reversal counted as equal, 12 classes. */
export const orderFrameCount = 4;

/** A speech sample: its window and where in the scan it starts. */
export interface SpeechSample {
  /** The window it is counted to. */
  window: WindowRecord;
  /** On the scan's time axis. */
  startSeconds: number;
}

/** One sampled group of a window: a frame, speech from any instant of the window, speech from another window. */
export interface PairSample {
  /** Hard positive: speech from the frame's own window. */
  positive: SpeechSample;
  /**
   * The hard negative, speech from a nearby window. The paper's needs a neighbour: where the scan has none, speech of
   * another scan's window of the batch stands in; null when there is neither.
   */
  negative: SpeechSample | null;
  /** Whether the negative is a hard one; a stand-in is none. */
  isHard: boolean;
}

/** What a step sees of one window. */
export interface WindowSample {
  /** The window. */
  window: WindowRecord;
  /** Different stored frames of the window, in the order they are shown; the first K belong to the pairs. */
  frames: number[];
  /** `permutation[j]` is the rank in time of the j-th shown frame; empty without a frame order loss. */
  permutation: number[];
  /** K sampled groups. */
  pairs: PairSample[];
}

/** One batch, not yet read. */
export interface BatchPlan {
  /** The epoch it belongs to, from 0. */
  epoch: number;
  /** Index of the step inside the epoch. */
  stepInEpoch: number;
  /** One entry a window, B of them. */
  samples: WindowSample[];
}

/** The settings that decide a plan. */
export interface PairSettings {
  /** Of the run. */
  seed: number;
  /** How windows become batches. */
  data: RunConfig["data"];
  /** Whether four frames are drawn for the frame order loss. */
  withOrder: boolean;
  /** Length of a window, seconds. */
  windowSeconds: number;
  /**
   * Whether a window has speech (high affinity). Others give no negatives: the paper keeps them for L_ord alone, and
   * "is anything said?" would answer L_cls, since positives always have speech.
   */
  hasSpeech: (window: WindowRecord) => boolean;
}

/** Steps of an epoch: whole batches only. @throws SonospeechError `input` when there are too few windows. */
export function stepsPerEpoch(windowCount: number, batchSize: number): number {
  const steps = Math.floor(windowCount / batchSize);
  if (steps < 1) {
    throw new SonospeechError("input", {
      action: "make batches",
      must: `the training split must have at least data.batchSize = ${batchSize} windows`,
      received: windowCount,
      hint: `prepare more scans or pass --set data.batchSize=${Math.max(2, windowCount)}`,
    });
  }
  return steps;
}

/** Draws the batches of a training split. */
export class PairSampler {
  readonly #byScan = new Map<string, Map<number, WindowRecord>>();
  readonly #scanSeconds: ReadonlyMap<string, number>;
  readonly #settings: PairSettings;
  /** Batches in an epoch. */
  readonly stepsPerEpoch: number;

  /** Draws from these windows. @throws SonospeechError `input` when there are fewer than fill a batch. */
  constructor(windows: readonly WindowRecord[], settings: PairSettings) {
    this.#settings = settings;
    this.stepsPerEpoch = stepsPerEpoch(windows.length, settings.data.batchSize);
    this.#scanSeconds = scanSeconds(windows, settings.windowSeconds);
    for (const window of windows) {
      const scan = this.#byScan.get(window.scanId) ?? new Map<number, WindowRecord>();
      scan.set(window.index, window);
      this.#byScan.set(window.scanId, scan);
    }
  }

  /** The batches of one epoch, from the given step on; every window comes at most once. */
  *epoch(epoch: number, fromStep = 0): Generator<BatchPlan> {
    const { seed, data } = this.#settings;
    const order = this.#order(new Random(seed, "epoch", epoch));
    for (let step = fromStep; step < this.stepsPerEpoch; step++) {
      const random = new Random(seed, "batch", epoch, step);
      const windows = order.slice(step * data.batchSize, (step + 1) * data.batchSize);
      yield {
        epoch,
        stepInEpoch: step,
        samples: windows.map((window) => this.#sample(window, windows, random)),
      };
    }
  }

  /**
   * Windows in random order, but for groups of the same scan that stay together: a batch whose negatives all come
   * from other scans is solved by telling scans apart, by voice and gain, without looking at what they show.
   */
  #order(random: Random): WindowRecord[] {
    const { windowsPerScan } = this.#settings.data;
    const groups: WindowRecord[][] = [];
    for (const scan of this.#byScan.values()) {
      const shuffled = random.shuffle(this.#runs([...scan.values()], random)).flat();
      for (let i = 0; i < shuffled.length; i += windowsPerScan) {
        groups.push(shuffled.slice(i, i + windowsPerScan));
      }
    }
    return random.shuffle(groups).flat();
  }

  /** A scan's windows cut into runs of `consecutiveWindows`, at other places in every epoch. */
  #runs(windows: readonly WindowRecord[], random: Random): WindowRecord[][] {
    const length = this.#settings.data.consecutiveWindows;
    const inOrder = windows.toSorted((a, b) => a.index - b.index);
    const first = length > 1 ? random.integer(length) : 0;
    const starts = [...first > 0 ? [0] : []];
    for (let start = first; start < inOrder.length; start += length) starts.push(start);
    return starts.map((start, i) => inOrder.slice(start, starts[i + 1]));
  }

  #sample(window: WindowRecord, batch: readonly WindowRecord[], random: Random): WindowSample {
    const { data, withOrder } = this.#settings;
    const frameCount = Math.max(data.samplingGroups, withOrder ? orderFrameCount : 0);
    const stored = Array.from({ length: window.frameCount }, (_, i) => i);
    const frames = random.sample(stored, frameCount);
    const permutation = withOrder ? ranksOf(frames.slice(0, orderFrameCount)) : [];
    const pairs = Array.from({ length: data.samplingGroups }, () => this.#pair(window, batch, random));
    return { window, frames, permutation, pairs };
  }

  #pair(window: WindowRecord, batch: readonly WindowRecord[], random: Random): PairSample {
    const near = this.#hardNegativeWindows(window);
    const isHard = near.length > 0;
    const others = isHard
      ? near
      : batch.filter((other) => other.scanId !== window.scanId && this.#settings.hasSpeech(other));
    // The instant is drawn even when there is no other window, so that one window's luck does not shift the others'.
    const choice = random.uniform();
    const positive = this.#speech(window, random);
    const other = others[Math.floor(choice * others.length)] ?? null;
    const negative = this.#speech(other ?? window, random);
    return { positive, negative: other && negative, isHard };
  }

  /**
   * Windows T + δ with 0 < δ < D that have speech, but for those whose speech is in the window's bag. Where there is none,
   * as at a scan's end, earlier ones take their place; there the paper is silent.
   */
  #hardNegativeWindows(window: WindowRecord): WindowRecord[] {
    const { data: { intervalSkipRange, hardNegativeDirection, bagSeconds }, hasSpeech } = this.#settings;
    const scan = this.#byScan.get(window.scanId);
    const at = (sign: 1 | -1) =>
      Array.from({ length: intervalSkipRange - 1 }, (_, i) => scan?.get(window.index + sign * (i + 1)))
        .filter((found) => found !== undefined)
        .filter((found) => hasSpeech(found) && !isInBag(found, window, bagSeconds));
    const after = at(1);
    if (hardNegativeDirection === "either") return [...after, ...at(-1)];
    return after.length > 0 ? after : at(-1);
  }

  /** Any instant of the window, see {@linkcode speechStart}. */
  #speech(window: WindowRecord, random: Random): SpeechSample {
    const { windowSeconds, data: { speechSeconds } } = this.#settings;
    const places = { windowSeconds, speechSeconds, scanSeconds: this.#scanSeconds.get(window.scanId)! };
    return { window, startSeconds: speechStart(window.startSeconds, random.uniform(), places) };
  }
}

/** What {@linkcode speechStart} fits together, seconds. */
export interface SpeechPlaces {
  /** Length of a window. */
  windowSeconds: number;
  /** Length of a speech sample, no longer than the scan. */
  speechSeconds: number;
  /** Length of the scan as far as whole windows tile it. */
  scanSeconds: number;
}

/**
 * Where a speech sample starts, seconds: at `position` (0 to 1) of the places where it lies inside the window or,
 * when it is longer, of those where the window lies inside it and the sample inside the scan.
 *
 * @param startSeconds Where the window starts.
 */
export function speechStart(startSeconds: number, position: number, places: SpeechPlaces): number {
  const { windowSeconds, speechSeconds, scanSeconds } = places;
  const inside = (start: number) => Math.max(0, Math.min(start, scanSeconds - speechSeconds));
  const first = inside(startSeconds);
  return first + (inside(startSeconds + windowSeconds - speechSeconds) - first) * position;
}

function ranksOf(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return values.map((value) => sorted.indexOf(value));
}
