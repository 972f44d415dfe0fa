import assert from "node:assert/strict";
import fc from "fast-check";
import { exactScale, linearScale, logScale, tickDecimals } from "../../../../lib/reproduction/html/scale.ts";

Deno.test("linearScale() has round ticks from the first at or below to the last at or above the data", () => {
  assert.deepEqual(linearScale([0.03, 0.94]).ticks, [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(linearScale([-0.12, 0.31]).ticks, [-0.2, 0, 0.2, 0.4]);
  assert.equal(linearScale([0, 4]).place(1), 0.25);
});

Deno.test("linearScale() takes in all numbers and has 2 to 8 ticks, whatever the data", () => {
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(fc.property(value, value, (a, b) => {
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    const { ticks, place } = linearScale([low, high]);
    assert.ok(ticks.length >= 2 && ticks.length <= 8, String(ticks));
    assert.ok(place(low) >= -1e-6 && place(high) <= 1 + 1e-6);
  }));
});

Deno.test("exactScale() begins and ends with the data and has its ticks inside", () => {
  const { domain, ticks } = exactScale([0, 3996], 3);
  assert.deepEqual(domain, [0, 3996]);
  assert.deepEqual(ticks, [0, 2000]);
});

Deno.test("logScale() spreads doublings evenly", () => {
  const { ticks, place } = logScale([0.5, 0.25, 1, 0.5]);
  assert.deepEqual(ticks, [0.25, 0.5, 1]);
  assert.deepEqual(ticks.map(place), [0, 0.5, 1]);
});

Deno.test("tickDecimals() tells neighbouring ticks apart", () => {
  assert.equal(tickDecimals(linearScale([0, 4])), 0);
  assert.equal(tickDecimals(linearScale([0, 1])), 2);
  assert.equal(tickDecimals(linearScale([0.1, 0.9])), 1);
});
