import assert from "node:assert/strict";
import {
  frameOrderAccuracy,
  frameOrderClass,
  frameOrderClasses,
  frameOrderLoss,
} from "../../../lib/losses/frame_order.ts";
import { input } from "../../../lib/tensor/graph.ts";
import { assertClose, checkGradients, evaluateOne, normals } from "./float64.ts";

const batch = 3;
const classes = 12;
const logits = input("logits", [batch, classes]);
const oneHot = input("oneHot", [batch, classes]);
const labels = [4, 0, 11];
const oneHotValues = Array.from(
  { length: batch * classes },
  (_, i) => labels[Math.floor(i / classes)] === i % classes ? 1 : 0,
);

function permutations(): number[][] {
  const out: number[][] = [];
  for (let code = 0; code < 256; code++) {
    const permutation = [code >> 6, (code >> 4) & 3, (code >> 2) & 3, code & 3];
    if (new Set(permutation).size === 4) out.push(permutation);
  }
  return out;
}

Deno.test("frameOrderClass() gives each of 12 classes to 2 of the 24 permutations", () => {
  const hits = new Array(classes).fill(0);
  for (const permutation of permutations()) hits[frameOrderClass(permutation)]++;
  assert.deepEqual(hits, new Array(classes).fill(2));
});

Deno.test("frameOrderClass() is the same with time running backward", () => {
  for (const permutation of permutations()) {
    const backward = permutation.map((rank) => 3 - rank);
    assert.equal(frameOrderClass(backward), frameOrderClass(permutation));
  }
});

Deno.test("frameOrderClass() tells apart what backward play does not make equal", () => {
  // Shown in the reverse order, which is another arrangement of the same forward clip.
  assert.notEqual(frameOrderClass([0, 1, 3, 2]), frameOrderClass([2, 3, 1, 0]));
});

Deno.test("frameOrderClasses are their own classes", () => {
  assert.deepEqual(frameOrderClasses.map(frameOrderClass), [...Array(classes).keys()]);
});

Deno.test("frameOrderClass() refuses what is no permutation of four", () => {
  for (const wrong of [[0, 1, 2], [0, 1, 2, 2], [1, 2, 3, 4], [0, 1, 2, 3, 4]]) {
    assert.throws(() => frameOrderClass(wrong), /Cannot find the order's class: .* received \[/);
  }
});

Deno.test("frameOrderLoss() is ln 12 when the logits are equal", () => {
  const same = { logits: new Array(batch * classes).fill(-3), oneHot: oneHotValues };
  assertClose(evaluateOne(frameOrderLoss(logits, oneHot), same), new Array(batch).fill(Math.log(12)));
});

Deno.test("frameOrderLoss() agrees with plain loops and its gradient with central differences", () => {
  const given = { logits: normals("logits", batch * classes, 2), oneHot: oneHotValues };
  const expected = labels.map((label, b) => {
    const row = given.logits.slice(b * classes, (b + 1) * classes);
    return Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - row[label];
  });
  assertClose(evaluateOne(frameOrderLoss(logits, oneHot), given), expected);
  checkGradients(frameOrderLoss(logits, oneHot), [logits], given, { samples: 36 });
});

Deno.test("frameOrderAccuracy() is 1 only where the right class is above all others", () => {
  const values = new Array(batch * classes).fill(0);
  values[0 * classes + 4] = 1;
  values[1 * classes + 7] = 1;
  const given = { logits: values, oneHot: oneHotValues };
  assertClose(evaluateOne(frameOrderAccuracy(logits, oneHot), given), [1, 0, 0]);
});
