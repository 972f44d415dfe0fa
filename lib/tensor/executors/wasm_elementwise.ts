/**
 * Elementwise operations, sums and stretches on WebAssembly, as far as whole vectors can do them.
 *
 * @module
 */

import { type Shape, sizeOf } from "../../shape.ts";
import type { BinaryFunction, Node, UnaryFunction } from "../graph.ts";
import { f32x4, v128 } from "../kernels/wasm_assembler.ts";
import {
  combineRows,
  mapVectors,
  repeatRows,
  sumRows,
  unitVectors,
  type VectorFunction,
} from "../kernels/wasm_elementwise.ts";
import type { Kernel } from "./tensor_device.ts";
import type { WasmEngine } from "./wasm_engine.ts";

const unaryFunctions: Partial<Record<UnaryFunction, VectorFunction>> = {
  relu: (x) => f32x4.pmax(x, v128.zero),
  square: (x) => f32x4.multiply(x, x),
  sqrt: (x) => f32x4.sqrt(x),
  reciprocal: (x) => f32x4.divide(f32x4.splat(1), x),
};

const binaryFunctions: Record<BinaryFunction, VectorFunction> = {
  add: f32x4.add,
  subtract: f32x4.subtract,
  multiply: f32x4.multiply,
  divide: f32x4.divide,
};

/** A kernel, or undefined where the plain loops must do. */
type MaybeKernel = Kernel | undefined;

/** An operation whose operands all have the result's shape. */
export function compileElementwise({ operation, shape, inputs }: Node, engine: WasmEngine): MaybeKernel {
  const map = (key: string, apply: VectorFunction) =>
    mapping(`map ${key}`, inputs.length, { apply, shape, engine });
  switch (operation.kind) {
    case "unary": {
      const apply = unaryFunctions[operation.function];
      return apply && map(operation.function, apply);
    }
    case "reluGradient":
      return map("reluGradient", (y, dy) => v128.and(dy, f32x4.greaterThan(y, v128.zero)));
    case "affine": {
      const { scale, offset } = operation;
      return map(
        `affine ${scale} ${offset}`,
        (x) => f32x4.multiplyAdd(x, f32x4.splat(scale), f32x4.splat(offset)),
      );
    }
    case "binary": {
      if (inputs.every((input) => sizeOf(input.shape) === sizeOf(shape))) {
        return map(operation.function, binaryFunctions[operation.function]);
      }
      return combining(operation.function, { shape, inputs }, engine);
    }
    default:
      return undefined;
  }
}

function mapping(
  key: string,
  operandCount: number,
  { apply, shape, engine }: { apply: VectorFunction; shape: Shape; engine: WasmEngine },
): Kernel {
  const { memory } = engine;
  const kernel = engine.kernel(key, () => mapVectors(operandCount, apply));
  const vectors = Math.ceil(sizeOf(shape) / 4);
  const job = { units: Math.ceil(vectors / unitVectors), cost: 2 * vectors };
  return (operands) => {
    const out = memory.allocate(shape);
    engine.run(kernel, job, vectors, ...operands.map((one) => memory.addressOf(one)), memory.addressOf(out));
    return out;
  };
}

/** A tensor `[outer, 1, inner]` that is stretched to, or summed from, `[outer, middle, inner]`. */
interface Stretch {
  outer: number;
  middle: number;
  inner: number;
}

/** How a shape stretches to a larger one, where only neighbouring axes do and the rest is in whole vectors. */
function stretchOf(from: Shape, to: Shape): Stretch | undefined {
  const sizes = { outer: 1, middle: 1, inner: 1 };
  let place: keyof Stretch = "outer";
  for (let axis = 0; axis < to.length; axis++) {
    if (to[axis] === 1) continue;
    const isKept = from[axis - to.length + from.length] === to[axis];
    if (isKept && place === "middle") place = "inner";
    else if (!isKept && place === "outer") place = "middle";
    else if (!isKept && place === "inner") return undefined;
    sizes[place] *= to[axis];
  }
  return sizes.inner % 4 === 0 ? sizes : undefined;
}

/** A function of a tensor and of one that is stretched to it; where the first is stretched, the order must not matter. */
function combining(
  name: BinaryFunction,
  { shape, inputs: [a, b] }: Pick<Node, "shape" | "inputs">,
  engine: WasmEngine,
): MaybeKernel {
  const isSwapped = sizeOf(a.shape) < sizeOf(b.shape);
  const [whole, part] = isSwapped ? [b, a] : [a, b];
  const stretch = stretchOf(part.shape, shape);
  const isCommutative = name === "add" || name === "multiply";
  if (sizeOf(whole.shape) !== sizeOf(shape) || !stretch || (isSwapped && !isCommutative)) return undefined;
  const { memory } = engine;
  const kernel = engine.kernel(`combineRows ${name}`, () => combineRows(binaryFunctions[name]));
  const job = { units: stretch.outer * stretch.middle, cost: sizeOf(shape) / 2 };
  return ([x, y]) => {
    const out = memory.allocate(shape);
    const operands = isSwapped ? [y, x, out] : [x, y, out];
    engine.run(
      kernel,
      job,
      ...operands.map((one) => memory.addressOf(one)),
      stretch.middle,
      4 * stretch.inner,
    );
    return out;
  };
}

/** A tensor stretched to a larger shape. */
export function compileBroadcast({ shape, inputs: [x] }: Node, engine: WasmEngine): MaybeKernel {
  const stretch = stretchOf(x.shape, shape);
  if (stretch === undefined) return undefined;
  const kernel = engine.kernel("repeatRows", repeatRows);
  const job = { units: stretch.outer * stretch.middle, cost: sizeOf(shape) / 2 };
  return onRows(kernel, job, { stretch, shape, engine });
}

/** A sum over neighbouring axes. */
export function compileSum(
  axes: readonly number[],
  { shape, inputs: [x] }: Node,
  engine: WasmEngine,
): MaybeKernel {
  const kept = x.shape.map((size, axis) => axes.includes(axis) ? 1 : size);
  const stretch = stretchOf(kept, x.shape);
  if (stretch === undefined) return undefined;
  const kernel = engine.kernel("sumRows", sumRows);
  return onRows(kernel, { units: stretch.outer, cost: sizeOf(x.shape) }, { stretch, shape, engine });
}

function onRows(
  kernel: ReturnType<WasmEngine["kernel"]>,
  job: { units: number; cost: number },
  { stretch, shape, engine }: { stretch: Stretch; shape: Shape; engine: WasmEngine },
): Kernel {
  const { memory } = engine;
  return ([x]) => {
    const out = memory.allocate(shape);
    engine.run(kernel, job, memory.addressOf(x), memory.addressOf(out), stretch.middle, 4 * stretch.inner);
    return out;
  };
}
