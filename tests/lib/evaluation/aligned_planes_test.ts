import assert from "node:assert/strict";
import fc from "fast-check";
import { alignedPlane } from "../../../lib/evaluation/aligned_planes.ts";
import { pairScores } from "../../../lib/evaluation/pair_scores.ts";
import { alignPlanes, movePlane } from "../../../lib/evaluation/plane_alignment.ts";
import { principalAxes, projectRows } from "../../../lib/evaluation/principal_axes.ts";
import { decodeEmbeddings, type SavedEmbeddings } from "../../../lib/evaluation/saved_embeddings.ts";
import { nearestRows } from "../../../lib/evaluation/umap_plane.ts";
import { Random } from "../../../lib/random.ts";
import { encodeSafetensors } from "../../../lib/records/safetensors.ts";

const groups = 4;

/** Embeddings of windows in four groups, unit length; `noise` is the distance from a group's centre. */
function grouped(
  count: number,
  options: { noise?: number; dimension?: number; firstId?: number } = {},
): SavedEmbeddings {
  const { noise = 0.2, dimension = 12, firstId = 0 } = options;
  const windowIds = Array.from({ length: count }, (_, i) => firstId + i);
  const rows = (modality: string) => {
    const out = new Float32Array(count * dimension);
    windowIds.forEach((id, i) => {
      const centre = new Random(1, "centre", id % groups);
      const own = new Random(1, modality, id);
      const row = Array.from({ length: dimension }, () => centre.normal() + noise * own.normal());
      const length = Math.hypot(...row);
      out.set(row.map((value) => value / length), i * dimension);
    });
    return out;
  };
  return {
    windowIds,
    scanIds: windowIds.map((id) => `s${id % groups}`),
    startSeconds: new Float64Array(count),
    dimension,
    video: rows("video"),
    speech: rows("speech"),
  };
}

/** Share of points whose nearest other point in the plane is of their group. */
function purity(places: Float32Array, windowIds: readonly number[]): number {
  const { indices } = nearestRows(places, 2, 2);
  const groupOf = (row: number) => windowIds[row % windowIds.length] % groups;
  return indices.filter(([own, next]) => groupOf(own) === groupOf(next)).length / indices.length;
}

const close = (a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number) =>
  Array.from(a).every((value, i) => Math.abs(value - b[i]) <= tolerance);

Deno.test("alignPlanes() undoes any turn, reflection and shift", () => {
  const coordinate = fc.double({ min: -50, max: 50, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 20 }),
      fc.double({ min: 0, max: 2 * Math.PI, noNaN: true }),
      fc.boolean(),
      fc.tuple(coordinate, coordinate),
      (points, angle, isMirrored, shift) => {
        const targets = Float32Array.from(points.flat());
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const moving = movePlane({
          rotation: isMirrored ? [[c, s], [s, -c]] : [[c, -s], [s, c]],
          from: [0, 0],
          to: shift,
        }, targets);
        assert.ok(close(movePlane(alignPlanes(moving, targets), moving), targets, 1e-3));
      },
    ),
  );
});

Deno.test("alignPlanes() is no worse than any other turn", () => {
  const random = new Random(3, "planes");
  const draw = () => Float32Array.from({ length: 40 }, () => random.normal());
  const [moving, targets] = [draw(), draw()];
  const error = (places: Float32Array) => places.reduce((sum, v, i) => sum + (v - targets[i]) ** 2, 0);
  const best = alignPlanes(moving, targets);
  for (let k = 0; k < 360; k++) {
    const [c, s] = [Math.cos((k * Math.PI) / 180), Math.sin((k * Math.PI) / 180)];
    for (const rotation of [[[c, -s], [s, c]], [[c, s], [s, -c]]] as typeof best.rotation[]) {
      assert.ok(error(movePlane(best, moving)) <= error(movePlane({ ...best, rotation }, moving)) + 1e-4);
    }
  }
});

Deno.test("principalAxes() finds the direction of a line and how much of the variance lies on it", () => {
  // Points on the line (0.6, −0.8), two for each step of one across it.
  const rows = Float32Array.from(
    [-2, -1, 0, 1, 2].flatMap((t) => [[0.8, 0.6], [-0.8, -0.6]].flatMap(([x, y]) => [6 * t + x, -8 * t + y])),
  );
  const axes = principalAxes(rows, 2, 2);
  assert.ok(close(axes.axes[0], [-0.6, 0.8], 1e-6), "the largest loading is positive");
  assert.ok(close(axes.explainedVariance, [200 / 201, 1 / 201], 1e-6), axes.explainedVariance.join());
  const projected = projectRows(axes, rows);
  assert.ok(close(projected.slice(0, 2), [20, 1], 1e-4) || close(projected.slice(0, 2), [20, -1], 1e-4));
});

Deno.test("nearestRows() agrees with sorting all distances", () => {
  const { video, dimension } = grouped(40);
  const { indices, distances } = nearestRows(video, dimension, 5);
  for (const i of [0, 17, 39]) {
    const all = Array.from({ length: 40 }, (_, j) => {
      const difference = Array.from(
        { length: dimension },
        (_, d) => video[i * dimension + d] - video[j * dimension + d],
      );
      return { j, distance: j === i ? 0 : Math.hypot(...difference) };
    }).sort((a, b) => a.distance - b.distance).slice(0, 5);
    assert.deepEqual(indices[i], all.map(({ j }) => j));
    assert.ok(close(distances[i], all.map(({ distance }) => distance), 1e-6));
  }
});

Deno.test("alignedPlane() keeps groups together, to the same numbers for the same seed", () => {
  const embeddings = grouped(60);
  for (const method of ["pca", "umap"] as const) {
    const shares: number[] = [];
    const options = { method, previous: null, seed: 1, onProgress: (share: number) => shares.push(share) };
    const plane = alignedPlane(embeddings, options);
    assert.equal(plane.places.length, 2 * 2 * 60);
    const found = purity(plane.places, embeddings.windowIds);
    assert.ok(found > 0.95, `${method} ${found}`);
    assert.deepEqual(alignedPlane(embeddings, options).places, plane.places);
    assert.ok(shares.every((share) => share >= 0 && share <= 1));
  }
});

Deno.test("alignedPlane() leaves points where they were, unless their embedding changed", () => {
  for (const method of ["pca", "umap"] as const) {
    const first = alignedPlane(grouped(60), { method, previous: null, seed: 1 });
    // Other noise, and 20 windows that are new for 20 that are gone.
    const after = grouped(60, { noise: 0.15, firstId: 20 });
    const next = alignedPlane(after, { method, previous: first.sample, seed: 1 });
    assert.ok(purity(next.places, after.windowIds) > 0.95);
    const size = Math.sqrt(first.places.reduce((sum, v) => sum + v * v, 0) / 120);
    let moved = 0;
    for (let i = 20; i < 60; i++) {
      for (const axis of [0, 1]) {
        moved += Math.abs(first.places[2 * i + axis] - next.places[2 * (i - 20) + axis]);
      }
    }
    assert.ok(moved / 80 < 0.35 * size, `${method}: ${moved / 80} of ${size}`);
  }
});

Deno.test("alignedPlane() places windows beyond its sample, and copes with one window or one dimension", () => {
  for (const method of ["pca", "umap"] as const) {
    const many = grouped(90);
    const plane = alignedPlane(many, { method, previous: null, seed: 1, mostLaidOut: 40 });
    assert.equal(plane.sample.windowIds.length, 40);
    assert.equal(plane.places.length, 4 * 90);
    assert.ok(
      purity(plane.places, many.windowIds) > 0.9,
      `${method} ${purity(plane.places, many.windowIds)}`,
    );
    // A window of the sample lies in the whole where the sample has it, by picture and by speech.
    const last = many.windowIds.indexOf(plane.sample.windowIds[39]);
    const at = (places: Float32Array, row: number) => places.subarray(2 * row, 2 * row + 2);
    assert.ok(close(at(plane.places, last), at(plane.sample.places, 39), 1e-5));
    assert.ok(close(at(plane.places, 90 + last), at(plane.sample.places, 40 + 39), 1e-5));
  }
  for (const method of ["pca", "umap"] as const) {
    assert.equal(alignedPlane(grouped(1), { method, previous: null, seed: 1 }).places.length, 4);
    const line = alignedPlane(grouped(9, { dimension: 1 }), { method, previous: null, seed: 1 });
    assert.ok(line.places.length === 36 && line.places.every(Number.isFinite));
  }
});

Deno.test("pairScores() is ln B when all are alike, the plain formula otherwise, and 0 for one window", () => {
  const alike = {
    ...grouped(6),
    video: new Float32Array(6 * 12).fill(0.5),
    speech: new Float32Array(6 * 12).fill(0.5),
  };
  const same = pairScores(alike, 0.07);
  assert.deepEqual([same.contrasted, same.affinity[0]], [6, 3]);
  assert.ok(close(same.loss, new Array(6).fill(Math.log(6)), 1e-6));
  const embeddings = grouped(5);
  const { video, speech, dimension } = embeddings;
  const similarity = (i: number, j: number) =>
    Array.from({ length: dimension }, (_, d) => video[i * dimension + d] * speech[j * dimension + d])
      .reduce((a, b) => a + b, 0);
  const all = [0, 1, 2, 3, 4];
  const logSum = (values: number[]) => Math.log(values.reduce((sum, v) => sum + Math.exp(v / 0.1), 0));
  const { affinity, loss } = pairScores(embeddings, 0.1);
  const expected = all.map((i) =>
    (logSum(all.map((j) => similarity(i, j))) + logSum(all.map((j) => similarity(j, i)))) / 2 -
    similarity(i, i) / 0.1
  );
  assert.ok(close(loss, expected, 1e-5));
  assert.ok(close(affinity, all.map((i) => similarity(i, i)), 1e-6));
  assert.deepEqual([...pairScores(grouped(1), 0.07).loss], [0]);
});

Deno.test("decodeEmbeddings() refuses files without the windows' ids or without any window", () => {
  const shape = [1, 2];
  const tensor = { dtype: "F32", shape, data: new Float32Array(2) } as const;
  for (
    const bytes of [encodeSafetensors(new Map([["video", tensor], ["speech", tensor]])), new Uint8Array(3)]
  ) {
    assert.throws(() => decodeEmbeddings(bytes), { name: "SonospeechError" });
  }
});
