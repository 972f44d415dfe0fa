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
const hardNegativeMask = input("hasHard", [batch]);

const positiveMask = input("bag", [batch, batch]);

const all = new Array(batch * batch).fill(1);
/** Pairs 0 and 1 are no negatives of each other, and pair 4 may only be compared with 5. */
const some = all.map((_, i) => {
  const [row, column] = [Math.floor(i / batch), i % batch];
  if (row + column === 1 && row !== column) return 0;
  return row === 4 && column !== 5 ? 0 : 1;
});

/** Pairs 0 and 1 are in each other's bags, and pair 4 has 2 and 3 in its own; of none are they negatives. */
const bag = all.map((_, i) => {
  const [row, column] = [Math.floor(i / batch), i % batch];
  return (row + column === 1 && row !== column) || (row === 4 && (column === 2 || column === 3)) ? 1 : 0;
});

const given = {
  bag,
  video: unitRows("video", batch, width),
  speech: unitRows("speech", batch, width),
  hard: unitRows("hard", batch, width),
  temperature: [0.2],
  mask: some,
  hasHard: [1, 1, 0, 1, 0, 1],
};

function loss({ hard = true, masked = false, symmetric = true, bags = false } = {}) {
  return infoNce({
    video,
    speech,
    hardNegative: hard ? hardNegative : undefined,
    hardNegativeMask: masked ? hardNegativeMask : undefined,
    temperature,
    negativeMask,
    positiveMask: bags ? positiveMask : undefined,
    symmetric,
  });
}

/** Plain loops, without any trick for stability. */
function expected(
  { mask = some, hard = true, masked = false, symmetric = true, bags = false } = {},
): number[] {
  const score = (a: number[], i: number, b: number[], k: number) =>
    Math.exp(dot(a, i, b, k, width) / given.temperature[0]);
  return Array.from({ length: batch }, (_, i) => {
    const isIn = (which: number[], k: number) => k !== i && which[i * batch + k] === 1;
    const others = Array.from({ length: batch }, (_, k) => k);
    const positives = [i, ...others.filter((k) => bags && isIn(bag, k))];
    const negatives = others.filter((k) => isIn(mask, k));
    const toSpeech = (k: number) => score(given.video, i, given.speech, k);
    const toVideo = (k: number) => score(given.video, k, given.speech, i);
    const hasHard = hard && (!masked || given.hasHard[i] === 1);
    const crossEntropy = (of: (k: number) => number, hardNegative: number) => {
      const sum = (which: number[]) => which.reduce((total, k) => total + of(k), 0);
      return -Math.log(sum(positives) / (sum(positives) + sum(negatives) + hardNegative));
    };
    const first = crossEntropy(toSpeech, hasHard ? score(given.video, i, given.hard, i) : 0);
    return symmetric ? (first + crossEntropy(toVideo, 0)) / 2 : first;
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
    fc.array(fc.constantFrom(0, 1), { minLength: batch, maxLength: batch }),
    fc.array(fc.constantFrom(0, 1), { minLength: batch * batch, maxLength: batch * batch }),
    fc.array(fc.integer({ min: 0, max: 3 }), { minLength: batch - 1, maxLength: batch - 1 }),
    fc.boolean(),
    fc.boolean(),
    fc.boolean(),
    (negatives, hasHard, bag, some, hard, bags, symmetric) => {
      const weights = [1, ...some];
      const mask = negatives.map((value, i) => bags && bag[i] ? 0 : value);
      const losses = evaluateOne(
        loss({ hard, masked: true, symmetric, bags }),
        { video: same, speech: same, hard: same, temperature: [0.1], mask, hasHard, bag },
      );
      const mean = losses.reduce((sum, value) => sum + value, 0) / batch;
      const weighted = losses.reduce((sum, value, i) => sum + weights[i] * value, 0) /
        weights.reduce((sum, weight) => sum + weight);
      const masks = {
        negativeMask: mask,
        positiveMask: bags ? bag : undefined,
        hardNegativeMask: hard ? hasHard : undefined,
      };
      assertClose([infoNceChance({ batch, ...masks, symmetric })], [mean], 1e-9);
      assertClose([infoNceChance({ batch, ...masks, weights, symmetric })], [weighted], 1e-9);
    },
  ));
  assertClose([infoNceChance({ batch, symmetric: true })], [Math.log(batch)]);
});

Deno.test("infoNce() agrees with plain loops in every form", () => {
  for (const hard of [true, false]) {
    for (const symmetric of [true, false]) {
      assertClose(evaluateOne(loss({ hard, symmetric }), given), expected({ hard, symmetric }), 1e-10);
      const some = { hard, masked: true, symmetric };
      assertClose(evaluateOne(loss(some), given), expected(some), 1e-10);
      const bags = { ...some, bags: true };
      assertClose(evaluateOne(loss(bags), given), expected(bags), 1e-10);
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

Deno.test("infoNce() of a pair whose hard negative is masked is its loss without one", () => {
  const masked = evaluateOne(loss({ masked: true }), { ...given, hard: given.video });
  const without = evaluateOne(loss({ hard: false }), given);
  given.hasHard.forEach((has, i) => {
    if (has) assert.ok(masked[i] > without[i] + 0.1);
    else assertClose([masked[i]], [without[i]]);
  });
});

Deno.test("infoNce() is 0 for a pair that has nothing to be told from", () => {
  const none = { ...given, mask: new Array(batch * batch).fill(0) };
  assertClose(evaluateOne(loss({ hard: false }), none), new Array(batch).fill(0));
});

Deno.test("infoNce() with a bag is the logarithm of negatives and positives over positives at equal similarities", () => {
  const same = Array.from({ length: batch * width }, (_, i) => i % width ? 0 : 1);
  const losses = evaluateOne(loss({ bags: true, hard: false }), { ...given, video: same, speech: same });
  // Pair 0: itself and 1, against 2 to 5. Pair 4: itself, 2 and 3, against 5. Pair 5: itself against all others.
  assertClose([losses[0], losses[4], losses[5]], [Math.log(6 / 2), Math.log(4 / 3), Math.log(6)]);
});

Deno.test("infoNce() with a bag falls with any positive that fits, and is least where the best does", () => {
  const without = evaluateOne(loss(), given);
  const withBag = evaluateOne(loss({ bags: true }), given);
  withBag.forEach((value, i) => {
    const hasBag = i === 0 || i === 1 || i === 4;
    if (hasBag) assert.ok(value < without[i]);
    else assertClose([value], [without[i]]);
  });
  // Speech of pair 1 becomes what frame 0 shows, as narration that lags by a window does.
  const lagging = { ...given, speech: [...given.speech] };
  for (let d = 0; d < width; d++) lagging.speech[1 * width + d] = given.video[d];
  assert.ok(evaluateOne(loss({ bags: true, symmetric: false }), lagging)[0] < withBag[0]);
});

Deno.test("infoNce() with a bag that holds only the pair itself is the loss without", () => {
  for (const bag of [new Array(batch * batch).fill(0), all.map((_, i) => i % (batch + 1) === 0 ? 1 : 0)]) {
    assertClose(evaluateOne(loss({ bags: true }), { ...given, bag }), evaluateOne(loss(), given), 1e-12);
  }
});

Deno.test("infoNce() gradients agree with central differences", () => {
  const wrt = [video, speech, hardNegative, temperature];
  checkGradients(loss(), wrt, { ...given, video: normals("v", batch * width) });
  checkGradients(loss({ masked: true }), wrt, given);
  checkGradients(loss({ bags: true }), wrt, given);
  checkGradients(loss({ symmetric: false, hard: false }), [video, speech, temperature], given);
});
