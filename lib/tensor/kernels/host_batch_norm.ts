/**
 * Batch normalization (with ReLU) on float32 arrays `[…, C]`: one pass over the data per function.
 *
 * Sums run in float64, so that the variance as mean of squares minus square of the mean loses nothing that
 * float32 data holds. ReLU multiplies by a comparison: a branch on data is guessed wrong half of the time and costs
 * six times as much, as `Math.max` does; and NaN stays NaN.
 *
 * @see Ioffe and Szegedy, ICML 2015, for the gradients.
 * @module
 */

/** Mean (row 0) and biased variance (row 1) of each channel. */
export function channelMoments(out: Float32Array, x: Float32Array, channels: number): void {
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (let start = 0; start < x.length; start += channels) {
    for (let c = 0; c < channels; c++) {
      const value = x[start + c];
      sums[c] += value;
      squares[c] += value * value;
    }
  }
  const count = x.length / channels;
  for (let c = 0; c < channels; c++) {
    const mean = sums[c] / count;
    out[c] = mean;
    out[channels + c] = Math.max(0, squares[c] / count - mean * mean);
  }
}

/** The affine map `scale · x + shift` that normalization amounts to, by channel. */
function channelMap(moments: Float32Array, gamma: Float32Array, beta: Float32Array, epsilon: number) {
  const channels = gamma.length;
  const scale = new Float64Array(channels);
  const shift = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    scale[c] = gamma[c] / Math.sqrt(moments[channels + c] + epsilon);
    shift[c] = beta[c] - moments[c] * scale[c];
  }
  return { scale, shift };
}

/** Normalizes; `floor` is 0 for a ReLU and −Infinity otherwise. */
export function normalizeChannels(
  out: Float32Array,
  inputs: readonly Float32Array[],
  epsilon: number,
  floor: number,
): void {
  const [x, moments, gamma, beta] = inputs;
  const { scale, shift } = channelMap(moments, gamma, beta, epsilon);
  const channels = gamma.length;
  for (let start = 0; start < x.length; start += channels) {
    for (let c = 0; c < channels; c++) {
      const y = x[start + c] * scale[c] + shift[c];
      out[start + c] = y * +(y > floor);
    }
  }
}

/** Gradients for gamma (row 0) and beta (row 1); `dy` counts where the output exceeds `floor`. */
export function channelParameterGradient(
  out: Float32Array,
  inputs: readonly Float32Array[],
  epsilon: number,
  floor: number,
): void {
  const [x, moments, gamma, beta, dy] = inputs;
  const { scale, shift } = channelMap(moments, gamma, beta, epsilon);
  const channels = gamma.length;
  const sums = new Float64Array(channels);
  const products = new Float64Array(channels);
  for (let start = 0; start < x.length; start += channels) {
    for (let c = 0; c < channels; c++) {
      const value = x[start + c];
      const passed = dy[start + c] * +(value * scale[c] + shift[c] > floor);
      sums[c] += passed;
      products[c] += passed * (value - moments[c]);
    }
  }
  for (let c = 0; c < channels; c++) {
    out[c] = products[c] / Math.sqrt(moments[channels + c] + epsilon);
    out[channels + c] = sums[c];
  }
}

/** Total gradient for x: `gamma / √(v + ε) · (dy − (Σ dy + x̂ Σ dy x̂) / count)`; inputs end with those two sums. */
export function channelInputGradient(
  out: Float32Array,
  inputs: readonly Float32Array[],
  epsilon: number,
  floor: number,
): void {
  const [x, moments, gamma, beta, dy, totals] = inputs;
  const { scale, shift } = channelMap(moments, gamma, beta, epsilon);
  const channels = gamma.length;
  const count = x.length / channels;
  const offset = new Float64Array(channels);
  const slope = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    slope[c] = -scale[c] * totals[c] / (count * Math.sqrt(moments[channels + c] + epsilon));
    offset[c] = -scale[c] * totals[channels + c] / count - slope[c] * moments[c];
  }
  for (let start = 0; start < x.length; start += channels) {
    for (let c = 0; c < channels; c++) {
      const value = x[start + c];
      const passed = dy[start + c] * +(value * scale[c] + shift[c] > floor);
      out[start + c] = scale[c] * passed + slope[c] * value + offset[c];
    }
  }
}
