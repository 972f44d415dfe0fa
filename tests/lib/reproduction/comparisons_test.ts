import assert from "node:assert/strict";
import { compareAll } from "../../../lib/reproduction/comparisons.ts";
import { type Measurement, oneGroup } from "../../../lib/reproduction/measurement.ts";
import type { RowId } from "../../../lib/reproduction/report.ts";

const draws = { resamples: 200, permutations: 4999 };
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function scored(key: string, level: number): Measurement {
  const outcomes = [Array.from({ length: 40 }, (_, i) => level + (i % 7) / 50)];
  return {
    key,
    outcomes,
    subjects: outcomes[0].map((_, i) => `p${i >> 1}`),
    groups: oneGroup(40),
    chance: null,
    statistic: mean,
  };
}

function rows(levels: Partial<Record<RowId, number>>, key: string): Map<RowId, Measurement[]> {
  return new Map(Object.entries(levels).map(([row, level]) => [row as RowId, [scored(key, level)]]));
}

Deno.test("compareAll() tests the claims whose rows are there and finds the order", async () => {
  const found = await compareAll(
    rows({ random: 0.4, video: 0.5, paper: 0.6, contrastive: 0.6 }, "planes.f1Macro13"),
    draws,
  );
  const verdicts = found.map(({ better, worse, verdict }) => `${better} > ${worse}: ${verdict}`);
  assert.deepEqual(verdicts, [
    "video > random: holds",
    "paper > random: holds",
    "paper > video: holds",
    "paper > contrastive: open",
  ]);
  for (const { claimedBy } of found) assert.equal(claimedBy, "paper");
});

Deno.test("compareAll() calls an order that is the other way round reversed", async () => {
  const [one] = await compareAll(rows({ random: 0.6, video: 0.4 }, "planes.f1Macro13"), draws);
  assert.equal(one.verdict, "reversed");
  assert.ok(one.difference < 0);
});

Deno.test("compareAll() knows that less is better for a divergence", async () => {
  const [one] = await compareAll(rows({ random: 0.6, video: 0.4 }, "gaze.klDivergence"), draws);
  assert.equal(one.verdict, "holds");
  assert.ok(one.difference > 0);
});

Deno.test("compareAll() says which claims are ours", async () => {
  const found = await compareAll(rows({ paper: 0.5, learned: 0.6 }, "planes.f1Macro13"), draws);
  assert.deepEqual(found.map(({ better, claimedBy }) => [better, claimedBy]), [["learned", "ours"]]);
  const probes = await compareAll(rows({ random: 0.5, video: 0.6 }, "probe.linearF1Macro13"), draws);
  assert.deepEqual(probes.map(({ claimedBy }) => claimedBy), ["ours"]);
});

Deno.test("compareAll() corrects for the number of comparisons", async () => {
  const levels = { random: 0.4, video: 0.5, correlation: 0.5, contrastive: 0.5, paper: 0.5, learned: 0.5 };
  const found = await compareAll(rows(levels, "planes.f1Macro13"), draws);
  const smallest = found.reduce((least, one) => one.pValue < least.pValue ? one : least);
  assert.ok(Math.abs(smallest.adjustedPValue - smallest.pValue * found.length) < 1e-12);
});
