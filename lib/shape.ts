/**
 * Arithmetic on tensor shapes.
 *
 * @module
 */

/** The sizes of a tensor's axes; `[]` is a scalar. */
export type Shape = readonly number[];

/** The number of elements of a tensor of this shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/**
 * The shape two operands broadcast to (NumPy's rule: align at the last axis, 1 stretches).
 *
 * @throws RangeError when the shapes do not fit.
 */
export function broadcastShapes(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new RangeError(`Cannot broadcast: shapes must agree or be 1, received [${a}] and [${b}]`);
    }
    return x === 1 ? y : x;
  });
}

/** Zero padding around an image, in pixels. */
export interface Padding {
  /** Rows above. */
  top: number;
  /** Rows below. */
  bottom: number;
  /** Columns to the left. */
  left: number;
  /** Columns to the right. */
  right: number;
}

/** The geometry of a two-dimensional convolution or pooling. */
export interface ConvolutionGeometry {
  /** Rows and columns from one output to the next. */
  strides: readonly [number, number];
  /** Rows and columns from one tap of the filter to the next. */
  dilations: readonly [number, number];
  /** Zeros around the picture. */
  padding: Padding;
  /** Number of groups the channels are split into; 1 for pooling. */
  groups: number;
}

/**
 * The spatial output size of a convolution: ⌊(size + padding − dilation·(kernel − 1) − 1) / stride⌋ + 1.
 *
 * @throws RangeError when nothing would be left.
 */
export function convolutionOutputSize(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  paddingSum: number,
): number {
  const out = Math.floor((size + paddingSum - dilation * (kernel - 1) - 1) / stride) + 1;
  if (out < 1) {
    throw new RangeError(
      `Cannot convolve: the padded input must cover the kernel, received size ${size} + ${paddingSum} for ` +
        `kernel ${kernel} with dilation ${dilation}`,
    );
  }
  return out;
}
