/**
 * The oracle: evaluates a graph with plain float64 loops, one obvious loop per operation.
 *
 * Slow on purpose. Tests compare every executor with it and take central differences of it.
 *
 * @module
 */

import { type Shape, sizeOf, stridesOf } from "../shape.ts";
import {
  type BinaryFunction,
  type LastAxisFunction,
  type Node,
  type Operation,
  topologicalOrder,
  type UnaryFunction,
} from "./graph.ts";
import {
  referenceBatchMoments,
  referenceBatchNorm,
  referenceBatchNormInputGradient,
  referenceBatchNormParameterGradient,
  referenceConv2d,
  referenceConv2dFilterGradient,
  referenceConv2dInputGradient,
  referenceMaxPool,
  referenceMaxPoolGradient,
  referenceToneFrames,
} from "./reference_images.ts";

/** A tensor of the reference. */
export interface ReferenceTensor {
  /** Length of each axis. */
  shape: Shape;
  /** The elements, row-major. */
  data: Float64Array;
}

/** Values given to the reference, by name: host tensors of any precision. */
export type ReferenceValues = ReadonlyMap<string, { shape: Shape; data: ArrayLike<number> }>;

/**
 * The outputs' values.
 *
 * @throws RangeError when a feed or parameter is missing or has another size.
 */
export function evaluateReference(
  outputs: readonly Node[],
  feeds: ReferenceValues,
  parameters: ReferenceValues,
): ReferenceTensor[] {
  const values = new Map<Node, ReferenceTensor>();
  for (const node of topologicalOrder(outputs)) {
    const inputs = node.inputs.map((input) => values.get(input)!);
    const { operation } = node;
    const data = operation.kind === "input"
      ? given(feeds, operation.name, node.shape)
      : operation.kind === "parameter"
      ? given(parameters, operation.name, node.shape)
      : compute(operation, inputs, node.shape);
    values.set(node, { shape: node.shape, data });
  }
  return outputs.map((output) => values.get(output)!);
}

function given(values: ReferenceValues, name: string, shape: Shape): Float64Array {
  const value = values.get(name);
  if (value?.data.length !== sizeOf(shape)) {
    throw new RangeError(
      `Cannot evaluate: "${name}" must have shape [${shape}], received ${
        value ? `[${value.shape}]` : "nothing"
      }`,
    );
  }
  return Float64Array.from(value.data);
}

type Computed = Exclude<Operation, { kind: "input" | "parameter" }>;

function compute(operation: Computed, inputs: readonly ReferenceTensor[], shape: Shape): Float64Array {
  const [a, b] = inputs;
  const size = sizeOf(shape);
  switch (operation.kind) {
    case "constant":
      return new Float64Array(size).fill(operation.value);
    case "unary":
      return a.data.map(unaryFunctions[operation.function]);
    case "reluGradient":
      return b.data.map((dy, i) => a.data[i] > 0 ? dy : 0);
    case "clampMin":
      return a.data.map((x) => Math.max(x, operation.minimum));
    case "clampMinGradient":
      return b.data.map((dy, i) => a.data[i] > operation.minimum ? dy : 0);
    case "affine":
      return a.data.map((x) => operation.scale * x + operation.offset);
    case "binary": {
      const f = binaryFunctions[operation.function];
      const [left, right] = [stretched(a, shape), stretched(b, shape)];
      return left.map((x, i) => f(x, right[i]));
    }
    case "broadcastTo":
      return stretched(a, shape);
    case "matMul":
      return matMul(a, b, operation.transposeA, operation.transposeB, shape);
    case "reduceSum":
      return reduceSum(a, operation.axes);
    case "reshape":
    case "stopGradient":
      return a.data.slice();
    case "transpose":
      return Float64Array.from({ length: size }, (_, i) => {
        const index = indexAt(i, shape);
        const source = new Array<number>(index.length);
        operation.permutation.forEach((axis, position) => source[axis] = index[position]);
        return a.data[offsetOf(source, a.shape)];
      });
    case "concat":
      return concat(inputs, operation.axis, shape);
    case "slice":
      return Float64Array.from(
        { length: size },
        (_, i) => a.data[offsetOf(indexAt(i, shape).map((at, axis) => at + operation.begin[axis]), a.shape)],
      );
    case "pad": {
      const out = new Float64Array(size);
      a.data.forEach((x, i) => {
        out[offsetOf(indexAt(i, a.shape).map((at, axis) => at + operation.before[axis]), shape)] = x;
      });
      return out;
    }
    case "lastAxis":
      return lastAxis(operation.function, a);
    case "l2Normalize":
      return rows(a, (row) => {
        const norm = Math.hypot(...row, Math.sqrt(operation.epsilon));
        return row.map((x) => x / norm);
      });
    case "l2NormalizeGradient":
      return l2NormalizeGradient(a, b, operation.epsilon);
    case "conv2d":
      return referenceConv2d(a, b, operation, shape);
    case "conv2dInputGradient":
      return referenceConv2dInputGradient(a, b, operation, shape);
    case "conv2dFilterGradient":
      return referenceConv2dFilterGradient(a, b, operation, shape);
    case "maxPool":
      return referenceMaxPool(a, operation, shape);
    case "maxPoolGradient":
      return referenceMaxPoolGradient(a, b, operation);
    case "toneFrames":
      return referenceToneFrames(inputs);
    case "batchMoments":
      return referenceBatchMoments(a);
    case "batchNorm":
      return referenceBatchNorm(inputs, operation);
    case "batchNormParameterGradient":
      return referenceBatchNormParameterGradient(inputs, operation);
    case "batchNormInputGradient":
      return referenceBatchNormInputGradient(inputs, operation);
  }
}

const unaryFunctions: Record<UnaryFunction, (x: number) => number> = {
  relu: (x) => Math.max(x, 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  square: (x) => x * x,
  reciprocal: (x) => 1 / x,
};

const binaryFunctions: Record<BinaryFunction, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
};

function indexAt(position: number, shape: Shape): number[] {
  return stridesOf(shape).map((stride, axis) => Math.floor(position / stride) % shape[axis]);
}

function offsetOf(index: readonly number[], shape: Shape): number {
  return stridesOf(shape).reduce((offset, stride, axis) => offset + stride * index[axis], 0);
}

function stretched(x: ReferenceTensor, shape: Shape): Float64Array {
  const missing = shape.length - x.shape.length;
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
    const index = indexAt(i, shape).slice(missing).map((at, axis) => x.shape[axis] === 1 ? 0 : at);
    return x.data[offsetOf(index, x.shape)];
  });
}

function matMul(
  a: ReferenceTensor,
  b: ReferenceTensor,
  transposeA: boolean,
  transposeB: boolean,
  shape: Shape,
) {
  const [rowCount, columnCount] = shape;
  const inner = transposeA ? a.shape[0] : a.shape[1];
  const out = new Float64Array(rowCount * columnCount);
  for (let row = 0; row < rowCount; row++) {
    for (let column = 0; column < columnCount; column++) {
      for (let i = 0; i < inner; i++) {
        const left = a.data[transposeA ? i * rowCount + row : row * inner + i];
        const right = b.data[transposeB ? column * inner + i : i * columnCount + column];
        out[row * columnCount + column] += left * right;
      }
    }
  }
  return out;
}

function reduceSum(x: ReferenceTensor, axes: readonly number[]): Float64Array {
  const kept = x.shape.map((size, axis) => axes.includes(axis) ? 1 : size);
  const out = new Float64Array(sizeOf(kept));
  x.data.forEach((value, i) => {
    out[offsetOf(indexAt(i, x.shape).map((at, axis) => axes.includes(axis) ? 0 : at), kept)] += value;
  });
  return out;
}

function concat(parts: readonly ReferenceTensor[], axis: number, shape: Shape): Float64Array {
  const out = new Float64Array(sizeOf(shape));
  let start = 0;
  for (const part of parts) {
    part.data.forEach((value, i) => {
      out[offsetOf(indexAt(i, part.shape).map((at, k) => k === axis ? at + start : at), shape)] = value;
    });
    start += part.shape[axis];
  }
  return out;
}

/** A function of each row of the last axis, the results one after another. */
function rows(x: ReferenceTensor, f: (row: number[], index: number) => number[]): Float64Array {
  const width = x.shape[x.shape.length - 1];
  const out: number[] = [];
  for (let start = 0; start < x.data.length; start += width) {
    out.push(...f([...x.data.subarray(start, start + width)], start / width));
  }
  return Float64Array.from(out);
}

function lastAxis(name: LastAxisFunction, x: ReferenceTensor): Float64Array {
  return rows(x, (row) => {
    const largest = Math.max(...row);
    const logSum = largest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0));
    switch (name) {
      case "softmax":
        return row.map((value) => Math.exp(value - logSum));
      case "logSoftmax":
        return row.map((value) => value - logSum);
      case "logSumExp":
        return [logSum];
    }
  });
}

function l2NormalizeGradient(x: ReferenceTensor, dy: ReferenceTensor, epsilon: number): Float64Array {
  const width = x.shape[x.shape.length - 1];
  return rows(x, (row, index) => {
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, epsilon));
    const gradient = dy.data.subarray(index * width, (index + 1) * width);
    const along = row.reduce((sum, value, i) => sum + value / norm * gradient[i], 0);
    return row.map((value, i) => (gradient[i] - value / norm * along) / norm);
  });
}
