import assert from "node:assert/strict";
import { affinityLevel } from "../../../lib/pacing/affinity.ts";
import { createPace } from "../../../lib/pacing/pace.ts";

const windows = [
  { id: 0, voicedFractionEnergy: 0.9, voicedFractionWebrtc: 0.1 },
  { id: 1, voicedFractionEnergy: 0.2, voicedFractionWebrtc: 0.5 },
];

Deno.test("affinityLevel() is high from the threshold on", () => {
  assert.equal(affinityLevel(0.3, 0.3), "high");
  assert.equal(affinityLevel(0.299, 0.3), "low");
});

Deno.test("createPace() admits by the configured detector's voicedFraction", () => {
  const weights = (detector: "energy" | "webrtc") => [
    ...createPace({ kind: "voice", detector, voicedFractionThreshold: 0.3 }).weights(windows),
  ];
  assert.deepEqual(weights("energy"), [1, 0]);
  assert.deepEqual(weights("webrtc"), [0, 1]);
});

Deno.test("createPace() of kind none admits every window", () => {
  const pace = createPace({ kind: "none", detector: "energy", voicedFractionThreshold: 1 });
  assert.deepEqual([...pace.weights(windows)], [1, 1]);
});
