/**
 * Every operation on a graphics adapter: tfjs's kernels for products, sums and broadcasting, our programs elsewhere.
 *
 * @module
 */

import { type Shape, stridesOf } from "../../shape.ts";
import type { BinaryFunction, Node, Operation, UnaryFunction } from "../graph.ts";
import { broadcastStrides } from "../kernels/host_layout.ts";
import { float, type WgslProgram } from "../kernels/wgsl.ts";
import * as batchNorm from "../kernels/wgsl_batch_norm.ts";
import * as convolution from "../kernels/wgsl_convolution.ts";
import { elementwiseProgram, stridedProgram, sumPartsProgram } from "../kernels/wgsl_elementwise.ts";
import * as plain from "../kernels/wgsl_plain_convolution.ts";
import { maxPoolGradientProgram, maxPoolProgram } from "../kernels/wgsl_pool.ts";
import { l2NormalizeGradientProgram, l2NormalizeProgram, lastAxisProgram } from "../kernels/wgsl_rows.ts";
import type { Handle, Kernel } from "./tensor_device.ts";
import type { WebgpuMemory } from "./webgpu_memory.ts";
import { assertTurns, productTurns, sumTurns } from "./webgpu_turns.ts";

/** Makes a program ready for the node at hand. */
type Compile = (program: WgslProgram) => Kernel;

type OperationOf<K extends Operation["kind"]> = Extract<Operation, { kind: K }>;

const unaryExpressions: Record<UnaryFunction, string> = {
  relu: "select(x, T(0.0), x <= T(0.0))",
  sigmoid: "T(1.0) / (T(1.0) + exp(-x))",
  exp: "exp(x)",
  log: "log(x)",
  sqrt: "sqrt(x)",
  square: "x * x",
  reciprocal: "T(1.0) / x",
};

const binaryKernels: Record<BinaryFunction, string> = {
  add: "Add",
  subtract: "Sub",
  multiply: "Multiply",
  divide: "RealDiv",
};

/**
 * Makes an operation ready on a graphics adapter.
 *
 * @throws SonospeechError `device` when a software adapter would end its loops too soon.
 */
export function compileWebgpuKernel(node: Node, memory: WebgpuMemory): Kernel {
  const { operation, shape, inputs } = node;
  const kind = "function" in operation ? operation.function : operation.kind;
  const name = `${kind} of ${inputs.map((input) => `[${input.shape}]`).join(" and ")}`;
  const own: Compile = (program) => memory.compile(program, name);
  const elementwise = (names: readonly string[], expression: string) =>
    own(elementwiseProgram(shape, names, expression));
  switch (operation.kind) {
    case "input":
    case "parameter":
      throw new TypeError(`Cannot compile: an operation must compute something, received ${operation.kind}`);
    case "constant":
      return elementwise([], `T(${float(operation.value)})`);
    case "unary":
      return elementwise(["x"], unaryExpressions[operation.function]);
    case "binary":
      return ([a, b]) => memory.call(binaryKernels[operation.function], { a, b });
    case "reluGradient":
      return elementwise(["y", "dy"], "select(T(0.0), dy, y > T(0.0))");
    case "clampMin":
      return elementwise(
        ["x"],
        `select(x, T(${float(operation.minimum)}), x < T(${float(operation.minimum)}))`,
      );
    case "clampMinGradient":
      return elementwise(["x", "dy"], `select(T(0.0), dy, x > T(${float(operation.minimum)}))`);
    case "affine":
      return elementwise(["x"], `x * ${float(operation.scale)} + T(${float(operation.offset)})`);
    case "matMul": {
      const depth = inputs[0].shape[operation.transposeA ? 0 : 1];
      assertTurns(productTurns(shape, depth), name, memory.report);
      return ([a, b]) => {
        const { transposeA, transposeB } = operation;
        const product = memory.call("BatchMatMul", { a: asBatch(a), b: asBatch(b) }, {
          transposeA,
          transposeB,
        });
        return { ...product, shape: [...shape] };
      };
    }
    case "reduceSum":
      assertTurns(sumTurns(inputs[0].shape, shape), name, memory.report);
      return ([x]) => memory.call("Sum", { x }, { axis: [...operation.axes], keepDims: operation.keepDims });
    case "reshape":
    case "stopGradient":
      return ([x]) => memory.retain(x, shape);
    case "broadcastTo":
    case "transpose":
    case "slice":
    case "pad":
    case "concat":
      return compileLayout(operation, inputs, shape, memory, own);
    case "lastAxis":
      return own(lastAxisProgram(operation.function, inputs[0].shape, shape));
    case "l2Normalize":
      return own(l2NormalizeProgram(shape, operation.epsilon));
    case "l2NormalizeGradient":
      return own(l2NormalizeGradientProgram(shape, operation.epsilon));
    case "conv2d":
    case "conv2dInputGradient":
    case "conv2dFilterGradient":
      return compileConvolution(operation, inputs, shape, memory, own);
    case "maxPool":
      return own(maxPoolProgram(inputs[0].shape, shape, operation));
    case "maxPoolGradient":
      return own(maxPoolGradientProgram(shape, inputs[1].shape, operation));
    case "batchMoments":
    case "batchNorm":
    case "batchNormParameterGradient":
    case "batchNormInputGradient":
      return compileBatchNorm(operation, inputs[0].shape, memory, own);
  }
}

function asBatch(matrix: Handle): Handle {
  return { ...matrix, shape: [1, ...matrix.shape] };
}

/** One kernel after another, the value between them released. */
function inTurn(memory: WebgpuMemory, first: Kernel, second: Kernel): Kernel {
  return (inputs) => {
    const between = first(inputs);
    const result = second([between]);
    memory.release(between);
    return result;
  };
}

type LayoutKind = "broadcastTo" | "transpose" | "slice" | "pad" | "concat";

function compileLayout(
  operation: OperationOf<LayoutKind>,
  [x]: readonly Node[],
  shape: Shape,
  memory: WebgpuMemory,
  compile: Compile,
): Kernel {
  const strides = stridesOf(x.shape);
  const strided = (start: number, steps: readonly number[]) => compile(stridedProgram(shape, start, steps));
  switch (operation.kind) {
    case "broadcastTo":
      return strided(0, broadcastStrides(x.shape, shape));
    case "transpose":
      return strided(0, operation.permutation.map((axis) => strides[axis]));
    case "slice":
      return strided(operation.begin.reduce((sum, at, axis) => sum + at * strides[axis], 0), strides);
    case "pad": {
      const paddings = operation.before.map((before, axis) => [before, shape[axis] - before - x.shape[axis]]);
      return ([image]) => memory.call("PadV2", { x: image }, { paddings, constantValue: 0 });
    }
    case "concat":
      return (parts) =>
        memory.call("Concat", parts as unknown as Record<string, Handle>, { axis: operation.axis });
  }
}

function compileConvolution(
  operation: OperationOf<"conv2d" | "conv2dInputGradient" | "conv2dFilterGradient">,
  inputs: readonly Node[],
  shape: Shape,
  memory: WebgpuMemory,
  compile: Compile,
): Kernel {
  const [a, b] = inputs.map((input) => input.shape);
  const { tuning } = memory;
  switch (operation.kind) {
    case "conv2d": {
      const shapes = { x: a, filter: b, y: shape, geometry: operation };
      const tiled = convolution.canTileForward(shapes);
      return compile(
        tiled ? convolution.forwardProgram(shapes, tuning) : plain.plainForwardProgram(shapes),
      );
    }
    case "conv2dInputGradient": {
      const shapes = { x: shape, filter: b, y: a, geometry: operation };
      if (!convolution.canTileInputGradient(shapes)) {
        return compile(plain.plainInputGradientProgram(shapes));
      }
      const [height, width, channels, filters] = b;
      const own = stridesOf(b);
      const swap = compile(
        stridedProgram([height, width, filters, channels], 0, [own[0], own[1], 1, own[2]]),
      );
      const gradient = compile(convolution.inputGradientProgram(shapes, tuning));
      return ([dy, filter]) => inTurn(memory, swap, ([swapped]) => gradient([dy, swapped]))([filter]);
    }
    case "conv2dFilterGradient": {
      const shapes = { x: a, filter: shape, y: b, geometry: operation };
      const parts = convolution.canTileFilterGradient(shapes)
        ? convolution.filterGradientPartsProgram(shapes, tuning)
        : plain.plainFilterGradientPartsProgram(shapes, tuning);
      return inTurn(memory, compile(parts), compile(sumPartsProgram(parts.parts, shape)));
    }
  }
}

function compileBatchNorm(
  operation: OperationOf<
    "batchMoments" | "batchNorm" | "batchNormParameterGradient" | "batchNormInputGradient"
  >,
  shape: Shape,
  memory: WebgpuMemory,
  compile: Compile,
): Kernel {
  const { tuning } = memory;
  switch (operation.kind) {
    case "batchMoments": {
      const parts = compile(batchNorm.momentPartsProgram(shape, tuning));
      return inTurn(memory, parts, compile(batchNorm.joinMomentsProgram(shape, tuning)));
    }
    case "batchNorm":
      return compile(batchNorm.batchNormProgram(shape, operation, tuning));
    case "batchNormParameterGradient": {
      const parts = batchNorm.parameterGradientPartsProgram(shape, operation, tuning);
      const sum = sumPartsProgram(parts.parts, [2, shape[shape.length - 1]]);
      return inTurn(memory, compile(parts), compile(sum));
    }
    case "batchNormInputGradient":
      return compile(batchNorm.inputGradientProgram(shape, operation, tuning));
  }
}
