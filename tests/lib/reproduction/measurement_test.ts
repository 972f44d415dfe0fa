import assert from "node:assert/strict";
import {
  compareMeasurements,
  figureOf,
  type Measurement,
  oneGroup,
} from "../../../lib/reproduction/measurement.ts";

const draws = { resamples: 400, permutations: 4999 };
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Sixteen subjects of two items each. */
function measurement(outcomes: number[][], change: Partial<Measurement> = {}): Measurement {
  return {
    key: "planes.accuracy",
    outcomes,
    subjects: outcomes[0].map((_, i) => `p${i >> 1}`),
    groups: oneGroup(outcomes[0].length),
    chance: 0.5,
    statistic: mean,
    ...change,
  };
}
const values = (base: number) => Array.from({ length: 32 }, (_, i) => base + (i % 5) / 10);

Deno.test("figureOf() averages over seeds and has one run for each seed and fold", () => {
  const groups = [Int32Array.of(0, 1, 2, 3), Int32Array.from({ length: 28 }, (_, i) => i + 4)];
  const figure = figureOf(measurement([values(0), values(1)], { groups }), draws);
  assert.ok(Math.abs(figure.value - (mean(values(0)) + 0.5)) < 1e-12);
  const expected = [values(0), values(1)].flatMap((run) => [mean(run.slice(0, 4)), mean(run.slice(4))]);
  figure.runs.forEach((run, i) => assert.ok(Math.abs(run - expected[i]) < 1e-12));
  assert.ok(figure.standardDeviation! > 0.5 && figure.chance === 0.5);
  assert.ok(figure.interval![0] < figure.value && figure.value < figure.interval![1]);
});

Deno.test("figureOf() has no deviation of a single run, and no interval of a single subject", () => {
  const one = measurement([values(0)], { subjects: values(0).map(() => "p") });
  const { standardDeviation, interval } = figureOf(one, draws);
  assert.deepEqual([standardDeviation, interval], [null, null]);
});

Deno.test("compareMeasurements() finds a difference that all subjects share, signed by what is good", () => {
  const [low, high] = [measurement([values(0)]), measurement([values(0.2)])];
  const up = compareMeasurements(
    { row: "paper", measurement: high },
    { row: "random", measurement: low },
    1,
    draws,
  );
  assert.ok(Math.abs(up.difference - 0.2) < 1e-12 && up.pValue < 0.001);
  assert.deepEqual([up.metric, up.better, up.worse], ["planes.accuracy", "paper", "random"]);
  const down = compareMeasurements(
    { row: "paper", measurement: high },
    { row: "random", measurement: low },
    -1,
    draws,
  );
  assert.ok(Math.abs(down.difference + 0.2) < 1e-12);
});

Deno.test("compareMeasurements() finds nothing between rows that differ by chance alone", () => {
  const noise = values(0).map((value, i) => value + (i % 4 < 2 ? 0.1 : -0.1));
  const { difference, pValue } = compareMeasurements(
    { row: "paper", measurement: measurement([noise]) },
    { row: "random", measurement: measurement([values(0)]) },
    1,
    draws,
  );
  assert.ok(Math.abs(difference) < 1e-12 && pValue > 0.5);
});
