/**
 * UMAP of embeddings (McInnes, Healy and Melville, arXiv 1802.03426): near neighbours stay near.
 *
 * @module
 */

import { UMAP } from "umap-js";
import { Random } from "../random.ts";

/** Neighbours whose nearness counts, with the point itself; UMAP's own default. */
const neighbours = 15;
/** Rounds from a start that knows nothing of neighbours, and from a layout that was good a moment ago. */
const rounds = { cold: 200, warm: 60 };
/** The share of the work that is done when the neighbours are found, and when the library has made their graph. */
const shares = { search: 0.35, graph: 0.85 };
/** Half the width that a layout starts with. */
const startWidth = 10;

/** What to lay out. */
export interface UmapOptions {
  /** `[P, D]`, unit length. */
  rows: Float32Array;
  /** D. */
  dimension: number;
  /** Where points begin, `[P, 2]`. */
  start: Float32Array;
  /** Whether `start` is a layout of nearly the same points: fewer and smaller steps then keep most of it. */
  isWarm: boolean;
  /** Equal seeds and rows give equal layouts. */
  seed: number;
  /** Called with the share that is done, 0 to 1. */
  onProgress?: (share: number) => void;
}

/**
 * Lays points out so that those stay together that are neighbours by cosine. Neighbours are exact; a cold start should
 * be a plane of principal components, which keeps what lies far apart in order (Kobak and Linderman, Nature
 * Biotechnology 39, 2021).
 *
 * @returns Places `[P, 2]`; of fewer than four points, their start.
 */
export function umapPlane({ rows, dimension, start, isWarm, seed, onProgress }: UmapOptions): Float32Array {
  const count = rows.length / dimension;
  if (count < 4) return start.slice();
  const { indices, distances } = nearestRows(
    rows,
    dimension,
    Math.min(neighbours, count - 1),
    (share) => onProgress?.(share * shares.search),
  );
  const random = new Random(seed, "umap");
  const umap = new UMAP({
    nNeighbors: Math.min(neighbours, count - 1),
    nEpochs: isWarm ? rounds.warm : rounds.cold,
    learningRate: isWarm ? 0.5 : 1,
    random: () => random.uniform(),
  });
  umap.setPrecomputedKNN(indices, distances);
  const total = umap.initializeFit(Array.from({ length: count }, (_, i) => [i]));
  onProgress?.(shares.graph);
  // The library starts from noise; its layout is this array, which may be changed until the first step.
  const places = umap.getEmbedding();
  const scale = isWarm
    ? 1
    : startWidth / start.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  places.forEach((place, i) => [place[0], place[1]] = [start[2 * i] * scale, start[2 * i + 1] * scale]);
  for (let round = 0; round < total; round++) {
    umap.step();
    if (round % 5 === 4) onProgress?.(shares.graph + (1 - shares.graph) * ((round + 1) / total));
  }
  return Float32Array.from(umap.getEmbedding().flat());
}

/** The `k` nearest rows of each row, itself first, by Euclidean distance, which orders unit vectors as cosine does. */
export function nearestRows(
  rows: Float32Array,
  dimension: number,
  k: number,
  onProgress?: (share: number) => void,
): { indices: number[][]; distances: number[][] } {
  const count = rows.length / dimension;
  const [indices, distances]: [number[][], number[][]] = [[], []];
  for (let i = 0; i < count; i++) {
    const own = rows.subarray(i * dimension, (i + 1) * dimension);
    const nearest = new Nearest(k);
    for (let j = 0; j < count; j++) {
      nearest.offer(j, j === i ? -1 : squaredDistance(own, rows, j * dimension));
    }
    indices.push(nearest.items);
    distances.push(nearest.costs.map((squared) => Math.sqrt(Math.max(0, squared))));
    if (i % 200 === 199) onProgress?.(i / count);
  }
  return { indices, distances };
}

/** The few items of least cost among all that are offered, in order of cost; of equals, the earlier. */
export class Nearest {
  /** The items. */
  readonly items: number[] = [];
  /** Their costs. */
  readonly costs: number[] = [];
  readonly #most: number;

  /** @param most How many are kept. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Keeps an item if it is among the best. */
  offer(item: number, cost: number): void {
    const { items, costs } = this;
    if (items.length === this.#most && cost >= costs[costs.length - 1]) return;
    let place = items.length;
    while (place > 0 && costs[place - 1] > cost) place--;
    items.splice(place, 0, item);
    costs.splice(place, 0, cost);
    if (items.length > this.#most) {
      items.pop();
      costs.pop();
    }
  }
}

/** Between a row and the one that begins at `offset`. */
export function squaredDistance(row: Float32Array, rows: Float32Array, offset: number): number {
  let sum = 0;
  for (let d = 0; d < row.length; d++) {
    const difference = row[d] - rows[offset + d];
    sum += difference * difference;
  }
  return sum;
}
