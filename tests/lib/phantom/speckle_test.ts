import assert from "node:assert/strict";
import { Speckle } from "../../../lib/phantom/speckle.ts";
import { Random } from "../../../lib/random.ts";

function field(speckle: Speckle): Float32Array {
  const out = new Float32Array(160 * 160);
  for (let row = 0; row < 160; row++) speckle.add(out.subarray(row * 160, (row + 1) * 160), row, 0, 0);
  return out;
}

function correlation(a: Float32Array, b: Float32Array): number {
  const mean = (v: Float32Array) => v.reduce((s, x) => s + x, 0) / v.length;
  const ma = mean(a), mb = mean(b);
  let ab = 0, aa = 0, bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

Deno.test("Speckle.add() is fully developed: power has mean 1 and is as spread as its mean", () => {
  const power = field(new Speckle(new Random(3), [0.75, 1.35])).map((dB) => 10 ** (dB / 10));
  const mean = power.reduce((sum, p) => sum + p, 0) / power.length;
  const deviation = Math.sqrt(power.reduce((sum, p) => sum + (p - mean) ** 2, 0) / power.length);
  assert.ok(Math.abs(mean - 1) < 0.1, `mean ${mean}`);
  assert.ok(Math.abs(deviation / mean - 1) < 0.1, `contrast ${deviation / mean}`);
});

Deno.test("Speckle.turn() decorrelates gradually, and a quarter turn twice leaves nothing", () => {
  const speckle = new Speckle(new Random(3), [0.75, 1.35]);
  const first = field(speckle);
  speckle.turn(0.2);
  const near = correlation(first, field(speckle));
  speckle.turn(Math.PI);
  const far = correlation(first, field(speckle));
  assert.ok(near > 0.7 && near < 0.99, `after a little ${near}`);
  assert.ok(Math.abs(far) < 0.1, `after much ${far}`);
});

Deno.test("Speckle.add() moves with the tissue", () => {
  const speckle = new Speckle(new Random(3), [0.75, 1.35]);
  const here = new Float32Array(100), there = new Float32Array(100);
  speckle.add(here, 40, 0, 1.5);
  speckle.add(there, 40, 5, 1.5);
  assert.deepEqual(there.subarray(5), here.subarray(0, 95));
});
