import { correlationAccuracy, correlationLoss } from "../../../lib/losses/correlation.ts";
import { input } from "../../../lib/tensor/graph.ts";
import { assertClose, checkGradients, evaluateOne, normals } from "./float64.ts";

const batch = 5;
const positive = input("positive", [batch, 2]);
const negative = input("negative", [batch, 2]);
const random = { positive: normals("positive", 2 * batch), negative: normals("negative", 2 * batch) };

Deno.test("correlationLoss() is ln 2 when the logits are equal", () => {
  const same = new Array(2 * batch).fill(0.7);
  const loss = evaluateOne(correlationLoss(positive, negative), { positive: same, negative: same });
  assertClose(loss, new Array(batch).fill(Math.LN2));
});

Deno.test("correlationLoss() is the mean of two cross-entropies, pair by pair", () => {
  const crossEntropy = (logits: number[], row: number, right: number) => {
    const [a, b] = logits.slice(2 * row, 2 * row + 2);
    return Math.log(Math.exp(a) + Math.exp(b)) - (right === 1 ? b : a);
  };
  const expected = Array.from(
    { length: batch },
    (_, i) => (crossEntropy(random.positive, i, 1) + crossEntropy(random.negative, i, 0)) / 2,
  );
  assertClose(evaluateOne(correlationLoss(positive, negative), random), expected);
});

Deno.test("correlationLoss() stays finite at extreme logits", () => {
  const wrong = { positive: [1e4, -1e4], negative: [-1e4, 1e4] };
  const [a, b] = [input("positive", [1, 2]), input("negative", [1, 2])];
  assertClose(evaluateOne(correlationLoss(a, b), wrong), [2e4]);
});

Deno.test("correlationLoss() gradients agree with central differences", () => {
  checkGradients(correlationLoss(positive, negative), [positive, negative], random);
});

Deno.test("correlationAccuracy() counts right answers, and ties as wrong", () => {
  const given = {
    positive: [0, 1, 1, 0, 0, 1, 2, 2, 5, -5],
    negative: [1, 0, 1, 0, 0, 1, 2, 2, -5, 5],
  };
  assertClose(evaluateOne(correlationAccuracy(positive, negative), given), [1, 0.5, 0.5, 0, 0]);
});
