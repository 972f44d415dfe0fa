import assert from "node:assert/strict";
import { Artefacts, offsetToMean } from "../../../lib/phantom/artefacts.ts";
import { Sector } from "../../../lib/phantom/sector.ts";
import { Random } from "../../../lib/random.ts";

const sector = new Sector({ depth: 12, radius: 5, halfAngle: 0.55 }, [120, 160]);

Deno.test("offsetToMean() brings the clamped grey values to the asked mean, by weight", () => {
  const random = new Random(4), beams = 50;
  const grid = Float32Array.from({ length: 80 * beams }, () => random.normal(30, 60));
  const weights = grid.map((_, i) => 1 + Math.floor(i / beams));
  for (const target of [20, 60, 130]) {
    const offset = offsetToMean(grid, weights, target);
    let [sum, total] = [0, 0];
    grid.forEach((grey, i) => {
      sum += weights[i] * Math.min(255, Math.max(0, grey + offset));
      total += weights[i];
    });
    assert.ok(Math.abs(sum / total - target) < 1, `mean ${sum / total}, asked ${target}`);
  }
});

Deno.test("Artefacts of strength 0 are still and never hide an echo; stronger ones move and set a floor", () => {
  const none = new Artefacts(new Random(1), sector, 0), before = Float32Array.from(none.loss);
  none.move(9);
  assert.deepEqual(none.loss, before);
  assert.ok(none.floor.every((level) => level === -Infinity));
  let moved = 0;
  for (let seed = 0; seed < 20; seed++) {
    const strong = new Artefacts(new Random(seed), sector, 1);
    assert.ok(
      strong.floor.every((level) => level > -40 && level < 0),
      `floor ${Math.max(...strong.floor)} dB`,
    );
    strong.move(1);
    const first = Float32Array.from(strong.loss);
    strong.move(4);
    if (first.some((loss, beam) => Math.abs(loss - strong.loss[beam]) > 0.5)) moved++;
  }
  assert.ok(moved > 5 && moved < 20, `shadows moved in ${moved} of 20 scans`);
});
