/**
 * Convolutions and products of matrices as window products on WebAssembly.
 *
 * @module
 */

import { type Shape, sizeOf } from "../../shape.ts";
import type { Node, Operation } from "../graph.ts";
import type { ConvolutionSizes } from "../kernels/host_convolution.ts";
import {
  type Border,
  type ConvolutionPlan,
  planForward,
  planInputGradient,
  type PlanPart,
} from "../kernels/wasm_convolution_plan.ts";
import { filterGradientFunction } from "../kernels/wasm_filter_gradient.ts";
import { packPanels, padImages } from "../kernels/wasm_packing.ts";
import { panelSize, panelWidth, productFunction } from "../kernels/wasm_product.ts";
import { rowsOf, simplified, type WindowProduct } from "../kernels/wasm_window_product.ts";
import type { Handle, Kernel } from "./tensor_device.ts";
import type { WasmEngine } from "./wasm_engine.ts";

/** How weights lie in the filter, in elements: where the first one is, and the steps to the next of each kind. */
interface WeightLayout {
  origin: number;
  /** Rows and columns of the filter. */
  kernel: readonly [number, number];
  taps: readonly [number, number];
  run: number;
  channel: number;
  group: number;
}

/** Makes products ready that share their weights: `run(input, weights, output)` with their addresses. */
function compileProducts(parts: readonly PlanPart[], layout: WeightLayout, engine: WasmEngine) {
  const { memory } = engine;
  const multiplications = parts.map(({ product, inputOrigin, outputOrigin }) => {
    const { code, job } = productFunction(product);
    const kernel = engine.kernel(`product ${JSON.stringify(product)}`, () => code);
    return (input: number, panels: number, output: number) =>
      engine.run(kernel, job, input + 4 * inputOrigin, panels, output + 4 * outputOrigin);
  });
  const pack = compilePacking(parts[0].product, layout, engine);
  return (input: number, weights: number, output: number): void => {
    const panels = pack(weights);
    for (const multiply of multiplications) multiply(input, memory.addressOf(panels), output);
    memory.release(panels);
  };
}

/** Makes panels of the weights at an address; the caller releases them. */
function compilePacking(product: WindowProduct, layout: WeightLayout, engine: WasmEngine) {
  const { columns, groups, weights } = product;
  const { kernel: [height, width], taps } = layout;
  const kernel = engine.kernel("packPanels", packPanels);
  const size = groups.count * panelSize(product);
  const job = { units: groups.count * Math.ceil(columns / panelWidth), cost: 2 * size };
  const run = weights.rows / (height * width);
  const steps = [height, 4 * taps[0], width, 4 * taps[1], run, 4 * layout.run];
  const others = [columns, 4 * layout.channel, 4 * layout.group];
  return (filter: number): Handle => {
    const panels = engine.memory.allocate([size]);
    const address = engine.memory.addressOf(panels);
    engine.run(kernel, job, filter + 4 * layout.origin, address, ...steps, ...others);
    return panels;
  };
}

/** Images with zeros around them, or the images themselves where there are none; the caller releases them. */
function compilePadding(shape: Shape, border: Border, engine: WasmEngine): (x: Handle) => Handle {
  const [batch, height, width, channels] = shape;
  const { top, bottom, left, right } = border;
  if (top + bottom + left + right === 0) return (x) => engine.memory.retain(x);
  const padded = [batch, height + top + bottom, width + left + right, channels];
  const pad = engine.kernel("padImages", padImages);
  const job = { units: batch * padded[1], cost: sizeOf(padded) / 2 };
  const sizes = [height, 4 * width * channels, top, 4 * left * channels, padded[1], 4 * padded[2] * channels];
  return (x) => {
    const out = engine.memory.allocate(padded);
    engine.run(pad, job, engine.memory.addressOf(x), engine.memory.addressOf(out), ...sizes);
    return out;
  };
}

/** Runs a plan's products on padded images. */
function compilePlan(
  { border, parts }: ConvolutionPlan,
  layout: WeightLayout,
  { input, output, engine }: { input: Shape; output: Shape; engine: WasmEngine },
): Kernel {
  const { memory } = engine;
  const pad = compilePadding(input, border, engine);
  const run = compileProducts(parts, layout, engine);
  return ([x, weights]) => {
    const padded = pad(x);
    const out = memory.allocate(output);
    run(memory.addressOf(padded), memory.addressOf(weights), memory.addressOf(out));
    memory.release(padded);
    return out;
  };
}

/** Makes a convolution ready. */
export function compileForward(sizes: ConvolutionSizes, engine: WasmEngine): Kernel {
  const { image, output, filter: [height, width, channels, filters], geometry: { groups } } = sizes;
  const layout: WeightLayout = {
    origin: 0,
    kernel: [height, width],
    taps: [width * channels * filters, channels * filters],
    run: filters,
    channel: 1,
    group: filters / groups,
  };
  return compilePlan(planForward(sizes, "taps"), layout, { input: image, output, engine });
}

/** Makes an input's gradient ready. */
export function compileInputGradient(sizes: ConvolutionSizes, engine: WasmEngine): Kernel {
  const { image, output, filter: [height, width, channels, filters], geometry: { groups } } = sizes;
  const tap = channels * filters;
  const layout: WeightLayout = {
    origin: (height * width - 1) * tap,
    kernel: [height, width],
    taps: [-width * tap, -tap],
    run: 1,
    channel: filters,
    group: filters / groups,
  };
  return compilePlan(planInputGradient(sizes), layout, { input: output, output: image, engine });
}

/** Makes a filter's gradient ready. */
export function compileFilterGradient(sizes: ConvolutionSizes, engine: WasmEngine): Kernel {
  const { border, parts } = planForward(sizes, "pixels");
  const { memory } = engine;
  const pad = compilePadding(sizes.image, border, engine);
  const useful = parts.filter(({ product }) => rowsOf(product) > 0);
  // Parts see some of the taps only: what they leave out must be zero.
  const adds = useful.length !== 1 || rowsOf(useful[0].product) < useful[0].product.weights.rows;
  const sums = useful.map(({ product, inputOrigin, outputOrigin }) => {
    const { code, job } = filterGradientFunction(product, adds);
    const kernel = engine.kernel(`filterGradient ${adds} ${JSON.stringify(product)}`, () => code);
    return (input: number, slope: number, out: number) =>
      engine.run(kernel, job, input + 4 * inputOrigin, slope + 4 * outputOrigin, out);
  });
  return ([x, dy]) => {
    const padded = pad(x);
    const out = memory.allocate(sizes.filter);
    if (adds) memory.view(out).fill(0);
    for (const sum of sums) sum(memory.addressOf(padded), memory.addressOf(dy), memory.addressOf(out));
    memory.release(padded);
    return out;
  };
}

/** Makes a product of matrices ready that does not transpose both. */
export function compileMatrixProduct(
  { transposeA, transposeB }: Extract<Operation, { kind: "matMul" }>,
  { inputs: [a, b], shape }: Node,
  engine: WasmEngine,
): Kernel {
  const { memory } = engine;
  const product = matrixProduct(a.shape, shape[1]);
  if (transposeA) {
    const { code, job } = filterGradientFunction(product, false);
    const multiply = engine.kernel(`filterGradient false ${JSON.stringify(product)}`, () => code);
    return ([x, y]) => {
      const out = memory.allocate(shape);
      engine.run(multiply, job, memory.addressOf(x), memory.addressOf(y), memory.addressOf(out));
      return out;
    };
  }
  const layout: WeightLayout = {
    origin: 0,
    kernel: [1, 1],
    taps: [0, 0],
    run: transposeB ? 1 : b.shape[1],
    channel: transposeB ? b.shape[1] : 1,
    group: 0,
  };
  const run = compileProducts([{ product, inputOrigin: 0, outputOrigin: 0 }], layout, engine);
  return ([x, y]) => {
    const out = memory.allocate(shape);
    run(memory.addressOf(x), memory.addressOf(y), memory.addressOf(out));
    return out;
  };
}

/** A product with a matrix of so many columns: its rows are the pixels. */
function matrixProduct([height, width]: Shape, columns: number): WindowProduct {
  const one = { count: 1, input: 0, output: 0 };
  const tap = { count: 1, input: 0, row: 0 };
  return simplified({
    pixels: [one, one, { count: height, input: width, output: columns }],
    taps: [tap, tap],
    run: width,
    weights: { first: 0, rows: width },
    groups: one,
    columns,
  });
}
