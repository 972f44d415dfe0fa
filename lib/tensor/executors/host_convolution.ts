/**
 * Convolutions on host memory.
 *
 * Without groups the forward pass is tfjs's native kernel, and so is the input's gradient where the stride is 1: a
 * convolution of `dy` with the filter turned around. Everything else unfolds windows into rows and
 * multiplies matrices (`[G, M, R]`, with M windows and R taps × channels of a group), some images at a time so
 * that the rows stay small: 43 GFLOP/s for the product leaves the unfolding as the larger part of the cost.
 *
 * @see Chellapilla, Puri, Simard, High Performance Convolutional Neural Networks, IWFHR 2006.
 * @module
 */

import { type ConvolutionGeometry, type Shape, sizeOf, stridesOf } from "../../shape.ts";
import type { Node, Operation } from "../graph.ts";
import { foldImages, unfoldColumns, unfoldImages, type Unfolding } from "../kernels/host_images.ts";
import { copyStrided, transposeMatrix } from "../kernels/host_layout.ts";
import { type HostMemory, multiplyMatrices } from "./host_memory.ts";
import type { Handle, Kernel } from "./tensor_device.ts";

type Convolution = Extract<
  Operation,
  { kind: "conv2d" | "conv2dInputGradient" | "conv2dFilterGradient" }
>;

/** Largest number of elements unfolded at once: 16 MB. */
const largestUnfolding = 4 << 20;

/** A convolution's sizes: G groups, R taps × channels and K filters of each. */
interface Plan {
  unfoldings: Unfolding[];
  groups: number;
  taps: number;
  filters: number;
  /** Windows of one image. */
  windows: number;
}

function planOf(operation: Convolution, image: Shape, filter: Shape, output: Shape): Plan {
  const [batch] = image;
  const { groups } = operation;
  const taps = filter[0] * filter[1] * filter[2];
  const windows = output[1] * output[2];
  const step = Math.max(1, Math.min(batch, Math.floor(largestUnfolding / (groups * taps * windows))));
  const unfoldings: Unfolding[] = [];
  for (let first = 0; first < batch; first += step) {
    unfoldings.push({
      image,
      kernel: [filter[0], filter[1]],
      output: [output[1], output[2]],
      geometry: operation,
      first,
      last: Math.min(first + step, batch),
    });
  }
  return { unfoldings, groups, taps, filters: filter[3] / groups, windows };
}

/** Makes a convolution or one of its gradients ready. */
export function compileConvolution(
  operation: Convolution,
  inputs: readonly Node[],
  shape: Shape,
  memory: HostMemory,
): Kernel {
  const [a, b] = inputs.map((input) => input.shape);
  switch (operation.kind) {
    case "conv2d":
      return operation.groups === 1
        ? nativeConvolution(operation, memory)
        : forward(planOf(operation, a, b, shape), shape, memory);
    case "conv2dInputGradient": {
      const mirrored = mirroredGeometry(operation, b);
      return mirrored
        ? mirroredConvolution(mirrored, b, memory)
        : inputGradient(planOf(operation, shape, b, a), shape, memory);
    }
    case "conv2dFilterGradient":
      return filterGradient(planOf(operation, a, shape, b), shape, memory);
  }
}

/** The geometry of the convolution of `dy` that an input's gradient is, where stride and padding allow. */
function mirroredGeometry(g: Convolution, [height, width]: Shape): ConvolutionGeometry | undefined {
  const [vertical, horizontal] = [g.dilations[0] * (height - 1), g.dilations[1] * (width - 1)];
  const padding = {
    top: vertical - g.padding.top,
    bottom: vertical - g.padding.bottom,
    left: horizontal - g.padding.left,
    right: horizontal - g.padding.right,
  };
  const isPossible = g.groups === 1 && Math.max(...g.strides) === 1 &&
    Math.min(...Object.values(padding)) >= 0;
  return isPossible ? { strides: g.strides, dilations: g.dilations, padding, groups: 1 } : undefined;
}

/** The native convolution of `dy` with the filter turned by 180° and its last two axes swapped. */
function mirroredConvolution(geometry: ConvolutionGeometry, filter: Shape, memory: HostMemory): Kernel {
  const [height, width, channels, filters] = filter;
  const [line, column, channel] = stridesOf(filter);
  const turned = {
    start: (height - 1) * line + (width - 1) * column,
    strides: [-line, -column, 1, channel],
  };
  const shape = [height, width, filters, channels];
  const convolve = nativeConvolution(geometry, memory);
  return ([dy, weights]) => {
    const mirrored = filled(memory, shape, (out) => {
      copyStrided(out, { start: 0, strides: stridesOf(shape) }, memory.view(weights), turned, shape);
    });
    return scoped(memory, mirrored, (handle) => convolve([dy, handle]));
  };
}

function nativeConvolution({ strides, dilations, padding }: ConvolutionGeometry, memory: HostMemory): Kernel {
  const { top, bottom, left, right } = padding;
  const attributes = {
    strides: [...strides],
    dilations: [...dilations],
    pad: [[0, 0], [top, bottom], [left, right], [0, 0]],
    dataFormat: "NHWC",
  };
  return ([x, filter]) => memory.call("Conv2D", { x, filter }, attributes);
}

/** Runs `use` on a new tensor and releases it. */
function scoped<T>(memory: HostMemory, handle: Handle, use: (handle: Handle) => T): T {
  const result = use(handle);
  memory.release(handle);
  return result;
}

function filled(memory: HostMemory, shape: Shape, fill: (out: Float32Array) => void): Handle {
  const handle = memory.allocate(shape);
  fill(memory.view(handle));
  return handle;
}

function rowsOf(plan: Plan, { first, last }: Unfolding): number {
  return (last - first) * plan.windows;
}

/** The unfolded windows of some images, `[G, M, R]`. */
function unfolded(plan: Plan, part: Unfolding, x: Handle, memory: HostMemory): Handle {
  return filled(memory, [plan.groups, rowsOf(plan, part), plan.taps], (out) => {
    unfoldImages(out, memory.view(x), part);
  });
}

/** Copies between some images of `[B, H', W', G K]` and `[G, M, K]`. */
function copyGroups(
  plan: Plan,
  part: Unfolding,
  grouped: Float32Array,
  images: Float32Array,
  direction: "toGroups" | "toImages",
): void {
  const { groups, filters } = plan;
  const rows = rowsOf(plan, part);
  const shape = [groups, rows, filters];
  const group = { start: 0, strides: [rows * filters, filters, 1] };
  const image = {
    start: part.first * plan.windows * groups * filters,
    strides: [filters, groups * filters, 1],
  };
  if (direction === "toGroups") copyStrided(grouped, group, images, image, shape);
  else copyStrided(images, image, grouped, group, shape);
}

/** `dy` of some images, `[G, M, K]`. */
function groupedRows(plan: Plan, part: Unfolding, dy: Handle, memory: HostMemory): Handle {
  return filled(memory, [plan.groups, rowsOf(plan, part), plan.filters], (out) => {
    copyGroups(plan, part, out, memory.view(dy), "toGroups");
  });
}

/** The filter `[R, G K]` as `[G, R, K]`. */
function groupedFilter(plan: Plan, filter: Handle, memory: HostMemory): Handle {
  const { groups, taps, filters } = plan;
  const shape = [groups, taps, filters];
  return filled(memory, shape, (out) => {
    const group = { start: 0, strides: [taps * filters, filters, 1] };
    const whole = { start: 0, strides: [filters, groups * filters, 1] };
    copyStrided(out, group, memory.view(filter), whole, shape);
  });
}

/** `dy` of some images, `[G, K, M]`. */
function groupedColumns(plan: Plan, part: Unfolding, dy: Handle, memory: HostMemory): Handle {
  const { groups, filters, windows } = plan;
  const rows = rowsOf(plan, part);
  return filled(memory, [groups, filters, rows], (out) => {
    for (let g = 0; g < groups; g++) {
      const from = { start: part.first * windows * groups * filters + g * filters, stride: groups * filters };
      const to = { start: g * filters * rows, stride: rows };
      transposeMatrix(out, to, memory.view(dy), from, rows, filters);
    }
  });
}

/** The filter `[R, G K]` as `[G, K, R]`. */
function transposedFilter({ groups, taps, filters }: Plan, filter: Handle, memory: HostMemory): Handle {
  return filled(memory, [groups, filters, taps], (out) => {
    for (let g = 0; g < groups; g++) {
      const from = { start: g * filters, stride: groups * filters };
      const to = { start: g * filters * taps, stride: taps };
      transposeMatrix(out, to, memory.view(filter), from, taps, filters);
    }
  });
}

function forward(plan: Plan, shape: Shape, memory: HostMemory): Kernel {
  return ([x, filter]) => {
    const out = memory.allocate(shape);
    scoped(memory, groupedFilter(plan, filter, memory), (weights) => {
      for (const part of plan.unfoldings) {
        const product = scoped(memory, unfolded(plan, part, x, memory), (rows) => {
          return multiplyMatrices(memory, rows, weights);
        });
        scoped(memory, product, (y) => copyGroups(plan, part, memory.view(y), memory.view(out), "toImages"));
      }
    });
    return out;
  };
}

function inputGradient(plan: Plan, shape: Shape, memory: HostMemory): Kernel {
  return ([dy, filter]) => {
    const out = filled(memory, shape, (values) => values.fill(0));
    const weights = transposedFilter(plan, filter, memory);
    for (const part of plan.unfoldings) {
      const product = scoped(memory, groupedRows(plan, part, dy, memory), (rows) => {
        return multiplyMatrices(memory, rows, weights);
      });
      scoped(memory, product, (rows) => foldImages(memory.view(out), memory.view(rows), part));
    }
    memory.release(weights);
    return out;
  };
}

/** The unfolded windows of some images as columns, `[G, R, M]`. */
function unfoldedColumns(plan: Plan, part: Unfolding, x: Handle, memory: HostMemory): Handle {
  return filled(memory, [plan.groups, plan.taps, rowsOf(plan, part)], (out) => {
    unfoldColumns(out, memory.view(x), part);
  });
}

/**
 * `rowsᵀ × dy`, `[G, R, K]`, or `dyᵀ × rows`, `[G, K, R]`, summed over the parts. tfjs copies the second factor into
 * an order of its own at 7 ns an element, as long as the product itself takes: so that is the smaller one.
 */
function filterGradient(plan: Plan, shape: Shape, memory: HostMemory): Kernel {
  const { groups, taps, filters } = plan;
  const rowsFirst = taps > filters;
  const sums = new Float32Array(sizeOf(shape));
  const product = (part: Unfolding, x: Handle, dy: Handle): Handle => {
    const first = rowsFirst ? unfoldedColumns(plan, part, x, memory) : groupedColumns(plan, part, dy, memory);
    const second = rowsFirst ? groupedRows(plan, part, dy, memory) : unfolded(plan, part, x, memory);
    return scoped(memory, first, (a) => scoped(memory, second, (b) => multiplyMatrices(memory, a, b)));
  };
  return ([x, dy]) => {
    sums.fill(0);
    for (const part of plan.unfoldings) {
      scoped(memory, product(part, x, dy), (handle) => {
        const values = memory.view(handle);
        for (let i = 0; i < sums.length; i++) sums[i] += values[i];
      });
    }
    return filled(memory, shape, (out) => {
      const view = { start: 0, strides: [filters, groups * filters, 1] };
      const strides = rowsFirst ? [taps * filters, filters, 1] : [filters * taps, 1, taps];
      copyStrided(out, view, sums, { start: 0, strides }, [groups, taps, filters]);
    });
  };
}
