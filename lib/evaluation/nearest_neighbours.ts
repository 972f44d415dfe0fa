/**
 * k nearest neighbours on frozen features: a classifier without training, hence without knobs to tune by hand.
 *
 * @module
 */

import { checkFeatures, type LabelledFeatures } from "./labelled_features.ts";
import { argmaxRows } from "./linear_probe.ts";
import { need } from "./requirement.ts";

/** How neighbours vote. */
export interface NeighbourOptions {
  /** How many neighbours; 20 when left out, at most the number of training items. Wu et al. take 200 of 1.3 million. */
  neighbours?: number;
  /**
   * `similarity` (the default): a neighbour with cosine s has exp(s / temperature) votes (Wu et al., Unsupervised
   * feature learning via non-parametric instance discrimination, CVPR 2018, section 3.4); `majority`: one each.
   */
  vote?: "similarity" | "majority";
  /** 0.07 when left out, as in Wu et al. */
  temperature?: number;
  /** Whether a neighbour's votes are divided by the number of training items of its class; false when left out. */
  balanced?: boolean;
}

/**
 * Predicts each test item's class from its nearest training items by cosine similarity. Features are scaled to unit
 * length and not standardized. Among equally similar items the earlier is nearer; of classes with equal votes the
 * smallest index wins.
 *
 * @param features Of the test items, [N, E].
 * @returns Class indices, [N].
 * @throws SonospeechError `input` when a length does not fit, there is no training item or a feature is not finite.
 */
export function nearestNeighbours(
  train: LabelledFeatures,
  features: Float32Array | Float64Array,
  { neighbours = 20, vote = "similarity", temperature = 0.07, balanced = false }: NeighbourOptions = {},
): number[] {
  const action = "find nearest neighbours";
  checkFeatures(action, train);
  const { dimension } = train;
  need(
    Number.isInteger(features.length / dimension),
    action,
    `features must be N · ${dimension} long`,
    features.length,
  );
  need(features.every(Number.isFinite), action, "every feature must be finite");
  const known = unitRows(train.features, dimension);
  const queries = unitRows(features, dimension);
  const classes = [...new Set(train.labels)].sort((a, b) => a - b);
  const places = train.labels.map((label) => classes.indexOf(label));
  const counts = classes.map((_, k) => balanced ? places.filter((place) => place === k).length : 1);
  const votes = new Float64Array((features.length / dimension) * classes.length);
  for (let q = 0; q < features.length / dimension; q++) {
    const similarities = cosines(queries.subarray(q * dimension, (q + 1) * dimension), known);
    const order = Array.from(similarities.keys()).sort((a, b) => similarities[b] - similarities[a]);
    for (const item of order.slice(0, neighbours)) {
      // Scaled by the nearest one, which leaves the order of the votes alone and cannot overflow.
      const weight = vote === "majority"
        ? 1
        : Math.exp((similarities[item] - similarities[order[0]]) / temperature);
      votes[q * classes.length + places[item]] += weight / counts[places[item]];
    }
  }
  return argmaxRows(votes, classes);
}

function cosines(query: Float64Array, items: Float64Array): Float64Array {
  const dimension = query.length;
  const out = new Float64Array(items.length / dimension);
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let e = 0; e < dimension; e++) sum += query[e] * items[i * dimension + e];
    out[i] = sum;
  }
  return out;
}

/** Rows of unit length; a row of zeros stays. */
function unitRows(values: Float32Array | Float64Array, dimension: number): Float64Array {
  const out = Float64Array.from(values);
  for (let start = 0; start < out.length; start += dimension) {
    let squares = 0;
    for (let e = 0; e < dimension; e++) squares += out[start + e] ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let e = 0; e < dimension; e++) out[start + e] *= scale;
  }
  return out;
}
