/** Ridge regression between few items with many numbers each, solved in the space of the items. */

/** Rows of numbers. */
export type Rows = readonly Float64Array[];

/** A fitted map from rows to rows. */
export interface Ridge {
  /** Chosen by the leave-one-out error. */
  lambda: number;
  /** The prediction for a row, less the mean of the training targets. */
  predict(row: Float64Array): Float64Array;
}

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** The mean row. */
export function meanRow(rows: Rows): Float64Array {
  return rows[0].map((_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);
}

/** Each row less another one. */
export function centred(rows: Rows, mean: Float64Array): Float64Array[] {
  return rows.map((row) => row.map((value, i) => value - mean[i]));
}

/**
 * Centred ridge regression, `Y = K (K + λ I)⁻¹ Y` with K the items' products. λ is the one of `shares` (of the mean
 * diagonal of K) with the least leave-one-out error, whose closed form is α_i / (K + λ I)⁻¹_ii.
 *
 * @see Hastie et al., The Elements of Statistical Learning, 2009, section 7.10.
 */
export function fitRidge(x: Rows, y: Rows, shares = [1e-3, 1e-2, 1e-1, 1, 10]): Ridge {
  const mean = meanRow(x);
  const items = centred(x, mean);
  const targets = centred(y, meanRow(y));
  const products = items.map((a) => items.map((b) => dot(a, b)));
  const scale = products.reduce((sum, row, i) => sum + row[i], 0) / items.length;
  const fits = shares.map((share) => fitOne(products, targets, share * scale));
  const best = fits.reduce((a, b) => b.error < a.error ? b : a);
  return {
    lambda: best.lambda,
    predict: (row) => {
      const [query] = centred([row], mean);
      const out = new Float64Array(targets[0].length);
      best.alpha.forEach((weights, i) => {
        const product = dot(query, items[i]);
        weights.forEach((weight, k) => out[k] += product * weight);
      });
      return out;
    },
  };
}

function fitOne(products: number[][], targets: Rows, lambda: number) {
  const inverse = invert(products.map((row, i) => row.map((value, j) => value + (i === j ? lambda : 0))));
  const alpha = inverse.map((row) =>
    targets[0].map((_, k) => row.reduce((sum, value, j) => sum + value * targets[j][k], 0))
  );
  const error = alpha.reduce((sum, row, i) => sum + dot(row, row) / inverse[i][i] ** 2, 0);
  return { lambda, alpha, error };
}

/** The inverse of a positive definite matrix, by Gauss and Jordan without pivots. */
function invert(matrix: readonly number[][]): number[][] {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => i === j ? 1 : 0)]);
  for (let pivot = 0; pivot < size; pivot++) {
    const scale = 1 / rows[pivot][pivot];
    rows[pivot] = rows[pivot].map((value) => value * scale);
    for (let i = 0; i < size; i++) {
      const factor = rows[i][pivot];
      if (i !== pivot) rows[i] = rows[i].map((value, j) => value - factor * rows[pivot][j]);
    }
  }
  return rows.map((row) => row.slice(size));
}
