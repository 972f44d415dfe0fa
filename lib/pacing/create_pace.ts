/**
 * From settings to a pace.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { LearnedPace } from "./learned_pace.ts";
import { fixedPace, type Pace, voiceWeight, type WindowFacts } from "./pace.ts";

/**
 * The pace of a run: `none` admits every window, `voice` those with high affinity (Jiao et al., section 2.3),
 * `learned` goes on from there (see {@linkcode LearnedPace}).
 *
 * @param windows The training windows.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { resolveRunConfig } from "../config.ts";
 * import { createPace } from "./create_pace.ts";
 * const windows = [0.1, 0.9].map((voiced, id) => ({
 *   id,
 *   scanId: "s0001",
 *   voicedFractionEnergy: voiced,
 *   voicedFractionWebrtc: voiced,
 * }));
 * const pace = createPace(resolveRunConfig().pacing, windows);
 * assert.deepEqual([...pace.weights(windows)], [0, 1]);
 * ```
 */
export function createPace(config: RunConfig["pacing"], windows: readonly WindowFacts[]): Pace {
  switch (config.kind) {
    case "none":
      return fixedPace(windows, () => 1);
    case "voice":
      return fixedPace(windows, (window) => voiceWeight(window, config));
    case "learned":
      return new LearnedPace(config, windows);
  }
}
