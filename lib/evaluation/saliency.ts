/**
 * How well a saliency map predicts where people looked, by the measures of the MIT/Tübingen saliency benchmark.
 *
 * Maps are compared with fixations (NSS, AUC) or with a gaze map (KL, CC, SIM). Scores of several pictures are averaged
 * over pictures, each counting the same.
 *
 * @see Bylinskii et al., What do different evaluation metrics tell us about saliency models?, TPAMI 2019; the reference
 * code of pysaliency (Kümmerer) and of the MIT benchmark (Judd, Borji, Bylinskii).
 * @module
 */

import { Random } from "../random.ts";
import type { Fixation, SaliencyMap } from "./gaze_map.ts";
import { need } from "./requirement.ts";

/**
 * The map as a probability of each cell: shifted up when some value is negative, `minimum` added, divided by its sum.
 * A map of zeros becomes uniform.
 */
export function toDensity({ values }: SaliencyMap, minimum = 0): Float64Array {
  const lowest = values.reduce((low, value) => Math.min(low, value), Infinity);
  const raised = values.map((value) => value - Math.min(0, lowest) + minimum);
  const total = raised.reduce((sum, value) => sum + value, 0);
  return total === 0 ? raised.fill(1 / raised.length) : raised.map((value) => value / total);
}

/** MATLAB's eps, which the MIT code adds; its own text says 2.2204e-16. */
const epsilon = 2.2204e-16;

/**
 * Kullback–Leibler divergence KL(gold ‖ map) = Σ_i g_i ln(g_i / m_i) in nats; 0 is best. It punishes cells that were
 * looked at and predicted as almost impossible.
 *
 * @param form `floor` (the default, pysaliency): 1e-20 is added to both maps before they are summed to 1; `mit`:
 * Σ_i g_i ln(ε + g_i / (m_i + ε)) with ε = 2.2204e-16.
 */
export function klDivergence(map: SaliencyMap, gold: SaliencyMap, form: "floor" | "mit" = "floor"): number {
  needSameSize(map, gold);
  const minimum = form === "floor" ? 1e-20 : 0;
  const [m, g] = [toDensity(map, minimum), toDensity(gold, minimum)];
  return g.reduce((sum, share, i) => {
    const term = form === "floor"
      ? Math.log(share) - Math.log(m[i])
      : Math.log(epsilon + share / (m[i] + epsilon));
    return sum + share * term;
  }, 0);
}

/** Pearson's correlation of the cells; 1 is best, 0 for a constant map. */
export function mapCorrelation(map: SaliencyMap, gold: SaliencyMap): number {
  needSameSize(map, gold);
  const [a, b] = [map, gold].map(standardized);
  return a.reduce((sum, value, i) => sum + value * b[i], 0) / a.length;
}

/** Histogram intersection Σ_i min(m_i, g_i) of the two densities; 1 is best. The MIT code also stretches to [0, 1]. */
export function mapSimilarity(map: SaliencyMap, gold: SaliencyMap): number {
  needSameSize(map, gold);
  const [m, g] = [toDensity(map), toDensity(gold)];
  return m.reduce((sum, value, i) => sum + Math.min(value, g[i]), 0);
}

/** Cells with mean 0 and population standard deviation 1; zeros when the map is constant. */
function standardized({ values }: SaliencyMap): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const isConstant = Math.sqrt(variance) <= 1e-12 * Math.abs(mean) || variance === 0;
  return values.map((value) => isConstant ? 0 : (value - mean) / Math.sqrt(variance));
}

/**
 * Normalized scanpath saliency of each fixation: the map's value there in standard deviations above its mean (Peters
 * et al., 2005). 0 is chance. It is scored on the fixations themselves, never on a blurred map.
 */
export function nssOfFixations(map: SaliencyMap, fixations: readonly Fixation[]): number[] {
  const cells = standardized(map);
  return valuesAt({ ...map, values: cells }, fixations);
}

/** The mean of {@linkcode nssOfFixations}. */
export function nss(map: SaliencyMap, fixations: readonly Fixation[]): number {
  return mean(nssOfFixations(map, fixations));
}

/** Which cells a fixated one is compared with. */
export type Nonfixations = "all" | "unfixated";

/**
 * The area under the ROC curve of each fixation by itself: the share of the other cells with a lower value, ties
 * counting one half. The mean over fixations is the picture's AUC.
 */
export function aucOfFixations(
  map: SaliencyMap,
  fixations: readonly Fixation[],
  nonfixations: Nonfixations = "all",
): number[] {
  const others = otherValues(map, fixations, nonfixations);
  const lower = (value: number) =>
    others.reduce((sum, other) => sum + (other < value ? 1 : other === value ? 0.5 : 0), 0);
  return valuesAt(map, fixations).map((value) => lower(value) / others.length);
}

/**
 * AUC-Judd: the curve is drawn through one point for each different fixated value t, (share of the unfixated cells ≥ t,
 * share of the fixations ≥ t), from (0, 0) to (1, 1), and measured by trapezoids. No jitter is added to the map;
 * repeated fixations count as often. Chance is ½. With few fixations the curve has few points and its straight parts
 * flatter a poor map; the mean of {@linkcode aucOfFixations} does not.
 *
 * @see Judd et al., ICCV 2009, and pysaliency's AUC_Judd.
 */
export function aucJudd(map: SaliencyMap, fixations: readonly Fixation[]): number {
  const fixated = valuesAt(map, fixations);
  const others = otherValues(map, fixations, "unfixated");
  const thresholds = [...new Set(fixated)].sort((a, b) => b - a);
  return trapezoids(thresholds.map((t) => [shareAbove(others, t), shareAbove(fixated, t)]));
}

/**
 * AUC-Borji: as many random cells as fixations are the negatives, thresholds go down in steps of the map stretched to
 * [0, 1], and the mean over several draws is taken. Chance is ½; a constant map has ½.
 *
 * The reference code takes a yes/no map of fixations; here repeated fixations count as often, as everywhere.
 *
 * @see Borji et al., TIP 2013, and the MIT benchmark's AUC_Borji.
 */
export function aucBorji(
  map: SaliencyMap,
  fixations: readonly Fixation[],
  { seed, splits = 100, stepSize = 0.1 }: { seed: number; splits?: number; stepSize?: number },
): number {
  const stretched = stretch(map);
  const fixated = valuesAt({ ...map, values: stretched }, fixations);
  const random = new Random(seed, "auc borji");
  return mean(Array.from({ length: splits }, () => {
    const drawn = fixated.map(() => stretched[random.integer(stretched.length)]);
    const steps = Math.floor(Math.max(...fixated, ...drawn) / stepSize + 1e-9);
    const thresholds = Array.from({ length: steps + 1 }, (_, i) => (steps - i) * stepSize);
    return trapezoids(thresholds.map((t) => [shareAbove(drawn, t), shareAbove(fixated, t)]));
  }));
}

/** The map's values from 0 to 1; zeros when it is constant. */
function stretch({ values }: SaliencyMap): Float64Array {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return values.map((value) => high > low ? (value - low) / (high - low) : 0);
}

function shareAbove(values: readonly number[], threshold: number): number {
  return values.filter((value) => value >= threshold).length / values.length;
}

/** The area under a curve through the points from (0, 0) to (1, 1). */
function trapezoids(points: readonly (readonly [number, number])[]): number {
  let [area, lastX, lastY] = [0, 0, 0];
  for (const [x, y] of [...points, [1, 1] as const]) {
    area += ((x - lastX) * (y + lastY)) / 2;
    [lastX, lastY] = [x, y];
  }
  return area;
}

function valuesAt({ height, width, values }: SaliencyMap, fixations: readonly Fixation[]): number[] {
  need(fixations.length > 0, "score a saliency map", "there must be a fixation", 0);
  return fixations.map(({ column, row }) => {
    const isCell = column >= 0 && column < width && row >= 0 && row < height;
    need(isCell, "score a saliency map", `fixations must be cells of ${height} × ${width}`, { column, row });
    return values[row * width + column];
  });
}

function otherValues(map: SaliencyMap, fixations: readonly Fixation[], kind: Nonfixations): number[] {
  if (kind === "all") return Array.from(map.values);
  const fixated = new Set(fixations.map(({ column, row }) => row * map.width + column));
  return Array.from(map.values).filter((_, cell) => !fixated.has(cell));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function needSameSize(map: SaliencyMap, gold: SaliencyMap): void {
  const sizes = [map, gold].map(({ height, width }) => `${height} × ${width}`);
  need(sizes[0] === sizes[1], "compare maps", `both must be ${sizes[1]}`, sizes[0]);
}

/** All measures of one picture. */
export interface SaliencyScores {
  /** Nats, lower is better. */
  klDivergence: number;
  /** Standard deviations, higher is better. */
  nss: number;
  /** Chance is ½. */
  aucJudd: number;
  /** Chance is ½. */
  aucBorji: number;
  /** Pearson's r with the gaze map. */
  correlation: number;
  /** Shared mass with the gaze map, in [0, 1]. */
  similarity: number;
}

/**
 * Scores one picture's predicted map.
 *
 * @param truth The gaze map (for KL, CC and SIM) and the fixations (for NSS and AUC) of the same picture.
 * @param seed Draws the random cells of AUC-Borji.
 */
export function saliencyScores(
  map: SaliencyMap,
  truth: { gaze: SaliencyMap; fixations: readonly Fixation[] },
  seed: number,
): SaliencyScores {
  return {
    klDivergence: klDivergence(map, truth.gaze),
    nss: nss(map, truth.fixations),
    aucJudd: aucJudd(map, truth.fixations),
    aucBorji: aucBorji(map, truth.fixations, { seed }),
    correlation: mapCorrelation(map, truth.gaze),
    similarity: mapSimilarity(map, truth.gaze),
  };
}
