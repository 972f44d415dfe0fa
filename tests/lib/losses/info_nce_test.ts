import assert from "node:assert/strict";
import fc from "fast-check";
import { infoNce, infoNceChance } from "../../../lib/losses/info_nce.ts";
import { input } from "../../../lib/tensor/graph.ts";
import { assertClose, checkGradients, dot, evaluateOne, normals, unitRows } from "./float64.ts";

const batch = 6;
const width = 4;
const video = input("video", [batch, width]);
const speech = input("speech", [batch, width]);
const hardNegative = input("hard", [batch, width]);
const temperature = input("temperature", []);
const negativeMask = input("mask", [batch, batch]);

const all = new Array(batch * batch).fill(1);
/** Pairs 0 and 1 are no negatives of each other, and pair 4 may only be compared with 5. */
const some = all.map((_, i) => {
  const [row, column] = [Math.floor(i / batch), i % batch];
  if (row + column === 1 && row !== column) return 0;
  return row === 4 && column !== 5 ? 0 : 1;
});

const given = {
  video: unitRows("video", batch, width),
  speech: unitRows("speech", batch, width),
  hard: unitRows("hard", batch, width),
  temperature: [0.2],
  mask: some,
};

function loss({ hard = true, symmetric = true } = {}) {
  return infoNce({
    video,
    speech,
    hardNegative: hard ? hardNegative : undefined,
    temperature,
    negativeMask,
    symmetric,
  });
}

/** Plain loops, without any trick for stability. */
function expected({ mask = some, hard = true, symmetric = true } = {}): number[] {
  const score = (a: number[], i: number, b: number[], k: number) =>
    Math.exp(dot(a, i, b, k, width) / given.temperature[0]);
  return Array.from({ length: batch }, (_, i) => {
    const own = score(given.video, i, given.speech, i);
    let toSpeech = own + (hard ? score(given.video, i, given.hard, i) : 0);
    let toVideo = own;
    for (let k = 0; k < batch; k++) {
      if (k === i || mask[i * batch + k] === 0) continue;
      toSpeech += score(given.video, i, given.speech, k);
      toVideo += score(given.video, k, given.speech, i);
    }
    const first = -Math.log(own / toSpeech);
    return symmetric ? (first - Math.log(own / toVideo)) / 2 : first;
  });
}

Deno.test("infoNce() is ln B when every similarity is equal, ln (B + 1) with a hard negative", () => {
  const same = { ...given, mask: all };
  same.video = same.speech = same.hard = Array.from({ length: batch * width }, (_, i) => i % width ? 0 : 1);
  const rows = (value: number) => new Array(batch).fill(value);
  assertClose(evaluateOne(loss({ hard: false }), same), rows(Math.log(batch)));
  assertClose(evaluateOne(loss({ symmetric: false }), same), rows(Math.log(batch + 1)));
  const both = (Math.log(batch + 1) + Math.log(batch)) / 2;
  assertClose(evaluateOne(loss(), same), rows(both));
});

Deno.test("infoNceChance() is the loss at equal similarities, whatever the mask", () => {
  const same = Array.from({ length: batch * width }, (_, i) => i % width ? 0 : 1);
  fc.assert(fc.property(
    fc.array(fc.constantFrom(0, 1), { minLength: batch * batch, maxLength: batch * batch }),
    fc.boolean(),
    fc.boolean(),
    (mask, hardNegatives, symmetric) => {
      const losses = evaluateOne(
        loss({ hard: hardNegatives, symmetric }),
        { video: same, speech: same, hard: same, temperature: [0.1], mask },
      );
      const mean = losses.reduce((sum, value) => sum + value, 0) / batch;
      assertClose([infoNceChance({ batch, negativeMask: mask, hardNegatives, symmetric })], [mean], 1e-9);
    },
  ));
  assertClose([infoNceChance({ batch, hardNegatives: false, symmetric: true })], [Math.log(batch)]);
});

Deno.test("infoNce() agrees with plain loops in every form", () => {
  for (const hard of [true, false]) {
    for (const symmetric of [true, false]) {
      assertClose(evaluateOne(loss({ hard, symmetric }), given), expected({ hard, symmetric }), 1e-10);
      const open = evaluateOne(loss({ hard, symmetric }), { ...given, mask: all });
      assertClose(open, expected({ hard, symmetric, mask: all }), 1e-10);
    }
  }
});

Deno.test("infoNce() ignores what the mask excludes", () => {
  const poisoned = { ...given, video: [...given.video], speech: [...given.speech] };
  for (let d = 0; d < width; d++) {
    poisoned.speech[0 * width + d] = 50 * given.video[1 * width + d];
    poisoned.video[0 * width + d] = 50 * given.speech[1 * width + d];
  }
  const before = evaluateOne(loss(), given);
  const after = evaluateOne(loss(), poisoned);
  // Pair 1 may not see pair 0, and pair 4 sees only pair 5; pair 2 sees everything.
  assertClose([after[1], after[4]], [before[1], before[4]]);
  assert.ok(Math.abs(after[2] - before[2]) > 0.1);
});

Deno.test("infoNce() ignores the mask's diagonal", () => {
  const withoutDiagonal = some.map((value, i) => i % (batch + 1) === 0 ? 0 : value);
  assertClose(evaluateOne(loss(), { ...given, mask: withoutDiagonal }), evaluateOne(loss(), given));
});

Deno.test("infoNce() rises with the hard negative, the more so the closer it is", () => {
  const without = evaluateOne(loss({ hard: false }), given);
  const far = evaluateOne(loss(), { ...given, hard: given.video.map((x) => -x) });
  const near = evaluateOne(loss(), { ...given, hard: given.video });
  for (let i = 0; i < batch; i++) assert.ok(without[i] < far[i] && far[i] < near[i]);
});

Deno.test("infoNce() is 0 for a pair that has nothing to be told from", () => {
  const none = { ...given, mask: new Array(batch * batch).fill(0) };
  assertClose(evaluateOne(loss({ hard: false }), none), new Array(batch).fill(0));
});

Deno.test("infoNce() gradients agree with central differences", () => {
  const wrt = [video, speech, hardNegative, temperature];
  checkGradients(loss(), wrt, { ...given, video: normals("v", batch * width) });
  checkGradients(loss({ symmetric: false, hard: false }), [video, speech, temperature], given);
});
