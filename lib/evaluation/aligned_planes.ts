/**
 * Layouts of the embeddings of one evaluation after the other, each lying as the one before, so that what moves on the
 * map has moved in the embedding.
 *
 * @module
 */

import { alignPlanes, movePlane } from "./plane_alignment.ts";
import { type PrincipalAxes, principalAxes, projectRows } from "./principal_axes.ts";
import type { SavedEmbeddings } from "./saved_embeddings.ts";
import { Nearest, squaredDistance, umapPlane } from "./umap_plane.ts";

/** How embeddings get into the plane. */
export type PlaneMethod = "pca" | "umap";

/** Windows that a layout is made from, at most; the others are placed by it. */
export const laidOutWindows = 2000;

/** The windows that a layout was made from: what the next one is aligned to. */
export interface PlaneSample {
  /** Ids of the M windows. */
  windowIds: number[];
  /** `[2M, 2]`: the videos' places, then the speeches'. */
  places: Float32Array;
}

/** A layout of all windows. */
export interface AlignedPlane {
  /** `[2N, 2]`: the videos' places, then the speeches'. */
  places: Float32Array;
  /** Share of the variance that the plane holds, 0 to 1; null of UMAP. */
  varianceShare: number | null;
  /** What the next evaluation is aligned to. */
  sample: PlaneSample;
}

/** What to lay out. */
export interface AlignedPlaneOptions {
  /** Principal components, or UMAP from the last layout. */
  method: PlaneMethod;
  /** Of the evaluation before; null for the first. */
  previous: PlaneSample | null;
  /** Equal seeds give equal layouts. */
  seed: number;
  /** Windows that the layout is made from, at most; {@linkcode laidOutWindows} by default. */
  mostLaidOut?: number;
  /** False lays out the sample alone, when only the next evaluation's layout is wanted. */
  placeAll?: boolean;
  /** Called with the share that is done, 0 to 1. */
  onProgress?: (share: number) => void;
}

/** Directions in which neighbours of the sample are looked for. */
const searchedAxes = 32;
/** Neighbours between which a window is placed that is not of the sample. */
const placingNeighbours = 3;

/**
 * Lays out the embeddings of both modalities together. A window's layout is brought onto the layout before by a
 * motion ({@linkcode alignPlanes}); UMAP also starts from there. AlignedUMAP (of umap-learn) ties layouts together
 * while they are made, which this does not.
 *
 * With more than {@linkcode laidOutWindows} windows, so many, spread evenly, make the layout: principal components hold
 * for all; UMAP places the others between their nearest neighbours of the same modality.
 */
export function alignedPlane(embeddings: SavedEmbeddings, options: AlignedPlaneOptions): AlignedPlane {
  const { method, previous, seed, mostLaidOut = laidOutWindows, placeAll = true, onProgress } = options;
  const { dimension } = embeddings;
  const chosen = spreadEvenly(embeddings.windowIds.length, mostLaidOut);
  const windowIds = chosen.map((i) => embeddings.windowIds[i]);
  const rows = rowsOf(embeddings, chosen);
  const axes = principalAxes(rows, dimension, method === "pca" ? 2 : Math.max(2, searchedAxes));
  const flat: PrincipalAxes = { ...axes, axes: axes.axes.slice(0, 2) };
  const principal = inPlane(projectRows(flat, rows), flat.axes.length);
  const start = { windowIds, places: principal };
  const laid = method === "pca" ? principal : umapPlane({
    ...{ rows, dimension, seed },
    start: previous ? warmStart(start, previous) : principal,
    isWarm: previous !== null,
    onProgress: (share) => onProgress?.(share * (placeAll ? 0.9 : 1)),
  });
  const motion = motionOnto({ windowIds, places: laid }, previous);
  const sample: PlaneSample = { windowIds, places: motion ? movePlane(motion, laid) : laid };
  const varianceShare = method === "pca"
    ? flat.axes.reduce((sum, _, a) => sum + axes.explainedVariance[a], 0)
    : null;
  if (!placeAll || chosen.length === embeddings.windowIds.length) {
    onProgress?.(1);
    return { places: sample.places, varianceShare, sample };
  }
  const all = rowsOf(embeddings, embeddings.windowIds.map((_, i) => i));
  if (method === "pca") {
    const places = inPlane(projectRows(flat, all), flat.axes.length);
    return { places: motion ? movePlane(motion, places) : places, varianceShare, sample };
  }
  const [near, far] = [projectRows(axes, rows), projectRows(axes, all)];
  const places = placeBetween(far, near, { sample, chosen, axes: axes.axes.length });
  onProgress?.(1);
  return { places, varianceShare, sample };
}

/** Places of up to `most` of `count` items, in order. */
function spreadEvenly(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.floor((i * count) / most));
}

/** `[2M, D]`: the chosen windows' videos, then their speeches. */
function rowsOf({ video, speech, dimension }: SavedEmbeddings, chosen: readonly number[]): Float32Array {
  const out = new Float32Array(2 * chosen.length * dimension);
  [video, speech].forEach((values, modality) =>
    chosen.forEach((i, k) =>
      out.set(
        values.subarray(i * dimension, (i + 1) * dimension),
        (modality * chosen.length + k) * dimension,
      )
    )
  );
  return out;
}

/** Places along one axis become places in the plane; those along two stay. */
function inPlane(places: Float32Array, axes: number): Float32Array {
  if (axes === 2) return places;
  const out = new Float32Array(places.length * 2);
  places.forEach((value, i) => out[2 * i] = value);
  return out;
}

/** Pairs of places in two samples, by window and modality: `[own, other]`. */
function commonPlaces(own: PlaneSample, other: PlaneSample): [number, number][] {
  const placeOf = new Map(other.windowIds.map((id, i) => [id, i]));
  const [m, n] = [own.windowIds.length, other.windowIds.length];
  return own.windowIds.flatMap((id, i): [number, number][] => {
    const j = placeOf.get(id);
    return j === undefined ? [] : [[i, j], [m + i, n + j]];
  });
}

function gather(places: Float32Array, rows: readonly number[]): Float32Array {
  const out = new Float32Array(rows.length * 2);
  rows.forEach((row, k) => out.set(places.subarray(2 * row, 2 * row + 2), 2 * k));
  return out;
}

function motionOnto(own: PlaneSample, previous: PlaneSample | null) {
  const common = previous ? commonPlaces(own, previous) : [];
  if (!previous || common.length === 0) return null;
  return alignPlanes(
    gather(own.places, common.map(([i]) => i)),
    gather(previous.places, common.map(([, j]) => j)),
  );
}

/** The layout before, for windows that it has; for others, their principal components brought to its size. */
function warmStart(own: PlaneSample, previous: PlaneSample): Float32Array {
  const size = (places: Float32Array) => Math.sqrt(places.reduce((sum, v) => sum + v * v, 0) / places.length);
  const scale = size(previous.places) / Math.max(1e-9, size(own.places));
  const scaled = { ...own, places: own.places.map((value) => value * scale) };
  const motion = motionOnto(scaled, previous);
  const start = motion ? movePlane(motion, scaled.places) : scaled.places;
  for (const [i, j] of commonPlaces(own, previous)) {
    start.set(previous.places.subarray(2 * j, 2 * j + 2), 2 * i);
  }
  return start;
}

/** Places all rows between their nearest neighbours of the sample; the sample's own windows lie where they lie. */
function placeBetween(
  all: Float32Array,
  near: Float32Array,
  { sample, chosen, axes }: { sample: PlaneSample; chosen: readonly number[]; axes: number },
): Float32Array {
  const [n, m] = [all.length / axes / 2, sample.windowIds.length];
  const out = new Float32Array(4 * n);
  for (let row = 0; row < 2 * n; row++) {
    const first = row < n ? 0 : m;
    const own = all.subarray(row * axes, (row + 1) * axes);
    const nearest = new Nearest(placingNeighbours);
    for (let k = first; k < first + m; k++) nearest.offer(k, squaredDistance(own, near, k * axes));
    const weights = nearest.costs.map((squared) => 1 / (Math.sqrt(squared) + 1e-9));
    const total = weights.reduce((a, b) => a + b, 0);
    nearest.items.forEach((k, i) => {
      out[2 * row] += (sample.places[2 * k] * weights[i]) / total;
      out[2 * row + 1] += (sample.places[2 * k + 1] * weights[i]) / total;
    });
  }
  chosen.forEach((i, k) => {
    out.set(sample.places.subarray(2 * k, 2 * k + 2), 2 * i);
    out.set(sample.places.subarray(2 * (m + k), 2 * (m + k) + 2), 2 * (n + i));
  });
  return out;
}
