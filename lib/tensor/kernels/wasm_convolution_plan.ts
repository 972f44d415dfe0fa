/**
 * A convolution, or its input's gradient, as window products.
 *
 * Pixels that see the same taps form one product. Along an axis these are the pixels that the stride treats alike
 * (when the input's gradient is computed), and either those whose window lies within the picture apart from those at
 * its edges, or all of them on a picture with zeros around it. Zeros cost copies and products, edges cost kernels with
 * few pixels: the cheaper plan is taken.
 *
 * @module
 */

import { type Shape, sizeOf } from "../../shape.ts";
import type { ConvolutionSizes } from "./host_convolution.ts";
import { largestTile, panelWidth } from "./wasm_product.ts";
import { chooseTile, rowsOf, simplified, type WindowProduct } from "./wasm_window_product.ts";

/** Zeros around a picture. */
export interface Border {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** A simplified product, and where its first pixel lies in its input and its output, in elements. */
export interface PlanPart {
  product: WindowProduct;
  inputOrigin: number;
  outputOrigin: number;
}

/** What computes a convolution in one direction. */
export interface ConvolutionPlan {
  /** Zeros that the input needs. */
  border: Border;
  parts: readonly PlanPart[];
}

/** A tap that a pixel sees: its row of the filter as packed, and the position it reads. */
interface SeenTap {
  row: number;
  at: number;
}

/** One axis of a direction. */
interface Axis {
  /** Positions that are read. */
  size: number;
  /** Positions that are written; from one to the `period`-th next the window moves `step`. */
  pixels: number;
  period: number;
  step: number;
  /** All taps of a pixel, in ascending order of rows, outside of the picture too. */
  seen(pixel: number): SeenTap[];
}

/** Pixels `first`, `first + period`, … that see the same taps. */
interface Span {
  first: number;
  count: number;
  taps: readonly SeenTap[];
}

/** What is read and written, and along which axes. */
interface Direction {
  input: Shape;
  output: Shape;
  axes: readonly [Axis, Axis];
  /** Rows and columns of the filter. */
  kernel: readonly [number, number];
  groups: number;
}

/** The plan of a forward pass, or of a filter's gradient, which sums over the same pixels. */
export function planForward(
  { image, filter, output, geometry }: ConvolutionSizes,
  sumsOver: "taps" | "pixels",
): ConvolutionPlan {
  const { strides, dilations, padding, groups } = geometry;
  const axis = (i: 0 | 1): Axis => ({
    size: image[1 + i],
    pixels: output[1 + i],
    period: 1,
    step: strides[i],
    seen: (pixel) =>
      Array.from({ length: filter[i] }, (_, tap) => ({
        row: tap,
        at: pixel * strides[i] + tap * dilations[i] - (i === 0 ? padding.top : padding.left),
      })),
  });
  const kernel = [filter[0], filter[1]] as const;
  const direction = { input: image, output, axes: [axis(0), axis(1)] as const, kernel, groups };
  return cheapest(direction, sumsOver === "taps" ? productCost : filterGradientCost);
}

/** The plan of an input's gradient, for a filter that is packed from its last tap to its first. */
export function planInputGradient({ image, filter, output, geometry }: ConvolutionSizes): ConvolutionPlan {
  const { strides, dilations, padding, groups } = geometry;
  const axis = (i: 0 | 1): Axis => ({
    size: output[1 + i],
    pixels: image[1 + i],
    period: strides[i],
    step: 1,
    seen: (pixel) =>
      Array.from({ length: filter[i] }, (_, row) => {
        const tap = filter[i] - 1 - row;
        return {
          row,
          at: (pixel + (i === 0 ? padding.top : padding.left) - tap * dilations[i]) / strides[i],
        };
      }).filter(({ at }) => Number.isInteger(at)),
  });
  const kernel = [filter[0], filter[1]] as const;
  return cheapest({ input: output, output: image, axes: [axis(0), axis(1)], kernel, groups }, productCost);
}

function cheapest(direction: Direction, costOf: (product: WindowProduct) => number): ConvolutionPlan {
  const plans = [[false, false], [true, false], [false, true], [true, true]].map((isCut) => {
    return makePlan(direction, isCut);
  });
  const costs = plans.map((plan) => planCost(plan, direction.input, costOf));
  return plans[costs.indexOf(Math.min(...costs))];
}

/** Cycles of the processor, roughly: of copying an element, and of starting a part. */
const copyCycles = 1.1;
const partCycles = 10_000;
/** Of a pixel, a line of pixels and all of them in a tile of a filter's gradient, beyond what is in them. */
const pixelCycles = 6;
const lineCycles = 100;
const tileCycles = 40;

/** Cycles of a product, tile by tile of pixels. */
function productCost(product: WindowProduct): number {
  const { cost } = chooseTile(product.pixels, largestTile(product));
  return cost * rowsOf(product) * product.groups.count * Math.ceil(product.columns / panelWidth);
}

/** Cycles of a filter's gradient, tile by tile of the filter. */
function filterGradientCost(product: WindowProduct): number {
  const [images, rows, columns] = product.pixels;
  const lines = images.count * rows.count;
  const tiles = rowsOf(product) / 6 * product.groups.count * Math.ceil(product.columns / panelWidth);
  return tiles * (lines * (columns.count * pixelCycles + lineCycles) + tileCycles);
}

function planCost(
  { border: { top, bottom, left, right }, parts }: ConvolutionPlan,
  input: Shape,
  costOf: (product: WindowProduct) => number,
): number {
  const [batch, height, width, channels] = input;
  const isCopied = top + bottom + left + right > 0;
  const padded = [batch, height + top + bottom, width + left + right, channels];
  const copies = isCopied ? copyCycles * sizeOf(padded) : 0;
  return parts.reduce((sum, { product }) => sum + costOf(product) + partCycles, copies);
}

/** The plan that parts edges from the inside along some axes, and lays zeros around the picture along the others. */
function makePlan(direction: Direction, isCut: readonly boolean[]): ConvolutionPlan {
  const [rows, columns] = direction.axes.map((axis, i) => spansOf(axis, isCut[i]));
  const [top, bottom] = bordersOf(direction.axes[0], rows);
  const [left, right] = bordersOf(direction.axes[1], columns);
  const border = { top, bottom, left, right };
  const parts = rows.flatMap((y) => columns.map((x) => partOf(direction, border, y, x)));
  return { border, parts };
}

function spansOf({ size, pixels, period, seen }: Axis, isCut: boolean): Span[] {
  const spans: Span[] = [];
  for (let start = 0; start < Math.min(period, pixels); start++) {
    let open: { key: string; span: { first: number; count: number; taps: SeenTap[] } } | undefined;
    for (let pixel = start; pixel < pixels; pixel += period) {
      const taps = seen(pixel).filter(({ at }) => !isCut || (at >= 0 && at < size));
      const key = taps.map(({ row }) => row).join();
      if (open?.key === key) open.span.count++;
      else {
        open = { key, span: { first: pixel, count: 1, taps } };
        spans.push(open.span);
      }
    }
  }
  return spans;
}

/** Positions that spans read before and after the picture. */
function bordersOf({ size, step }: Axis, spans: readonly Span[]): [number, number] {
  const seen = spans.filter(({ taps }) => taps.length > 0);
  const first = seen.map(({ taps }) => taps[0].at);
  const last = seen.map(({ taps, count }) => taps[taps.length - 1].at + (count - 1) * step);
  return [Math.max(0, -Math.min(...first)), Math.max(0, Math.max(...last) - size + 1)];
}

/** How a span moves along its axis: between taps, in rows and positions, and from where on. */
function stepsOf({ taps }: Span): { first: SeenTap; row: number; at: number } {
  const [first = { row: 0, at: 0 }, second = first] = taps;
  return { first, row: second.row - first.row, at: second.at - first.at };
}

function partOf(direction: Direction, border: Border, y: Span, x: Span): PlanPart {
  const { input: [batch, height, width, channels], output, axes, kernel, groups } = direction;
  const run = channels / groups;
  const columns = output[3] / groups;
  const line = (width + border.left + border.right) * channels;
  const outputLine = output[2] * output[3];
  const [rowSteps, columnSteps] = [stepsOf(y), stepsOf(x)];
  const isEmpty = y.taps.length === 0 || x.taps.length === 0;
  const product: WindowProduct = {
    pixels: [
      {
        count: batch,
        input: (height + border.top + border.bottom) * line,
        output: output[1] * outputLine,
      },
      { count: y.count, input: axes[0].step * line, output: axes[0].period * outputLine },
      { count: x.count, input: axes[1].step * channels, output: axes[1].period * output[3] },
    ],
    taps: [
      { count: y.taps.length, input: rowSteps.at * line, row: rowSteps.row * kernel[1] * run },
      { count: x.taps.length, input: columnSteps.at * channels, row: columnSteps.row * run },
    ],
    run,
    weights: {
      first: (rowSteps.first.row * kernel[1] + columnSteps.first.row) * run,
      rows: kernel[0] * kernel[1] * run,
    },
    groups: { count: groups, input: run, output: columns },
    columns,
  };
  const origin = (rowSteps.first.at + border.top) * line + (columnSteps.first.at + border.left) * channels;
  return {
    product: simplified(product),
    inputOrigin: isEmpty ? 0 : origin,
    outputOrigin: y.first * outputLine + x.first * output[3],
  };
}
