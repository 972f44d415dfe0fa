/**
 * Products of matrices and convolutions seen as one thing.
 *
 * A product of matrices is a convolution of pictures of one pixel: A · B is the output, A · Bᵀ the input's gradient
 * and Aᵀ · B the filter's gradient of a 1×1 convolution. So there is one set of kernels for all.
 *
 * @module
 */

import type { ConvolutionGeometry } from "../../shape.ts";
import { type Node, type Operation, transpose } from "../graph.ts";
import type { ConvolutionShapes } from "../kernels/wgsl_tiles.ts";

/** Operations that are products. */
export type ProductOperation = Extract<
  Operation,
  { kind: "matMul" | "conv2d" | "conv2dInputGradient" | "conv2dFilterGradient" }
>;

/** A convolution's output or one of its gradients. */
export interface Product {
  /** Which of the three tensors is computed. */
  direction: "forward" | "inputGradient" | "filterGradient";
  /** Of all three. */
  shapes: ConvolutionShapes;
  /** Forward x and filter, for the input's gradient dy and filter, for the filter's gradient x and dy. */
  operands: readonly [Node, Node];
}

const onePixel: ConvolutionGeometry = {
  strides: [1, 1],
  dilations: [1, 1],
  padding: { top: 0, bottom: 0, left: 0, right: 0 },
  groups: 1,
};

/** The product that a node is. */
export function productOf(operation: ProductOperation, { inputs, shape }: Node): Product {
  const [a, b] = inputs;
  switch (operation.kind) {
    case "conv2d":
      return {
        direction: "forward",
        shapes: { x: a.shape, filter: b.shape, y: shape, geometry: operation },
        operands: [a, b],
      };
    case "conv2dInputGradient":
      return {
        direction: "inputGradient",
        shapes: { x: shape, filter: b.shape, y: a.shape, geometry: operation },
        operands: [a, b],
      };
    case "conv2dFilterGradient":
      return {
        direction: "filterGradient",
        shapes: { x: a.shape, filter: shape, y: b.shape, geometry: operation },
        operands: [a, b],
      };
    case "matMul":
      return matrixProduct(operation, a, b, shape[0], shape[1]);
  }
}

function matrixProduct(
  { transposeA, transposeB }: Extract<Operation, { kind: "matMul" }>,
  a: Node,
  b: Node,
  rows: number,
  columns: number,
): Product {
  if (transposeA && transposeB) {
    return matrixProduct(
      { kind: "matMul", transposeA, transposeB: false },
      a,
      transpose(b, [1, 0]),
      rows,
      columns,
    );
  }
  const depth = a.shape[transposeA ? 0 : 1];
  const geometry = onePixel;
  if (transposeA) {
    const shapes = {
      x: [depth, 1, 1, rows],
      filter: [1, 1, rows, columns],
      y: [depth, 1, 1, columns],
      geometry,
    };
    return { direction: "filterGradient", shapes, operands: [a, b] };
  }
  if (transposeB) {
    const shapes = {
      x: [rows, 1, 1, columns],
      filter: [1, 1, columns, depth],
      y: [rows, 1, 1, depth],
      geometry,
    };
    return { direction: "inputGradient", shapes, operands: [a, b] };
  }
  const shapes = {
    x: [rows, 1, 1, depth],
    filter: [1, 1, depth, columns],
    y: [rows, 1, 1, columns],
    geometry,
  };
  return { direction: "forward", shapes, operands: [a, b] };
}

/** The filter with its last two axes swapped. */
export function swapped(filter: Node): Node {
  const last = filter.shape.length - 1;
  return transpose(filter, filter.shape.map((_, axis) => axis < last - 1 ? axis : 2 * last - 1 - axis));
}
