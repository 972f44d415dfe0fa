import assert from "node:assert/strict";
import { fitStandardizer, ofSubjects } from "../../../lib/evaluation/labelled_features.ts";
import { minimize } from "../../../lib/evaluation/lbfgs.ts";
import { fitLinearProbe } from "../../../lib/evaluation/linear_probe.ts";
import { blobs, isClose, readGolden } from "./golden.ts";

Deno.test("minimize() reaches the closed form of a quadratic", () => {
  // ½ xᵀ A x − bᵀ x with A = [[4, 1], [1, 3]], b = [1, 2]: x = A⁻¹ b = [1, 7] / 11.
  const { x, value, converged } = minimize(
    (x, gradient) => {
      gradient[0] = 4 * x[0] + x[1] - 1;
      gradient[1] = x[0] + 3 * x[1] - 2;
      return 2 * x[0] ** 2 + x[0] * x[1] + 1.5 * x[1] ** 2 - x[0] - 2 * x[1];
    },
    new Float64Array(2),
    { tolerance: 1e-10 },
  );
  assert.ok(converged);
  assert.ok(isClose(x[0], 1 / 11, 1e-9) && isClose(x[1], 7 / 11, 1e-9));
  assert.ok(isClose(value, -15 / 22));
});

Deno.test("minimize() solves a badly scaled problem and leaves its start alone", () => {
  const scales = [1, 10, 100, 1000];
  const start = Float64Array.from([1, 1, 1, 1]);
  const { x, converged } = minimize(
    (x, gradient) => {
      let value = 0;
      scales.forEach((scale, i) => {
        gradient[i] = scale * Math.sinh(x[i] - i);
        value += scale * Math.cosh(x[i] - i);
      });
      return value;
    },
    start,
    { tolerance: 1e-8 },
  );
  assert.ok(converged);
  x.forEach((value, i) => assert.ok(Math.abs(value - i) < 1e-8));
  assert.deepEqual([...start], [1, 1, 1, 1]);
});

Deno.test("fitLinearProbe() equals scikit-learn's LogisticRegression with λ = 1/(C·N)", () => {
  const golden = readGolden().linearProbe;
  const data = blobs(5, 40, 3, 3);
  const probe = fitLinearProbe(data, { l2: 1 / (2 * 40), standardize: false, tolerance: 1e-10 });
  golden.coefficients.flat().forEach((value, i) => assert.ok(isClose(probe.parameters[i], value, 1e-6)));
  golden.biases.forEach((value, k) => assert.ok(isClose(probe.parameters[9 + k], value, 1e-6)));
  const probabilities = probe.probabilities(data.features.slice(0, 9));
  golden.probabilities.flat().forEach((value, i) => assert.ok(isClose(probabilities[i], value, 1e-6)));
});

Deno.test("fitLinearProbe() does not mind how features are scaled or shifted", () => {
  const data = blobs(5, 60, 3, 3);
  const moved = {
    ...data,
    features: data.features.map((value, i) => value * [1e-3, 1, 1e4][i % 3] + 50 * (i % 3)),
  };
  const [plain, scaled] = [data, moved].map((one) => fitLinearProbe(one).probabilities(one.features));
  plain.forEach((value, i) => assert.ok(isClose(value, scaled[i], 1e-3)));
});

Deno.test("fitLinearProbe() separates what a line separates and predicts only classes it has seen", () => {
  const train = {
    features: new Float32Array([0, 0.1, 5, 5.1, 9.9, 10]),
    dimension: 1,
    labels: [2, 2, 7, 7, 2, 2].map((label, i) => i < 4 ? label : 11),
    subjects: ["a", "a", "b", "b", "c", "c"],
  };
  const probe = fitLinearProbe(train, { l2: 1e-4 });
  assert.deepEqual(probe.classes, [2, 7, 11]);
  assert.deepEqual(probe.predict(new Float32Array([-1, 5.05, 12])), [2, 7, 11]);
  const single = fitLinearProbe({ ...train, labels: [4, 4, 4, 4, 4, 4] });
  assert.deepEqual(single.predict(new Float32Array([3])), [4]);
});

Deno.test("fitLinearProbe() chooses the regularization on training subjects", () => {
  // Labels that depend on nothing: the strongest is at least as good as any.
  const noise = blobs(23, 60, 6, 2);
  const shuffled = { ...noise, labels: noise.labels.map((_, i) => (i * 7) % 2) };
  const chosen = fitLinearProbe(shuffled, { l2: [1e-6, 1e-2, 100] });
  const again = fitLinearProbe(shuffled, { l2: chosen.l2 });
  assert.deepEqual(chosen.parameters, again.parameters);
  const clear = fitLinearProbe(blobs(5, 60, 3, 3), { l2: [1e-2, 1e4] });
  assert.equal(clear.l2, 1e-2);
  // Far apart, every λ is right every time: the strongest is taken.
  const apart = { features: new Float32Array([0, 1, 0, 1, 0, 1]), dimension: 1, labels: [0, 1, 0, 1, 0, 1] };
  const sure = fitLinearProbe({ ...apart, subjects: ["a", "a", "b", "b", "c", "c"] }, {
    l2: [1e-3, 1e-1, 1e-2],
  });
  assert.equal(sure.l2, 1e-1);
});

Deno.test("fitLinearProbe() refuses features that are not finite or do not fit", () => {
  const data = blobs(5, 10, 3, 3);
  assert.throws(() => fitLinearProbe({ ...data, features: data.features.map(() => NaN) }), /must be finite/);
  assert.throws(() => fitLinearProbe({ ...data, labels: [0] }), /equally long/);
});

Deno.test("fitStandardizer() uses the training items only and leaves a constant feature unscaled", () => {
  const scaler = fitStandardizer({ features: new Float64Array([1, 5, 3, 5]), dimension: 2 });
  assert.deepEqual([...scaler.apply(new Float64Array([1, 5, 3, 5]))], [-1, 0, 1, 0]);
  assert.deepEqual([...scaler.apply(new Float32Array([5, 7]))], [3, 2]);
});

Deno.test("ofSubjects() takes the rows of the subjects", () => {
  const data = {
    features: new Float32Array([0, 1, 2, 3, 4, 5]),
    dimension: 2,
    labels: [7, 8, 9],
    subjects: ["a", "b", "a"],
  };
  assert.deepEqual(ofSubjects(data, ["a"]), {
    features: new Float64Array([0, 1, 4, 5]),
    dimension: 2,
    labels: [7, 9],
    subjects: ["a", "a"],
  });
});
