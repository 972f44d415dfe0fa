/**
 * Resizing of one-channel pictures.
 *
 * @module
 */

/**
 * A picture at another size: area averaging where it shrinks, linear interpolation where it grows, per axis.
 *
 * @param values `[height, width]`, row-major.
 * @returns `[outHeight, outWidth]`.
 */
export function resizeArea(
  values: ArrayLike<number>,
  height: number,
  width: number,
  outHeight: number,
  outWidth: number,
): Float32Array {
  if (height === outHeight && width === outWidth) return Float32Array.from(values);
  const narrow = width === outWidth ? values : resizeWidth(values, height, width, outWidth);
  const rows = axisWeights(height, outHeight);
  const out = new Float32Array(outHeight * outWidth);
  for (let y = 0; y < outHeight; y++) {
    const { first, weights } = rows[y];
    for (let k = 0; k < weights.length; k++) {
      const row = (first + k) * outWidth;
      const weight = weights[k];
      for (let x = 0, to = y * outWidth; x < outWidth; x++) out[to + x] += weight * narrow[row + x];
    }
  }
  return out;
}

function resizeWidth(
  values: ArrayLike<number>,
  height: number,
  width: number,
  outWidth: number,
): Float32Array {
  const columns = axisWeights(width, outWidth);
  const narrow = new Float32Array(height * outWidth);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < outWidth; x++) {
      const { first, weights } = columns[x];
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * values[y * width + first + k];
      narrow[y * outWidth + x] = sum;
    }
  }
  return narrow;
}

interface AxisWeight {
  first: number;
  weights: number[];
}

const cache = new Map<string, AxisWeight[]>();

/** For each output sample the inputs it is made of and how much each counts. */
function axisWeights(size: number, outSize: number): AxisWeight[] {
  const key = `${size}>${outSize}`;
  const known = cache.get(key);
  if (known) return known;
  const scale = size / outSize;
  const made = Array.from(
    { length: outSize },
    (_, i) => scale > 1 ? box(i, scale, size) : line(i, scale, size),
  );
  cache.set(key, made);
  return made;
}

/** The inputs that an output covers, each with the share of it that is covered. */
function box(i: number, scale: number, size: number): AxisWeight {
  const start = i * scale;
  const end = Math.min(size, (i + 1) * scale);
  const first = Math.floor(start);
  const last = Math.min(size, Math.ceil(end));
  const weights = Array.from(
    { length: last - first },
    (_, k) => (Math.min(end, first + k + 1) - Math.max(start, first + k)) / (end - start),
  );
  return { first, weights };
}

/** The two inputs around an output's centre. */
function line(i: number, scale: number, size: number): AxisWeight {
  const position = Math.min(size - 1, Math.max(0, (i + 0.5) * scale - 0.5));
  const first = Math.min(Math.floor(position), Math.max(0, size - 2));
  const share = position - first;
  return { first, weights: size === 1 ? [1] : [1 - share, share] };
}
