import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { affinityLevel } from "../../../lib/pacing/affinity.ts";
import { createPace } from "../../../lib/pacing/create_pace.ts";

const windows = [
  { id: 0, scanId: "s0", voicedFractionEnergy: 0.9, voicedFractionWebrtc: 0.1 },
  { id: 1, scanId: "s0", voicedFractionEnergy: 0.2, voicedFractionWebrtc: 0.5 },
];

function weights(pacing: object): number[] {
  return [...createPace(resolveRunConfig({ file: { pacing } }).pacing, windows).weights(windows)];
}

Deno.test("affinityLevel() is high from the threshold on", () => {
  assert.equal(affinityLevel(0.3, 0.3), "high");
  assert.equal(affinityLevel(0.299, 0.3), "low");
});

Deno.test("createPace() admits by the configured detector's voicedFraction", () => {
  assert.deepEqual(weights({ kind: "voice", detector: "energy", voicedFractionThreshold: 0.3 }), [1, 0]);
  assert.deepEqual(weights({ kind: "voice", detector: "webrtc", voicedFractionThreshold: 0.3 }), [0, 1]);
});

Deno.test("createPace() of kind none admits every window", () => {
  assert.deepEqual(weights({ kind: "none", detector: "energy", voicedFractionThreshold: 1 }), [1, 1]);
});
