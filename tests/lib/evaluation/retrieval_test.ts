import assert from "node:assert/strict";
import fc from "fast-check";
import { chanceRetrieval, ranks, summarizeRanks } from "../../../lib/evaluation/retrieval.ts";
import { Random } from "../../../lib/random.ts";

function unitRows(count: number, dimension: number, seed: number): Float32Array {
  const random = new Random(seed, "rows");
  const out = new Float32Array(count * dimension).map(() => random.normal());
  for (let i = 0; i < count; i++) {
    const row = out.subarray(i * dimension, (i + 1) * dimension);
    const norm = Math.hypot(...row);
    row.forEach((value, k) => row[k] = value / norm);
  }
  return out;
}

Deno.test("ranks() are 1 when queries equal their items", () => {
  const rows = unitRows(20, 8, 1);
  assert.deepEqual([...ranks(rows, rows, 8)], Array(20).fill(1));
});

Deno.test("ranks() match a hand-made similarity table", () => {
  // Scores of query 0: 1, 2, 0; of query 1: 0, 1, 3; of query 2: 5, 4, 3.
  const queries = new Float32Array([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  const items = new Float32Array([1, 0, 5, 2, 1, 4, 0, 3, 3]);
  assert.deepEqual([...ranks(queries, items, 3)], [2, 2, 3]);
});

Deno.test("ranks() of collapsed embeddings are those of chance, not first place", () => {
  const same = new Float32Array(10 * 4).fill(0.5);
  assert.deepEqual([...ranks(same, same, 4)], Array(10).fill(5.5));
});

Deno.test("ranks() follow their pairs to other places and do not care for the queries' length", () => {
  // Whole numbers, so that ties are exact in any order of summing.
  const pairs = fc.array(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 6, maxLength: 6 }), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(fc.property(pairs, fc.nat(), fc.constantFrom(0.5, 2, 8), (rows, seed, factor) => {
    const side = (order: readonly number[][], from: number, scale = 1) =>
      Float32Array.from(order.flatMap((row) => row.slice(from, from + 3).map((value) => scale * value)));
    const found = ranks(side(rows, 0), side(rows, 3), 3);
    assert.ok(found.every((rank) => rank >= 1 && rank <= rows.length));
    const order = new Random(seed, "order").shuffle(rows.map((_, i) => i));
    const moved = order.map((i) => rows[i]);
    assert.deepEqual([...ranks(side(moved, 0, factor), side(moved, 3), 3)], order.map((i) => found[i]));
  }));
});

Deno.test("ranks() refuse embeddings that are not finite", () => {
  const rows = unitRows(3, 2, 1);
  rows[3] = NaN;
  assert.throws(() => ranks(rows, unitRows(3, 2, 2), 2), /must be finite/);
});

Deno.test("summarizeRanks() gives recalls, the median and the mean reciprocal rank", () => {
  assert.deepEqual(summarizeRanks([1, 2, 6, 20]), {
    recallAt1: 0.25,
    recallAt5: 0.5,
    recallAt10: 0.75,
    medianRank: 4,
    meanReciprocalRank: (1 + 1 / 2 + 1 / 6 + 1 / 20) / 4,
  });
});

Deno.test("chanceRetrieval() is the mean over random orders", () => {
  const chance = chanceRetrieval(40);
  const found: number[] = [];
  for (let seed = 0; seed < 50; seed++) {
    found.push(...ranks(unitRows(40, 16, seed), unitRows(40, 16, 1000 + seed), 16));
  }
  const measured = summarizeRanks(found);
  // 2,000 ranks: standard deviations are about 0.0035 (R@1), 0.0074 (R@5), 0.26 (mean rank).
  assert.ok(Math.abs(measured.recallAt1 - chance.recallAt1) < 0.014);
  assert.ok(Math.abs(measured.recallAt5 - chance.recallAt5) < 0.03);
  assert.ok(Math.abs(measured.medianRank - chance.medianRank) < 2);
  assert.ok(Math.abs(measured.meanReciprocalRank - chance.meanReciprocalRank) < 0.02);
});
