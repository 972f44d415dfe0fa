import assert from "node:assert/strict";
import { difficulties } from "../../../lib/phantom/difficulty.ts";
import type { Utterance } from "../../../lib/phantom/narration.ts";
import { drawSubject } from "../../../lib/phantom/subject.ts";
import { type ScanTruth, truthWithin, windowTruth } from "../../../lib/phantom/truth.ts";
import { Random } from "../../../lib/random.ts";

function say(startSeconds: number, endSeconds: number, plane: string | null, voice = "kal"): Utterance {
  const lagSeconds = plane === null ? null : startSeconds - 2;
  return {
    startSeconds,
    endSeconds,
    text: "x",
    voice,
    tempo: 1,
    pitch: 1,
    isRelated: plane !== null,
    plane,
    lagSeconds,
  };
}

const room = { speechDb: -26, noiseDb: -50, echoes: [] };
const subject = drawSubject(new Random(1), "s", ["kal"], difficulties.easy);
const look = (startSeconds: number) => ({ startSeconds, durationSeconds: 0.3, x: 0.5, y: 0.5, target: null });
const truth: ScanTruth = {
  scan: "s-01",
  subject: "s",
  segments: [
    { startSeconds: 0, endSeconds: 3.2, plane: "femur" },
    { startSeconds: 3.2, endSeconds: 4.9, plane: "background" },
    { startSeconds: 4.9, endSeconds: 9, plane: "4CH" },
  ],
  utterances: [
    say(0.2, 1, null, "slt"),
    say(1.5, 2.9, "femur"),
    say(3.5, 4.1, "4CH"),
    say(4.5, 5.5, "4CH", "awb"),
    say(5.6, 7.8, "femur"),
  ],
  noise: [],
  speechDb: -26,
  noiseDb: -50,
  freezes: [{ startSeconds: 1, endSeconds: 2.5 }],
  fixations: [0.1, 1.99, 2, 5].map(look),
  factors: { seconds: 9, frameRate: 5, frameSize: [48, 64], subject, room },
};

Deno.test("windowTruth() has a window's majority plane, and whole windows only", () => {
  const windows = windowTruth(truth, { windowSeconds: 2 });
  assert.deepEqual(windows.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds]), [
    [0, 2],
    [2, 4],
    [4, 6],
    [6, 8],
  ]);
  assert.deepEqual(windows.map(({ plane }) => plane), ["femur", "femur", "4CH", "4CH"]);
  const shares = windows.map(({ planeShare }) => Math.round(100 * planeShare) / 100);
  assert.deepEqual(shares, [1, 0.6, 0.55, 1]);
  assert.equal(windowTruth(truth, { windowSeconds: 4.5 }).length, 2);
  assert.equal(
    windowTruth({ ...truth, segments: [{ startSeconds: 0, endSeconds: 0.1 * 3, plane: "4CH" }] }, {
      windowSeconds: 0.1,
    }).length,
    3,
  );
});

Deno.test("windowTruth() calls a window related when speech within it names the plane in view", () => {
  const windows = windowTruth(truth, { windowSeconds: 2 });
  assert.deepEqual(windows.map(({ isRelated }) => isRelated), [true, true, true, false]);
  assert.deepEqual(windows.map(({ lagSeconds }) => lagSeconds), [-0.5, -0.5, 2.5, null]);
  // The 4CH is named while nothing is in view: that is no relation.
  const early = truthWithin(truth, { startSeconds: 3.3, endSeconds: 4.8 });
  assert.deepEqual([early.plane, early.isRelated, early.voice], ["background", false, "kal"]);
  // Speech that is cut off by the window's edge counts from a length on.
  const span = { startSeconds: 0, endSeconds: 1.7 };
  assert.deepEqual(
    [0.1, 0.3].map((leastSpokenSeconds) => truthWithin(truth, span, { leastSpokenSeconds }).isRelated),
    [
      true,
      false,
    ],
  );
});

Deno.test("windowTruth() sums up speech, stillness and fixations", () => {
  const windows = windowTruth(truth, { windowSeconds: 2 });
  assert.deepEqual(windows.map(({ voice }) => voice), ["slt", "kal", "awb", "kal"]);
  const spoken = windows.map(({ spokenSeconds }) => Math.round(10 * spokenSeconds) / 10);
  assert.deepEqual(spoken, [1.3, 1.4, 1.5, 1.8]);
  assert.deepEqual(windows.map(({ frozenSeconds }) => frozenSeconds), [1, 0.5, 0, 0]);
  assert.deepEqual(windows.map(({ fixations }) => fixations.length), [2, 1, 1, 0]);
  assert.equal(truthWithin(truth, { startSeconds: 8, endSeconds: 9 }).voice, null);
});

Deno.test("windowTruth() refuses windows of no length", () => {
  for (const windowSeconds of [0, -1, NaN]) {
    assert.throws(() => windowTruth(truth, { windowSeconds }), /windowSeconds must be positive/);
  }
});
