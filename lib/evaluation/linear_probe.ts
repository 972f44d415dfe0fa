/**
 * The linear probe: how much of the labels a linear classifier reads from frozen features.
 *
 * @module
 */

import { subjectFolds } from "./folds.ts";
import {
  checkFeatures,
  fitStandardizer,
  type LabelledFeatures,
  ofSubjects,
  type Standardizer,
} from "./labelled_features.ts";
import { minimize, type MinimizeOptions, type Objective } from "./lbfgs.ts";

/** A fitted probe. */
export interface LinearProbe {
  /** The classes seen in training, ascending; others are never predicted. */
  classes: readonly number[];
  /** Weights [classes, E] and then biases [classes], of standardized features. */
  parameters: Float64Array;
  /** The regularization in use. */
  l2: number;
  /** Steps that the search took. */
  iterations: number;
  /** Whether the search reached its tolerance. */
  converged: boolean;
  /** Class probabilities, [N, classes]. @param features [N, E]. */
  probabilities(features: Float32Array | Float64Array): Float64Array;
  /** The likeliest class of each item, [N]. @param features [N, E]. */
  predict(features: Float32Array | Float64Array): number[];
}

/** How to fit. */
export interface LinearProbeOptions extends MinimizeOptions {
  /**
   * λ ≥ 0, 0.01 when left out. Of several the one with the highest accuracy in cross-validation by subject within the
   * training items is taken (the strongest when equal); with a single subject the middle one.
   */
  l2?: number | readonly number[];
  /** Orders subjects for that choice. */
  seed?: number;
  /** Scale features by the training items' mean and deviation; true when left out. */
  standardize?: boolean;
}

/**
 * Multinomial logistic regression on frozen features: minimizes
 * (1/N) Σ_i −log softmax(W x_i + b)_{y_i} + (λ/2)‖W‖², biases free, by L-BFGS in float64. λ = 1/(C·N) gives
 * scikit-learn's `LogisticRegression(C)`.
 *
 * @see Alain and Bengio, Understanding intermediate layers using linear classifier probes, 2016.
 * @throws SonospeechError `input` when lengths differ, there is no item or a feature is not finite.
 */
export function fitLinearProbe(train: LabelledFeatures, options: LinearProbeOptions = {}): LinearProbe {
  checkFeatures("fit a linear probe", train);
  const l2 = chooseL2(train, options);
  const { dimension } = train;
  const classes = [...new Set(train.labels)].sort((a, b) => a - b);
  const scaler = options.standardize === false ? identity : fitStandardizer(train);
  const objective = crossEntropy({
    features: scaler.apply(train.features),
    dimension,
    targets: train.labels.map((label) => classes.indexOf(label)),
    classes: classes.length,
    l2,
  });
  const start = new Float64Array(classes.length * (dimension + 1));
  const { x: parameters, iterations, converged } = minimize(objective, start, {
    tolerance: 1e-5,
    ...options,
  });
  const probabilities = (features: Float32Array | Float64Array) =>
    softmaxRows(scaler.apply(features), parameters, dimension, classes.length);
  return {
    classes,
    parameters,
    l2,
    iterations,
    converged,
    probabilities,
    predict: (features) => argmaxRows(probabilities(features), classes),
  };
}

const identity: Standardizer = { apply: (features) => Float64Array.from(features) };

function chooseL2(train: LabelledFeatures, options: LinearProbeOptions): number {
  const { l2 = 0.01, seed = 0 } = options;
  if (typeof l2 === "number") return l2;
  const candidates = [...l2].sort((a, b) => b - a);
  const subjects = new Set(train.subjects).size;
  if (candidates.length === 1 || subjects < 2) return candidates[candidates.length >> 1];
  const folds = subjectFolds(train.subjects, { folds: Math.min(3, subjects), seed });
  const correct = candidates.map((candidate) =>
    folds.reduce((sum, fold) => {
      const probe = fitLinearProbe(ofSubjects(train, fold.train), { ...options, l2: candidate });
      const held = ofSubjects(train, fold.test);
      return sum + probe.predict(held.features).filter((label, i) => label === held.labels[i]).length;
    }, 0)
  );
  return candidates[correct.indexOf(Math.max(...correct))];
}

interface Problem {
  /** [N, E]. */
  features: Float64Array;
  dimension: number;
  /** [N], in [0, classes). */
  targets: readonly number[];
  classes: number;
  l2: number;
}

/** The regularized cross-entropy with its gradient. */
function crossEntropy({ features, dimension, targets, classes, l2 }: Problem): Objective {
  const count = targets.length;
  const weights = classes * dimension;
  return (x, gradient) => {
    const probabilities = softmaxRows(features, x, dimension, classes);
    gradient.fill(0);
    let value = 0;
    for (let i = 0; i < count; i++) {
      value -= Math.log(Math.max(probabilities[i * classes + targets[i]], 1e-300)) / count;
      for (let k = 0; k < classes; k++) {
        const error = (probabilities[i * classes + k] - (targets[i] === k ? 1 : 0)) / count;
        gradient[weights + k] += error;
        const [to, from] = [k * dimension, i * dimension];
        for (let e = 0; e < dimension; e++) gradient[to + e] += error * features[from + e];
      }
    }
    for (let w = 0; w < weights; w++) {
      value += (l2 / 2) * x[w] * x[w];
      gradient[w] += l2 * x[w];
    }
    return value;
  };
}

function softmaxRows(
  features: Float64Array,
  parameters: Float64Array,
  dimension: number,
  classes: number,
): Float64Array {
  const count = features.length / dimension;
  const out = new Float64Array(count * classes);
  for (let i = 0; i < count; i++) {
    const row = out.subarray(i * classes, (i + 1) * classes);
    for (let k = 0; k < classes; k++) {
      let sum = parameters[classes * dimension + k];
      const [weight, from] = [k * dimension, i * dimension];
      for (let e = 0; e < dimension; e++) sum += parameters[weight + e] * features[from + e];
      row[k] = sum;
    }
    const top = Math.max(...row);
    let total = 0;
    for (let k = 0; k < classes; k++) total += row[k] = Math.exp(row[k] - top);
    for (let k = 0; k < classes; k++) row[k] /= total;
  }
  return out;
}

/** The first of the largest of each row, as an entry of `classes`. */
export function argmaxRows(scores: Float64Array, classes: readonly number[]): number[] {
  const width = classes.length;
  return Array.from({ length: scores.length / width }, (_, i) => {
    let best = 0;
    for (let k = 1; k < width; k++) if (scores[i * width + k] > scores[i * width + best]) best = k;
    return classes[best];
  });
}
