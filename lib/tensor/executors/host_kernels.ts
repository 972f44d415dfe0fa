/**
 * Every operation on host memory, in plain loops.
 *
 * @module
 */

import { type Shape, sizeOf, stridesOf } from "../../shape.ts";
import type { Node, Operation } from "../graph.ts";
import {
  channelInputGradient,
  channelMoments,
  channelParameterGradient,
  normalizeChannels,
} from "../kernels/host_batch_norm.ts";
import {
  type ConvolutionSizes,
  convolve,
  convolveFilterGradient,
  convolveInputGradient,
} from "../kernels/host_convolution.ts";
import { combineElements, mapElements, multiplyInLoops } from "../kernels/host_elementwise.ts";
import { toneStoredFrames } from "../kernels/host_frames.ts";
import { broadcastStrides, copyStrided, type StridedView, sumAxes } from "../kernels/host_layout.ts";
import { eachLargest } from "../kernels/host_pool.ts";
import { l2NormalizeGradientRows, l2NormalizeRows, lastAxisRows } from "../kernels/host_rows.ts";
import type { HostMemory } from "./host_memory.ts";
import type { Kernel } from "./tensor_device.ts";

type OperationOf<K extends Operation["kind"]> = Extract<Operation, { kind: K }>;

/** Makes an operation ready on host memory. */
export function compileHostKernel(node: Node, memory: HostMemory): Kernel {
  const { operation, shape, inputs } = node;
  const loop = (fill: (out: Float32Array, ...inputs: Float32Array[]) => void) => filling(memory, shape, fill);
  switch (operation.kind) {
    case "input":
    case "parameter":
      throw new TypeError(`Cannot compile: an operation must compute something, received ${operation.kind}`);
    case "constant":
      return loop((out) => out.fill(operation.value));
    case "unary":
      return loop((out, x) => mapElements(out, x, operation.function));
    case "binary":
      return loop((out, ...x) => {
        combineElements(out, x, operation.function, { shape, from: inputs.map((input) => input.shape) });
      });
    case "reluGradient":
      return loop((out, y, dy) => {
        for (let i = 0; i < out.length; i++) out[i] = dy[i] * +(y[i] > 0); // see host_batch_norm.ts
      });
    case "clampMin":
      return loop((out, x) => {
        for (let i = 0; i < out.length; i++) out[i] = x[i] < operation.minimum ? operation.minimum : x[i];
      });
    case "clampMinGradient":
      return loop((out, x, dy) => {
        for (let i = 0; i < out.length; i++) out[i] = x[i] > operation.minimum ? dy[i] : 0;
      });
    case "affine":
      return loop((out, x) => {
        for (let i = 0; i < out.length; i++) out[i] = operation.scale * x[i] + operation.offset;
      });
    case "matMul":
      return loop((out, a, b) => multiplyInLoops(out, a, b, matrixSizes(operation, inputs)));
    case "reduceSum":
      return loop((out, x) => sumAxes(out, x, inputs[0].shape, operation.axes));
    case "reshape":
    case "stopGradient":
      return ([x]) => memory.retain(x, shape);
    case "broadcastTo":
    case "transpose":
    case "slice":
    case "pad":
    case "concat":
      return compileLayout(operation, inputs, shape, memory);
    case "lastAxis":
      return loop((out, x) => lastAxisRows(operation.function, out, x, inputs[0].shape.at(-1)!));
    case "l2Normalize":
      return loop((out, x) => l2NormalizeRows(out, x, shape.at(-1)!, operation.epsilon));
    case "l2NormalizeGradient":
      return loop((out, x, dy) => l2NormalizeGradientRows(out, x, dy, shape.at(-1)!, operation.epsilon));
    case "conv2d":
    case "conv2dInputGradient":
    case "conv2dFilterGradient":
      return compileConvolution(operation, node, loop);
    case "maxPool":
      return loop((out, x) => eachLargest(x, inputs[0].shape, shape, operation, (o, i) => out[o] = x[i]));
    case "maxPoolGradient":
      return loop((out, x, dy) => {
        out.fill(0);
        eachLargest(x, shape, inputs[1].shape, operation, (o, i) => out[i] += dy[o]);
      });
    case "toneFrames":
      return loop((out, frames, shifts, tones) => toneStoredFrames(out, frames, shifts, tones, shape));
    case "batchMoments":
      return loop((out, x) => channelMoments(out, x, shape[1]));
    case "batchNorm":
      return loop((out, ...x) => normalizeChannels(out, x, operation.epsilon, floorOf(operation)));
    case "batchNormParameterGradient":
      return loop((out, ...x) => channelParameterGradient(out, x, operation.epsilon, floorOf(operation)));
    case "batchNormInputGradient":
      return loop((out, ...x) => channelInputGradient(out, x, operation.epsilon, floorOf(operation)));
  }
}

function floorOf({ relu }: { relu: boolean }): number {
  return relu ? 0 : -Infinity;
}

/** A kernel that fills one new tensor; views are taken after the allocation, for which the memory may grow. */
export function filling(
  memory: HostMemory,
  shape: Shape,
  fill: (out: Float32Array, ...inputs: Float32Array[]) => void,
): Kernel {
  return (inputs) => {
    const out = memory.allocate(shape);
    fill(memory.view(out), ...inputs.map((input) => memory.view(input)));
    return out;
  };
}

function matrixSizes({ transposeA, transposeB }: OperationOf<"matMul">, [a, b]: readonly Node[]) {
  const steps = ({ shape: [, width] }: Node, transposed: boolean) =>
    transposed ? { row: 1, column: width } : { row: width, column: 1 };
  const [rows, inner] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
  const columns = b.shape[transposeB ? 0 : 1];
  return { rows, inner, columns, left: steps(a, transposeA), right: steps(b, transposeB) };
}

type Convolution = OperationOf<"conv2d" | "conv2dInputGradient" | "conv2dFilterGradient">;
type Fill = (out: Float32Array, ...inputs: Float32Array[]) => void;

function compileConvolution(operation: Convolution, node: Node, loop: (fill: Fill) => Kernel): Kernel {
  const sizes = convolutionSizes(operation, node);
  switch (operation.kind) {
    case "conv2d":
      return loop((out, x, filter) => convolve(out, x, filter, sizes));
    case "conv2dInputGradient":
      return loop((out, dy, filter) => convolveInputGradient(out, dy, filter, sizes));
    case "conv2dFilterGradient":
      return loop((out, x, dy) => convolveFilterGradient(out, x, dy, sizes));
  }
}

/** The shapes of a convolution's images, filter and output, whichever of them is computed. */
export function convolutionSizes(geometry: Convolution, { shape, inputs: [a, b] }: Node): ConvolutionSizes {
  switch (geometry.kind) {
    case "conv2d":
      return { image: a.shape, filter: b.shape, output: shape, geometry };
    case "conv2dInputGradient":
      return { image: shape, filter: b.shape, output: a.shape, geometry };
    case "conv2dFilterGradient":
      return { image: a.shape, filter: shape, output: b.shape, geometry };
  }
}

type LayoutKind = "broadcastTo" | "transpose" | "slice" | "pad" | "concat";

function compileLayout(
  operation: OperationOf<LayoutKind>,
  inputs: readonly Node[],
  shape: Shape,
  memory: HostMemory,
): Kernel {
  const whole = (of: Shape): StridedView => ({ start: 0, strides: stridesOf(of) });
  const boxAt = (of: Shape, begin: readonly number[]): StridedView => {
    const strides = stridesOf(of);
    return { start: begin.reduce((sum, at, axis) => sum + at * strides[axis], 0), strides };
  };
  const from = inputs[0].shape;
  const reading = (view: StridedView) =>
    filling(memory, shape, (out, x) => copyStrided(out, whole(shape), x, view, shape));
  switch (operation.kind) {
    case "broadcastTo":
      return reading({ start: 0, strides: broadcastStrides(from, shape) });
    case "transpose": {
      const own = stridesOf(from);
      return reading({ start: 0, strides: operation.permutation.map((axis) => own[axis]) });
    }
    case "slice":
      return reading(boxAt(from, operation.begin));
    case "pad":
      return filling(memory, shape, (out, x) => {
        if (sizeOf(from) < out.length) out.fill(0);
        copyStrided(out, boxAt(shape, operation.before), x, whole(from), from);
      });
    case "concat":
      return filling(memory, shape, (out, ...parts) => {
        let start = 0;
        parts.forEach((part, i) => {
          const box = inputs[i].shape;
          copyStrided(
            out,
            boxAt(shape, shape.map((_, k) => k === operation.axis ? start : 0)),
            part,
            whole(box),
            box,
          );
          start += box[operation.axis];
        });
      });
  }
}
