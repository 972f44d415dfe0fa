import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Fixation, fixationCells, gazeMap, type SaliencyMap } from "../../../lib/evaluation/gaze_map.ts";
import {
  aucBorji,
  aucJudd,
  aucOfFixations,
  klDivergence,
  mapCorrelation,
  mapSimilarity,
  nss,
  nssOfFixations,
  saliencyScores,
  toDensity,
} from "../../../lib/evaluation/saliency.ts";
import { centreBias, centreGaussian, uniformMap } from "../../../lib/evaluation/saliency_baselines.ts";
import { isClose } from "./golden.ts";

const shared = Deno.env.get("SONOSPEECH_SHARED_DATA") ??
  fileURLToPath(new URL("../../../../shared/data", import.meta.url));
const vectorsPath = `${shared}/saliency/pysaliency_vectors.json`;
const hasVectors = existsSync(vectorsPath);
if (!hasVectors) console.warn(`${vectorsPath} is missing: saliency is not compared with pysaliency`);

interface Vectors {
  fixations_xy: Record<"image0" | "image1", [number, number][]>;
  expected: Record<string, { value: number | number[]; rtol: number }>;
}

const size = 40;

function map(valueAt: (column: number, row: number) => number, height = size, width = size): SaliencyMap {
  const values = Float64Array.from(
    { length: height * width },
    (_, i) => valueAt(i % width, Math.floor(i / width)),
  );
  return { height, width, values };
}

const bell = map((x, y) => Math.exp((-0.5 * ((x - 20) ** 2 + (y - 20) ** 2)) / Math.sqrt(2 * size * size)));
const flat = map(() => 1);

/** A yes/no map blurred as by scipy's gaussian_filter: kernel cut at 4σ, edges mirrored. */
function blurred(fixations: readonly Fixation[], sigma: number): SaliencyMap {
  const radius = 4 * sigma;
  const kernel = Array.from(
    { length: 2 * radius + 1 },
    (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)),
  );
  const total = kernel.reduce((sum, value) => sum + value, 0);
  const mirror = (i: number) => {
    const place = ((i % (2 * size)) + 2 * size) % (2 * size);
    return place < size ? place : 2 * size - 1 - place;
  };
  const along = (at: (i: number) => number, i: number) =>
    kernel.reduce((sum, weight, k) => sum + (weight / total) * at(mirror(i + k - radius)), 0);
  const isFixated = map((x, y) => fixations.some(({ column, row }) => column === x && row === y) ? 1 : 0);
  const rows = map((x, y) => along((i) => isFixated.values[y * size + i], x));
  return map((x, y) => along((i) => rows.values[i * size + x], y));
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

Deno.test({
  name: "saliency measures give every value of pysaliency's own tests (ignored without ../shared/data)",
  ignore: !hasVectors,
  fn: () => {
    const { fixations_xy, expected }: Vectors = JSON.parse(Deno.readTextFileSync(vectorsPath));
    const images = [fixations_xy.image0, fixations_xy.image1]
      .map((points) => points.map(([column, row]) => ({ column, row })));
    const gold = images.map((fixations) => blurred(fixations, 10));
    const uniform = images.map((fixations) => aucOfFixations(bell, fixations));
    const found: Record<string, number | number[]> = {
      NSS_per_fixation: images.flatMap((fixations) => nssOfFixations(bell, fixations)),
      NSS_mean_over_fixations: mean(images.flatMap((fixations) => nssOfFixations(bell, fixations))),
      NSS_mean_over_images: mean(images.map((fixations) => nss(bell, fixations))),
      AUC_uniform_per_fixation: uniform.flat(),
      AUC_uniform_mean_over_fixations: mean(uniform.flat()),
      AUC_uniform_mean_over_images: mean(uniform.map(mean)),
      AUC_uniform_per_image: uniform.map(mean),
      AUC_unfixated_per_fixation: images.flatMap((fixations) => aucOfFixations(bell, fixations, "unfixated")),
      AUC_Judd_nojitter_mean_over_images: mean(images.map((fixations) => aucJudd(bell, fixations))),
      CC_vs_blurred_fixations: mean(gold.map((one) => mapCorrelation(bell, one))),
      SIM_vs_constant: mapSimilarity(bell, flat),
      SIM_vs_blurred_fixations: mean(gold.map((one) => mapSimilarity(bell, one))),
      KL_self: klDivergence(bell, bell),
      KL_map_g_vs_gold_constant: klDivergence(bell, flat),
      KL_map_g_vs_gold_blurred: mean(gold.map((one) => klDivergence(bell, one))),
    };
    assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
    for (const [name, { value, rtol }] of Object.entries(expected)) {
      const [actual, wanted] = [[found[name]].flat(), [value].flat()];
      assert.equal(actual.length, wanted.length, name);
      wanted.forEach((number, i) =>
        // Values close to 0 are printed to 12 decimals.
        assert.ok(
          Math.abs(actual[i] - number) <= rtol * Math.abs(number) + 1e-12,
          `${name}[${i}]: ${actual[i]}`,
        )
      );
    }
  },
});

/** 2 × 3 cells with values 1 to 6. */
const steps = map((x, y) => 1 + x + 3 * y, 2, 3);

Deno.test("klDivergence() matches its closed form, both forms alike where no cell is 0", () => {
  const [p, q] = [map((x) => [0.5, 0.25, 0.25][x], 1, 3), map((x) => [2, 3, 3][x], 1, 3)];
  const expected = 0.5 * Math.log(0.5 / 0.25) + 0.5 * Math.log(0.25 / 0.375);
  assert.ok(isClose(klDivergence(q, p), expected));
  assert.ok(isClose(klDivergence(q, p, "mit"), expected));
  assert.ok(!isClose(klDivergence(p, q), expected, 1e-3));
});

Deno.test("klDivergence() stays finite where the prediction says impossible, and its forms differ there", () => {
  const [sure, even] = [map((x) => x === 0 ? 1 : 0, 1, 2), map(() => 1, 1, 2)];
  assert.ok(isClose(klDivergence(sure, even), 0.5 * Math.log(0.5) + 0.5 * Math.log(0.5 / 1e-20), 1e-9));
  assert.ok(
    isClose(klDivergence(sure, even, "mit"), 0.5 * Math.log(0.5) + 0.5 * Math.log(0.5 / 2.2204e-16), 1e-9),
  );
});

Deno.test("toDensity() sums to 1, lifts negative values and takes zeros as uniform", () => {
  assert.deepEqual([...toDensity(map((x) => [-1, 0, 1][x], 1, 3))], [0, 1 / 3, 2 / 3]);
  assert.deepEqual([...toDensity(map(() => 0, 2, 2))], [0.25, 0.25, 0.25, 0.25]);
});

Deno.test("nss() matches its closed form and is 0 for a constant map", () => {
  // Mean 3.5, population variance 35/12.
  const fixations = [{ column: 2, row: 1 }, { column: 0, row: 0 }, { column: 2, row: 1 }];
  assert.ok(isClose(nss(steps, fixations), (2.5 - 2.5 + 2.5) / 3 / Math.sqrt(35 / 12)));
  assert.equal(nss(uniformMap([2, 3]), fixations), 0);
});

Deno.test("aucJudd() and aucBorji() are 1 for the highest cell alone and one half for a constant map", () => {
  const best = [{ column: 2, row: 1 }];
  assert.equal(aucJudd(steps, best), 1);
  assert.equal(aucJudd(uniformMap([2, 3]), best), 0.5);
  assert.equal(aucBorji(uniformMap([2, 3]), best, { seed: 1 }), 0.5);
});

Deno.test("aucJudd() matches a curve drawn by hand", () => {
  // Fixated 6 and 3; others 5, 4, 2, 1: points (0, ½), (½, 1).
  const fixations = [{ column: 2, row: 1 }, { column: 2, row: 0 }];
  assert.ok(isClose(aucJudd(steps, fixations), 0.5 * (0.5 + 1) / 2 + 0.5));
  // On the lowest cell alone the curve has no inner point, where the plain share of lower cells is 0.
  assert.equal(aucJudd(steps, [{ column: 0, row: 0 }]), 0.5);
  assert.deepEqual(aucOfFixations(steps, [{ column: 0, row: 0 }], "unfixated"), [0]);
  assert.deepEqual(aucOfFixations(steps, fixations, "unfixated"), [1, 0.5]);
  assert.deepEqual(aucOfFixations(steps, fixations), [5.5 / 6, 2.5 / 6]);
});

Deno.test("aucBorji() comes near the mean over all draws and repeats with its seed", () => {
  // One fixation on the stretched value 0.6; one random cell of 0, 0.2, …, 1. Thresholds in steps of 0.1 separate
  // all of them: ½ for itself, 1 for the three lower, 0 for the two higher.
  const fixations = [{ column: 0, row: 1 }];
  const found = aucBorji(steps, fixations, { seed: 2, splits: 4000 });
  // Standard deviation of one draw about 0.45, of the mean 0.007.
  assert.ok(Math.abs(found - 3.5 / 6) < 0.03, `${found}`);
  assert.equal(aucBorji(steps, fixations, { seed: 2, splits: 4000 }), found);
  assert.notEqual(aucBorji(steps, fixations, { seed: 3, splits: 4000 }), found);
});

Deno.test("mapCorrelation() and mapSimilarity() match closed forms", () => {
  const twice = map((x, y) => 7 + 2 * (x + 3 * y), 2, 3);
  const reversed = map((x, y) => 6 - x - 3 * y, 2, 3);
  assert.ok(isClose(mapCorrelation(steps, twice), 1));
  assert.ok(isClose(mapCorrelation(steps, reversed), -1));
  assert.equal(mapCorrelation(steps, uniformMap([2, 3])), 0);
  // Σ min(i, 7 − i) / 21 over i from 1 to 6.
  assert.ok(isClose(mapSimilarity(steps, reversed), 12 / 21));
  assert.ok(isClose(mapSimilarity(steps, steps), 1));
});

Deno.test("gazeMap() sums to 1 at 28 × 36 and matches a plain double loop", () => {
  const points = [{ x: 0.25, y: 0.5 }, { x: 0.9, y: 0.1 }, { x: 0.9, y: 0.1 }, { x: 1.2, y: 0.5 }];
  const made = gazeMap(points, { sigmaCells: 2 });
  assert.deepEqual([made.height, made.width], [28, 36]);
  assert.ok(isClose(made.values.reduce((sum, value) => sum + value, 0), 1));
  const plain = map(
    (c, r) =>
      points.slice(0, 3).reduce(
        (sum, { x, y }) => sum + Math.exp(-((c + 0.5 - 36 * x) ** 2 + (r + 0.5 - 28 * y) ** 2) / 8),
        0,
      ),
    28,
    36,
  );
  toDensity(plain).forEach((value, i) => assert.ok(isClose(made.values[i], value)));
});

Deno.test("fixationCells() keep what is inside and put edges into the last cell", () => {
  assert.deepEqual(
    fixationCells([{ x: 0, y: 0 }, { x: 1, y: 1 }, { x: 0.5, y: 0.25 }, { x: -0.1, y: 0.5 }]),
    [
      { column: 0, row: 0 },
      { column: 35, row: 27 },
      { column: 18, row: 7 },
    ],
  );
});

Deno.test("saliencyScores() of the gaze map itself are best, those of the baselines are ordered", () => {
  const points = [{ x: 0.55, y: 0.45 }, { x: 0.5, y: 0.52 }, { x: 0.42, y: 0.5 }];
  const truth = { gaze: gazeMap(points, { sigmaCells: 2 }), fixations: fixationCells(points) };
  const others = [{ x: 0.5, y: 0.4 }, { x: 0.3, y: 0.5 }].map((point) => gazeMap([point], { sigmaCells: 4 }));
  const own = saliencyScores(truth.gaze, truth, 1);
  const learned = saliencyScores(centreBias(others), truth, 1);
  const generic = saliencyScores(centreGaussian(), truth, 1);
  const uniform = saliencyScores(uniformMap(), truth, 1);
  assert.ok(isClose(own.klDivergence, 0) && isClose(own.correlation, 1) && isClose(own.similarity, 1));
  assert.deepEqual([uniform.nss, uniform.correlation, uniform.aucJudd, uniform.aucBorji], [0, 0, 0.5, 0.5]);
  for (const baseline of [learned, generic]) {
    assert.ok(own.nss > baseline.nss && baseline.nss > uniform.nss);
    assert.ok(own.klDivergence < baseline.klDivergence && baseline.klDivergence < uniform.klDivergence);
    assert.ok(baseline.aucJudd > 0.7);
  }
});

Deno.test("centreBias() is the mean of the maps with a little of the uniform map", () => {
  const maps = [map((x) => Number(x === 0), 1, 2), map((x) => 4 * Number(x === 1), 1, 2), map(() => 3, 1, 2)];
  const bias = centreBias([maps[0], maps[0], maps[1], maps[2]], 0.1);
  assert.ok(isClose(bias.values[0], 0.05 + 0.9 * 2.5 / 4) && isClose(bias.values[1], 0.05 + 0.9 * 1.5 / 4));
});

Deno.test("saliency measures refuse fixations outside the map, none at all, and maps of other sizes", () => {
  assert.throws(() => nss(steps, [{ column: 3, row: 0 }]), /must be cells of 2 × 3/);
  assert.throws(() => aucJudd(steps, []), /there must be a fixation/);
  assert.throws(() => klDivergence(steps, uniformMap()), /both must be 28 × 36/);
  assert.throws(() => centreBias([steps, uniformMap()]), /must have one size/);
  assert.throws(() => gazeMap([{ x: 2, y: 2 }], { sigmaCells: 1 }), /at least one gaze point/);
});
