/**
 * Every operation on host memory: tfjs's kernels where they are native code, our own loops elsewhere.
 *
 * @module
 */

import { type Shape, sizeOf, stridesOf } from "../../shape.ts";
import type { BinaryFunction, Node, Operation, UnaryFunction } from "../graph.ts";
import {
  channelInputGradient,
  channelMoments,
  channelParameterGradient,
  normalizeChannels,
} from "../kernels/host_batch_norm.ts";
import { eachLargest } from "../kernels/host_images.ts";
import {
  broadcastStrides,
  copyStrided,
  type StridedView,
  sumAxes,
  transposeMatrix,
} from "../kernels/host_layout.ts";
import { l2NormalizeGradientRows, l2NormalizeRows, lastAxisRows } from "../kernels/host_rows.ts";
import { compileConvolution } from "./host_convolution.ts";
import { type HostMemory, multiplyMatrices } from "./host_memory.ts";
import type { Kernel } from "./tensor_device.ts";

type OperationOf<K extends Operation["kind"]> = Extract<Operation, { kind: K }>;

const unaryKernels: Record<UnaryFunction, string> = {
  relu: "Relu",
  sigmoid: "Sigmoid",
  exp: "Exp",
  log: "Log",
  sqrt: "Sqrt",
  square: "Square",
  reciprocal: "Reciprocal",
};

const binaryKernels: Record<BinaryFunction, string> = {
  add: "Add",
  subtract: "Sub",
  multiply: "Multiply",
  divide: "RealDiv",
};

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
      return ([x]) => memory.call(unaryKernels[operation.function], { x });
    case "binary":
      return ([a, b]) => memory.call(binaryKernels[operation.function], { a, b });
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
      return compileMatMul(operation, inputs, shape, memory);
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
      return compileConvolution(operation, inputs, shape, memory);
    case "maxPool":
      return loop((out, x) => eachLargest(x, inputs[0].shape, shape, operation, (o, i) => out[o] = x[i]));
    case "maxPoolGradient":
      return loop((out, x, dy) => {
        out.fill(0);
        eachLargest(x, shape, inputs[1].shape, operation, (o, i) => out[i] += dy[o]);
      });
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

/** A kernel that fills one new tensor; views are taken after the allocation, which may move the heap. */
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

/** tfjs multiplies untransposed matrices with native code only, so operands are transposed first. */
function compileMatMul(
  operation: OperationOf<"matMul">,
  [a, b]: readonly Node[],
  shape: Shape,
  memory: HostMemory,
): Kernel {
  const upright = (operand: Node, transposed: boolean): Kernel => {
    const [rows, columns] = operand.shape;
    if (!transposed) return ([x]) => memory.retain(x, [1, rows, columns]);
    const [to, from] = [{ start: 0, stride: rows }, { start: 0, stride: columns }];
    return filling(memory, [1, columns, rows], (out, x) => transposeMatrix(out, to, x, from, rows, columns));
  };
  const left = upright(a, operation.transposeA);
  const right = upright(b, operation.transposeB);
  return ([x, y]) => {
    const [p, q] = [left([x]), right([y])];
    const product = multiplyMatrices(memory, p, q);
    memory.release(p);
    memory.release(q);
    return { ...product, shape: [...shape] };
  };
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
