import assert from "node:assert/strict";
import { labelEfficiency } from "../../../lib/evaluation/label_efficiency.ts";
import { nearestNeighbours } from "../../../lib/evaluation/nearest_neighbours.ts";
import { blobs, readGolden } from "./golden.ts";

for (const vote of ["similarity", "majority"] as const) {
  Deno.test(`nearestNeighbours() by ${vote} equal scikit-learn's with cosine distance`, () => {
    const train = blobs(13, 60, 4, 4);
    const { features } = blobs(17, 25, 4, 4);
    const predicted = nearestNeighbours(train, features, { neighbours: 7, vote });
    assert.deepEqual(predicted, readGolden().nearestNeighbours[vote]);
  });
}

/** Directions at 0°, 50° and 60° seen from 0°. */
const fan = {
  features: Float64Array.from([0, 50, 60].flatMap((degrees) => {
    const angle = degrees * Math.PI / 180;
    return [10 * Math.cos(angle), 10 * Math.sin(angle)];
  })),
  dimension: 2,
  labels: [5, 3, 3],
  subjects: ["a", "b", "c"],
};

Deno.test("nearestNeighbours() weigh near ones more, majority does not", () => {
  const query = new Float32Array([0.001, 0]);
  assert.deepEqual(nearestNeighbours(fan, query, { neighbours: 3 }), [5]);
  assert.deepEqual(nearestNeighbours(fan, query, { neighbours: 3, vote: "majority" }), [3]);
  assert.deepEqual(nearestNeighbours(fan, query, { neighbours: 1, vote: "majority" }), [5]);
});

Deno.test("nearestNeighbours() can let a rare class have as many votes as a frequent one", () => {
  const query = Float64Array.from([Math.cos(Math.PI / 5), Math.sin(Math.PI / 5)]); // 36°: nearer to 50° than to 0°.
  const options = { neighbours: 3, temperature: 0.5 };
  assert.deepEqual(nearestNeighbours(fan, query, options), [3]);
  assert.deepEqual(nearestNeighbours(fan, query, { ...options, balanced: true }), [3]);
  const closer = Float64Array.from([Math.cos(Math.PI / 7.5), Math.sin(Math.PI / 7.5)]); // 24°.
  assert.deepEqual(nearestNeighbours(fan, closer, options), [3]);
  assert.deepEqual(nearestNeighbours(fan, closer, { ...options, balanced: true }), [5]);
});

Deno.test("nearestNeighbours() need no more items than there are and survive a tiny temperature", () => {
  assert.deepEqual(nearestNeighbours(fan, new Float32Array([1, 0]), { temperature: 1e-6 }), [5]);
  assert.deepEqual(nearestNeighbours(fan, new Float32Array([0, 0]), { vote: "majority" }), [3]);
});

Deno.test("nearestNeighbours() refuse what does not fit", () => {
  assert.throws(() => nearestNeighbours(fan, new Float32Array(3)), /N · 2 long/);
  assert.throws(() => nearestNeighbours(fan, new Float32Array([1, NaN])), /must be finite/);
});

Deno.test("labelEfficiency() grows with subjects and ends at the score of all", () => {
  const train = blobs(31, 160, 4, 4);
  const test = { ...blobs(37, 80, 4, 4), subjects: Array<string>(80).fill("held out") };
  const accuracy = (predicted: readonly number[]) =>
    predicted.filter((label, i) => label === test.labels[i]).length / predicted.length;
  const seen: number[] = [];
  const classify = (part: typeof train, features: typeof train.features) => {
    seen.push(new Set(part.subjects).size);
    return nearestNeighbours(part, features, { neighbours: 5 });
  };
  const curve = labelEfficiency({
    train,
    test,
    classify: (part, features) => classify(part as typeof train, features as typeof train.features),
    score: accuracy,
    seeds: [1, 2, 3],
  });
  assert.deepEqual(curve.map((point) => point.subjects), [1, 1, 1, 2, 4, 8]);
  assert.deepEqual(seen, [1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 4, 4, 4, 8, 8, 8]);
  const last = curve[5];
  assert.equal(last.deviation, 0);
  assert.equal(last.mean, accuracy(nearestNeighbours(train, test.features, { neighbours: 5 })));
  assert.ok(last.mean > curve[0].mean);
});

Deno.test("labelEfficiency() refuses to test on training subjects", () => {
  const options = { classify: () => [], score: () => 0, seeds: [1] };
  assert.throws(() => labelEfficiency({ train: fan, test: fan, ...options }), /must not share a subject/);
});
