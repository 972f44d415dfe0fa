/**
 * How much each window's pairs count in a step: the seam between what is known of a window and its loss weight.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { affinityLevel } from "./affinity.ts";

/** What pacing knows of a window before training. */
export interface WindowFacts {
  /** The window's id, by which a pace may remember it. */
  id: number;
  /** Share of its time that the energy detector calls voiced, 0 to 1. */
  voicedFractionEnergy: number;
  /** Share of its time that WebRTC's detector calls voiced, 0 to 1. */
  voicedFractionWebrtc: number;
}

/** Gives weights to the pairs of windows; the frame order loss is not paced, it runs on all video. */
export interface Pace {
  /** Weight v of the pairs of each window, 0 to 1; 0 means the window is held back. Shape [B]. */
  weights(windows: readonly WindowFacts[]): Float32Array;
}

/** The share of the speech in a window that the configured detector found. */
export function voicedFractionOf(window: WindowFacts, detector: RunConfig["pacing"]["detector"]): number {
  return detector === "energy" ? window.voicedFractionEnergy : window.voicedFractionWebrtc;
}

/**
 * The pace of a run: `none` admits every window, `voice` those with high affinity (Jiao et al., section 2.3).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createPace } from "./pace.ts";
 * const pace = createPace({ kind: "voice", detector: "energy", voicedFractionThreshold: 0.3 });
 * const windows = [0.1, 0.9].map((voiced, id) => ({
 *   id,
 *   voicedFractionEnergy: voiced,
 *   voicedFractionWebrtc: voiced,
 * }));
 * assert(pace.weights(windows).join() === "0,1");
 * ```
 */
export function createPace(config: RunConfig["pacing"]): Pace {
  const weight = (window: WindowFacts) => {
    if (config.kind === "none") return 1;
    const voicedFraction = voicedFractionOf(window, config.detector);
    return affinityLevel(voicedFraction, config.voicedFractionThreshold) === "high" ? 1 : 0;
  };
  return { weights: (windows) => Float32Array.from(windows, weight) };
}
