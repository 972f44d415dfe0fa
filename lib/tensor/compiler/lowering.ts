/**
 * Kernels of a fused graph as dispatches: which WGSL computes what, and the values between halves of a reduction.
 *
 * @module
 */

import { sizeOf } from "../../shape.ts";
import type { Node } from "../graph.ts";
import {
  joinMoments,
  momentParts,
  type Normalization,
  parameterGradientParts,
  rowParts,
} from "../kernels/wgsl_batch_norm.ts";
import { toneFramesKernel } from "../kernels/wgsl_frames.ts";
import { maxPoolGradientKernel, maxPoolKernel } from "../kernels/wgsl_pool.ts";
import { l2NormalizeGradientKernel, l2NormalizeKernel, lastAxisKernel } from "../kernels/wgsl_rows.ts";
import { splitSum, sumKernel, sumPartsKernel } from "../kernels/wgsl_sum.ts";
import type { Components } from "../kernels/wgsl.ts";
import type { Tuning } from "../kernels/wgsl_tuning.ts";
import type { Kernel } from "./fusion.ts";
import { KernelCode, labelOf } from "./kernel_code.ts";
import { lowerProduct } from "./lower_products.ts";
import type { Dispatch, Value } from "./value.ts";

/** What kernels are lowered with. */
export interface LoweringScope {
  /** How they are cut. */
  tuning: Tuning;
  /** Where a node is stored, if it is. */
  valueOf: (node: Node) => Value | undefined;
}

/** The dispatches that compute what a kernel stores, one after another. */
export function lower(kernel: Kernel, scope: LoweringScope): Dispatch[] {
  const { root } = kernel;
  if (root === undefined) return [lowerElementwise(kernel, scope)];
  const { operation } = root;
  switch (operation.kind) {
    case "matMul":
    case "conv2d":
    case "conv2dInputGradient":
    case "conv2dFilterGradient":
      return lowerProduct(kernel, root, operation, scope);
    case "reduceSum":
      return lowerSum(kernel, root, operation.axes, scope);
    case "batchMoments":
      return lowerMoments(kernel, root, scope);
    case "batchNormParameterGradient":
      return lowerParameterGradient(kernel, root, operation, scope);
    default:
      return [lowerSimple(kernel, root, scope)];
  }
}

/** A kernel that stores an elementwise node. */
export function lowerElementwise(kernel: Kernel, { valueOf }: LoweringScope): Dispatch {
  const [node] = kernel.stores;
  const code = new KernelCode(kernel, valueOf);
  const components = code.inFours(node) ? 4 : 1;
  const body = code.valueWriter(valueOf(node)!, components)("index", code.reader(node, components)("index"));
  return code.dispatch({ invocations: sizeOf(node.shape) / components, turns: 0, body }, labelOf(node));
}

/** Kernels of one dispatch that read element by element. */
function lowerSimple(kernel: Kernel, root: Node, { valueOf }: LoweringScope): Dispatch {
  const code = new KernelCode(kernel, valueOf);
  const { operation, inputs, shape } = root;
  const [from] = inputs;
  const x = code.reader(from, 1);
  const write = code.writer(kernel, 1);
  const dispatch = (wgsl: ReturnType<typeof lastAxisKernel>) => code.dispatch(wgsl, labelOf(root));
  switch (operation.kind) {
    case "lastAxis":
      return dispatch(lastAxisKernel(operation.function, from.shape, { x, write }));
    case "l2Normalize":
      return dispatch(l2NormalizeKernel(shape, operation.epsilon, { x, write }));
    case "l2NormalizeGradient": {
      const dy = code.reader(inputs[1], 1);
      return dispatch(l2NormalizeGradientKernel(shape, operation.epsilon, { x, dy, write }));
    }
    case "maxPool":
      return dispatch(maxPoolKernel(from.shape, shape, operation, { x, write }));
    case "maxPoolGradient": {
      const dy = code.reader(inputs[1], 1);
      return dispatch(maxPoolGradientKernel(shape, inputs[1].shape, operation, { x, dy, write }));
    }
    case "toneFrames": {
      const [, shifts, tones] = inputs.map((one) => code.reader(one, 1));
      return dispatch(toneFramesKernel(shape, inputs[1].shape[0], { frames: x, shifts, tones, write }));
    }
    default:
      throw new TypeError(
        `Cannot compile ${operation.kind}: it must be an operation with a kernel of its own`,
      );
  }
}

function lowerSum(kernel: Kernel, root: Node, axes: readonly number[], scope: LoweringScope): Dispatch[] {
  const [x] = root.inputs;
  const code = new KernelCode(kernel, scope.valueOf);
  const lastStays = !axes.includes(x.shape.length - 1) && (x.shape.at(-1) ?? 1) % 4 === 0;
  const components = lastStays && code.inFours(x) ? 4 : 1;
  const split = splitSum(x.shape, axes, components, scope.tuning);
  const reader = code.reader(x, components);
  if (split.parts === 1) {
    const write = code.writer(kernel, components);
    return [code.dispatch(sumKernel(split, { x: reader, write }), labelOf(root))];
  }
  const parts = { label: labelOf(root), size: split.parts * sizeOf(root.shape) };
  const write = code.valueWriter(parts, components);
  return [
    code.dispatch(sumKernel(split, { x: reader, write }), labelOf(root)),
    addParts(kernel, root, parts, split.parts, scope),
  ];
}

/** Adds up what a split reduction left; the root's element, and what is made of it, is stored here. */
export function addParts(
  kernel: Kernel,
  root: Node,
  parts: Value,
  count: number,
  { valueOf }: LoweringScope,
): Dispatch {
  const code = new KernelCode(kernel, valueOf);
  const size = sizeOf(root.shape);
  const components = componentsOf(root);
  const operands = { parts: code.valueReader(parts, components), write: code.writer(kernel, components) };
  return code.dispatch(sumPartsKernel(count, size, components, operands), labelOf(root));
}

/** How a root's elements are stored; fusion sees to it that what is made of them can be computed so. */
function componentsOf({ shape }: Node): Components {
  return (shape.at(-1) ?? 1) % 4 === 0 ? 4 : 1;
}

function lowerMoments(kernel: Kernel, root: Node, { valueOf, tuning }: LoweringScope): Dispatch[] {
  const [x] = root.inputs;
  const label = labelOf(root);
  const first = new KernelCode({ stores: [] }, valueOf);
  const components = componentsOf(root) === 4 && first.inFours(x) ? 4 : 1;
  const split = rowParts(x.shape, components, tuning);
  const parts = { label, size: split.parts * 2 * split.width * components };
  const write = first.valueWriter(parts, components);
  const second = new KernelCode(kernel, valueOf);
  const join = { parts: second.valueReader(parts, components), write: second.writer(kernel, components) };
  return [
    first.dispatch(momentParts(split, { x: first.reader(x, components), write }), label),
    second.dispatch(joinMoments(split, join), label),
  ];
}

function lowerParameterGradient(
  kernel: Kernel,
  root: Node,
  options: Normalization,
  scope: LoweringScope,
): Dispatch[] {
  const label = labelOf(root);
  const code = new KernelCode({ stores: [] }, scope.valueOf);
  const components = componentsOf(root) === 4 && code.inFours(...root.inputs) ? 4 : 1;
  const split = rowParts(root.inputs[0].shape, components, scope.tuning);
  const parts = { label, size: split.parts * sizeOf(root.shape) };
  const operands = root.inputs.map((input) => code.reader(input, components));
  const write = code.valueWriter(parts, components);
  return [
    code.dispatch(parameterGradientParts(split, options, { operands, write }), label),
    addParts(kernel, root, parts, split.parts, scope),
  ];
}
