/**
 * Which operations compute each element on its own, and what of their operands an element needs.
 *
 * Such nodes need no memory and no kernel of their own: `element_code.ts` writes them into whatever kernel reads
 * them.
 *
 * @module
 */

import { sameShape, type Shape, sizeOf } from "../../shape.ts";
import type { Node, Operation } from "../graph.ts";

/** Kinds of operations whose elements are computed on their own. */
const elementwiseKinds = [
  "constant",
  "unary",
  "reluGradient",
  "clampMin",
  "clampMinGradient",
  "affine",
  "binary",
  "broadcastTo",
  "reshape",
  "transpose",
  "concat",
  "slice",
  "pad",
  "batchNorm",
  "batchNormInputGradient",
  "stopGradient",
] as const satisfies readonly Operation["kind"][];

/** A node whose elements are computed on their own. */
export type ElementwiseNode = Node & {
  readonly operation: Extract<Operation, { kind: typeof elementwiseKinds[number] }>;
};

/** Whether each element is computed on its own. */
export function isElementwise(node: Node): node is ElementwiseNode {
  return (elementwiseKinds as readonly string[]).includes(node.operation.kind);
}

/** Whether the value is given to a program, not computed. */
export function isGiven({ operation }: Node): boolean {
  return operation.kind === "input" || operation.kind === "parameter";
}

const layoutKinds: readonly Operation["kind"][] = [
  "constant",
  "broadcastTo",
  "reshape",
  "transpose",
  "concat",
  "slice",
  "pad",
  "stopGradient",
];

/** Whether elements are only moved, not computed. */
export function isLayout({ operation }: Node): boolean {
  return layoutKinds.includes(operation.kind);
}

/** Whether element i of the node depends on element i of this operand alone (and on other operands). */
export function keepsIndex(node: Node, operand: Node): boolean {
  switch (node.operation.kind) {
    case "broadcastTo":
    case "binary":
      return sizeOf(node.shape) === sizeOf(operand.shape);
    case "batchNorm":
      return node.inputs[0] === operand && !node.inputs.slice(1).includes(operand);
    case "batchNormInputGradient":
      return [0, 4].some((i) => node.inputs[i] === operand) &&
        ![1, 2, 3, 5].some((i) => node.inputs[i] === operand);
    case "transpose":
    case "concat":
    case "slice":
    case "pad":
      return false;
    default:
      return isElementwise(node);
  }
}

const inFours = (size: number) => size % 4 === 0;
const lastOf = (shape: Shape) => shape[shape.length - 1] ?? 1;

/**
 * Whether the elements of a node can be computed in fours along its last axis.
 *
 * @param isStored Whether a node lies in memory; what is given does.
 */
export function comesInFours(node: Node, isStored: (node: Node) => boolean): boolean {
  const known = new Map<Node, boolean>();
  const visit = (one: Node): boolean => {
    let found = known.get(one);
    if (found === undefined) {
      found = inFours(sizeOf(one.shape)) &&
        (isStored(one) || (isElementwise(one) && operandsComeInFours(one, visit)));
      known.set(one, found);
    }
    return found;
  };
  return visit(node);
}

function operandsComeInFours(node: ElementwiseNode, visit: (node: Node) => boolean): boolean {
  const { operation, inputs, shape } = node;
  const [x] = inputs;
  const last = lastOf(shape);
  switch (operation.kind) {
    case "constant":
      return true;
    case "binary":
    case "broadcastTo":
      return inputs.every((one) => broadcastsInFours(one, shape, visit));
    case "transpose":
      return operation.permutation.at(-1) === shape.length - 1 && inFours(last) && visit(x);
    case "slice":
    case "pad": {
      const start = operation.kind === "slice" ? operation.begin : operation.before;
      return [start.at(-1) ?? 0, last, lastOf(x.shape)].every(inFours) && visit(x);
    }
    case "concat":
      return inputs.every((part) => inFours(lastOf(part.shape)) && visit(part));
    case "batchNorm":
    case "batchNormInputGradient":
      return inFours(last) && inputs.every(visit);
    default:
      return inputs.every((one) => sizeOf(one.shape) === 1 || visit(one));
  }
}

function broadcastsInFours(operand: Node, shape: Shape, visit: (node: Node) => boolean): boolean {
  if (sizeOf(operand.shape) === 1) return true;
  if (sameShape(operand.shape, shape) || sizeOf(operand.shape) === sizeOf(shape)) return visit(operand);
  if (!inFours(lastOf(shape))) return false;
  return lastOf(operand.shape) === 1 || visit(operand);
}
