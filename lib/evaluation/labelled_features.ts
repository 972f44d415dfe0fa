/**
 * Frozen features with labels, which linear probes and nearest neighbours read.
 *
 * @module
 */

import { need, needSameLength } from "./requirement.ts";

/** Features of N items with their classes. */
export interface LabelledFeatures {
  /** [N, E], row-major. */
  features: Float32Array | Float64Array;
  /** E. */
  dimension: number;
  /** Class indices, [N]. */
  labels: readonly number[];
  /** The subject of each item, [N]. */
  subjects: readonly string[];
}

/** Refuses features that do not fit together. @throws SonospeechError `input` when lengths differ, there is no item or a feature is not finite. */
export function checkFeatures(action: string, data: LabelledFeatures): void {
  const { features, dimension, labels, subjects } = data;
  needSameLength(action, {
    features: features.length / dimension,
    labels: labels.length,
    subjects: subjects.length,
  });
  need(labels.length > 0, action, "there must be items", 0);
  need(features.every(Number.isFinite), action, "every feature must be finite");
}

/** The items of some subjects. */
export function ofSubjects(data: LabelledFeatures, subjects: Iterable<string>): LabelledFeatures {
  const wanted = new Set(subjects);
  const { dimension } = data;
  const rows = [...data.subjects.keys()].filter((row) => wanted.has(data.subjects[row]));
  const features = new Float64Array(rows.length * dimension);
  rows.forEach((row, i) =>
    features.set(data.features.subarray(row * dimension, (row + 1) * dimension), i * dimension)
  );
  return {
    features,
    dimension,
    labels: rows.map((row) => data.labels[row]),
    subjects: rows.map((row) => data.subjects[row]),
  };
}

/** Shifts and scales features by what the training items show. */
export interface Standardizer {
  /** (x − mean) / standard deviation, [N, E]. */
  apply(features: Float32Array | Float64Array): Float64Array;
}

/**
 * Makes every feature of the training items have mean 0 and (population) standard deviation 1. A feature that is
 * constant there is only shifted. Never fit this on test items.
 */
export function fitStandardizer(
  { features, dimension }: Pick<LabelledFeatures, "features" | "dimension">,
): Standardizer {
  const count = features.length / dimension;
  const mean = new Float64Array(dimension);
  const squares = new Float64Array(dimension);
  features.forEach((value, i) => mean[i % dimension] += value / count);
  features.forEach((value, i) => squares[i % dimension] += (value - mean[i % dimension]) ** 2 / count);
  const scale = squares.map((square, e) => {
    const isConstant = Math.sqrt(square) <= 1e-10 * Math.abs(mean[e]) || square === 0;
    return isConstant ? 1 : 1 / Math.sqrt(square);
  });
  return {
    apply: (values) =>
      Float64Array.from(values, (value, i) => (value - mean[i % dimension]) * scale[i % dimension]),
  };
}
