/**
 * How much each window's pairs count in a step: the seam between what is known of a window and its loss weight.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { affinityLevel } from "./affinity.ts";

/** What pacing knows of a window before training. */
export interface WindowFacts {
  /** The window's id, by which a pace remembers it. */
  id: number;
  /** The scan it belongs to. */
  scanId: string;
  /** Share of its time that the energy detector calls voiced, 0 to 1. */
  voicedFractionEnergy: number;
  /** Share of its time that WebRTC's detector calls voiced, 0 to 1. */
  voicedFractionWebrtc: number;
}

/** Why each training window counts as much as it does; the arrays go with `windows`. */
export interface PaceScores {
  /** The training windows. */
  windows: readonly WindowFacts[];
  /** Learned agreement of picture and speech, −1 to 1; NaN where none was seen yet. */
  affinity: Float32Array;
  /** The least affinity with which the window would be admitted; −1 where any is enough. */
  leastAffinity: Float32Array;
  /** Weight of its pairs, 0 to 1; 0 is held back. */
  weight: Float32Array;
}

/** Gives weights to the pairs of windows; the frame order loss is not paced, it runs on all video. */
export interface Pace {
  /** Weight v of the pairs of each window, 0 to 1; 0 means the window is held back. Shape [B]. */
  weights(windows: readonly WindowFacts[]): Float32Array;
  /**
   * Takes in how well pairs agreed in a step.
   *
   * @param windows Windows of the batch, B.
   * @param similarity Dot products of the embeddings of their pairs, `[B · K]`, the K pairs of a window together.
   */
  observe(windows: readonly WindowFacts[], similarity: Float32Array): void;
  /** Sets the weights of an epoch from what was observed before it. */
  startEpoch(epoch: number): void;
  /** The present weights and their reasons. */
  scores(): PaceScores;
  /** All that a bit-equal resume needs, by name; empty when nothing is learned. */
  readState(): Map<string, Float32Array>;
  /** Sets what {@linkcode readState} gave. @throws RangeError on a missing name or another length. */
  writeState(state: ReadonlyMap<string, Float32Array>): void;
}

/** The share of the speech in a window that the configured detector found. */
export function voicedFractionOf(window: WindowFacts, detector: RunConfig["pacing"]["detector"]): number {
  return detector === "energy" ? window.voicedFractionEnergy : window.voicedFractionWebrtc;
}

/** 1 for windows with high affinity, 0 for the others (Jiao et al., section 2.3). */
export function voiceWeight(window: WindowFacts, config: RunConfig["pacing"]): number {
  const voicedFraction = voicedFractionOf(window, config.detector);
  return affinityLevel(voicedFraction, config.voicedFractionThreshold) === "high" ? 1 : 0;
}

/** Whether a window's speech may be about its picture at all: always where nothing is paced, else when it has some. */
export function hasHighAffinity(window: WindowFacts, config: RunConfig["pacing"]): boolean {
  return config.kind === "none" || voiceWeight(window, config) > 0;
}

/** A pace whose weights are facts of the windows and never change. */
export function fixedPace(windows: readonly WindowFacts[], weight: (window: WindowFacts) => number): Pace {
  return {
    weights: (batch) => Float32Array.from(batch, weight),
    observe: () => {},
    startEpoch: () => {},
    scores: () => ({
      windows,
      affinity: new Float32Array(windows.length).fill(NaN),
      leastAffinity: new Float32Array(windows.length).fill(-1),
      weight: Float32Array.from(windows, weight),
    }),
    readState: () => new Map(),
    writeState: () => {},
  };
}
