import assert from "node:assert/strict";
import { crossModalContrastive } from "../../../lib/losses/cross_modal_contrastive.ts";
import { input } from "../../../lib/tensor/graph.ts";
import { assertClose, checkGradients, dot, evaluate, unitRows } from "./float64.ts";

const batch = 8;
const width = 3;
const literalFloor = 0.01;
const video = input("video", [batch, width]);
const speech = input("speech", [batch, width]);
const hardNegative = input("hard", [batch, width]);
const hardNegativeMask = input("hasHard", [batch]);
const negativeMask = input("mask", [batch, batch]);
const { loss, guarded } = crossModalContrastive({
  video,
  speech,
  hardNegative,
  hardNegativeMask,
  negativeMask,
  literalFloor,
});

const given = {
  video: unitRows("video", batch, width),
  speech: unitRows("speech", batch, width),
  hard: unitRows("hard", batch, width),
  hasHard: [1, 1, 1, 1, 1, 0, 1, 1],
  mask: Array.from({ length: batch * batch }, (_, i) => Math.floor(i / batch) + i % batch === 3 ? 0 : 1),
};

function numerators(): number[] {
  return Array.from(
    { length: batch },
    (_, i) =>
      Math.exp(dot(given.video, i, given.speech, i, width)) -
      given.hasHard[i] * Math.exp(dot(given.video, i, given.hard, i, width)),
  );
}

Deno.test("crossModalContrastive() agrees with plain loops of equation 2 and counts its guard", () => {
  const expected = numerators().map((numerator, i) => {
    let denominator = 0;
    for (let k = 0; k < batch; k++) {
      if (k === i || given.mask[i * batch + k] === 0) continue;
      denominator += Math.exp(dot(given.video, i, given.speech, k, width));
    }
    return -Math.log(Math.max(numerator, literalFloor) / denominator);
  });
  const [losses, guards] = evaluate([loss, guarded], given);
  assertClose(losses, expected, 1e-10);
  const expectedGuards = numerators().map((numerator) => numerator > literalFloor ? 0 : 1);
  assert.deepEqual(guards, expectedGuards);
  // The data must show both cases, or the guard was not tried.
  assert.ok(expectedGuards.includes(0) && expectedGuards.includes(1));
});

Deno.test("crossModalContrastive() is finite and guarded everywhere when the hard negative is the positive", () => {
  const [losses, guards] = evaluate([loss, guarded], {
    ...given,
    hard: given.speech,
    hasHard: new Array(batch).fill(1),
  });
  assert.deepEqual(guards, new Array(batch).fill(1));
  assert.ok(losses.every(Number.isFinite));
});

Deno.test("crossModalContrastive() is ln(negatives / floor) when every similarity is 0", () => {
  const zeros = new Array(batch * width).fill(0);
  const [losses] = evaluate([loss], {
    video: zeros,
    speech: zeros,
    hard: zeros,
    hasHard: new Array(batch).fill(1),
    mask: new Array(batch * batch).fill(1),
  });
  assertClose(losses, new Array(batch).fill(Math.log((batch - 1) / literalFloor)));
});

Deno.test("crossModalContrastive() ignores what the mask excludes", () => {
  const speechChanged = [...given.speech];
  for (let d = 0; d < width; d++) speechChanged[3 * width + d] = 20 * given.video[d];
  const [[before], [after]] = [
    evaluate([loss], given),
    evaluate([loss], { ...given, speech: speechChanged }),
  ];
  assertClose([after[0]], [before[0]]);
  assert.ok(Math.abs(after[5] - before[5]) > 0.01);
});

Deno.test("crossModalContrastive() is finite for a pair without any negative", () => {
  const [losses] = evaluate([loss], { ...given, mask: new Array(batch * batch).fill(0) });
  const expected = numerators().map((numerator) =>
    Math.log(literalFloor / Math.max(numerator, literalFloor))
  );
  assertClose(losses, expected, 1e-10);
});

Deno.test("crossModalContrastive() gradients agree with central differences on both sides of the guard", () => {
  checkGradients(loss, [video, speech, hardNegative], given, { samples: 24 });
});
