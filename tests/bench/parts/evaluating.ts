/**
 * What grows with the square of a dataset or is looked at by people: ranks among ten thousand windows, and the map of
 * fifty thousand embeddings.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { WindowRecord } from "../../../lib/data/dataset_records.ts";
import { embeddingMap } from "../../../lib/evaluation/embedding_map.ts";
import { ranks } from "../../../lib/evaluation/retrieval.ts";
import { Random } from "../../../lib/random.ts";
import type { BenchContext, Part, PartResult } from "../part.ts";
import { columns } from "../table.ts";

/** Unit rows, and rows near them: the pairs of a network that has learned something. */
function pairedRows(count: number, dimension: number): [Float32Array, Float32Array] {
  const random = new Random(1, "bench embeddings");
  const make = (draw: (at: number) => number) => {
    const rows = Float32Array.from({ length: count * dimension }, (_, at) => draw(at));
    for (let i = 0; i < rows.length; i += dimension) {
      const row = rows.subarray(i, i + dimension);
      const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
      row.forEach((value, k) => row[k] = value / length);
    }
    return rows;
  };
  const first = make(() => random.normal());
  return [first, make((at) => first[at] + 0.15 * random.normal())];
}

/** The rank of one query by plain loops. */
function rankOf(i: number, queries: Float32Array, items: Float32Array, dimension: number): number {
  const score = (j: number) => {
    let sum = 0;
    for (let k = 0; k < dimension; k++) sum += queries[i * dimension + k] * items[j * dimension + k];
    return sum;
  };
  const own = score(i);
  let better = 0;
  for (let j = 0; j < items.length / dimension; j++) if (j !== i && score(j) > own) better++;
  return 1 + better;
}

const [retrieved, dimension] = [10_000, 128];

function runRetrieval({ progress }: BenchContext): Promise<PartResult> {
  const [queries, items] = pairedRows(retrieved, dimension);
  progress(0.05);
  const start = performance.now();
  const found = ranks(queries, items, dimension);
  const seconds = (performance.now() - start) / 1000;
  for (const i of [0, 777, 5000, 9999]) {
    assert.equal(found[i], rankOf(i, queries, items, dimension), `the rank of query ${i}`);
  }
  const gigaflops = (2 * retrieved ** 2 * dimension) / seconds / 1e9;
  return Promise.resolve({
    text: columns(["queries × items", "dimension", "seconds", "GFLOP/s"], [
      [`${retrieved} × ${retrieved}`, String(dimension), seconds.toFixed(2), gigaflops.toFixed(2)],
    ]),
    data: { queries: retrieved, items: retrieved, dimension, seconds, gigaflops },
  });
}

const [mapped, mapDimension] = [50_000, 64];

function windowAt(i: number): WindowRecord {
  return {
    ...{ id: i, scanId: `s${i % 500}`, subject: `p${i % 100}`, split: "test", index: i, startSeconds: 2 * i },
    ...{ firstFrame: 0, frameCount: 8, voicedFractionEnergy: 1, voicedFractionWebrtc: 1 },
  };
}

function runMap({ progress }: BenchContext): Promise<PartResult> {
  const [video, speech] = pairedRows(mapped, mapDimension);
  const windows = Array.from({ length: mapped }, (_, i) => windowAt(i));
  progress(0.1);
  const start = performance.now();
  const { points, explainedVariance } = embeddingMap({ windows, dimension: mapDimension, video, speech });
  const seconds = (performance.now() - start) / 1000;
  assert(
    points.every(({ video, speech }) => [...video, ...speech].every(Number.isFinite)),
    "points must be finite",
  );
  assert(explainedVariance[0] >= explainedVariance[1], "axes must be in the order of their variance");
  return Promise.resolve({
    text: columns(["windows", "dimension", "shown", "seconds"], [
      [String(mapped), String(mapDimension), String(points.length), seconds.toFixed(2)],
    ]),
    data: { windows: mapped, dimension: mapDimension, shown: points.length, seconds },
  });
}

/** Ranks. */
export const retrievalPart: Part = {
  name: "retrieval",
  title: "ranks of 10,000 queries among 10,000 items",
  isDefault: true,
  seconds: () => 20,
  run: runRetrieval,
};

/** The embedding map. */
export const mapPart: Part = {
  name: "map",
  title: "embedding map of 50,000 windows",
  isDefault: true,
  seconds: () => 20,
  run: runMap,
};
