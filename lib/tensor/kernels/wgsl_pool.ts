/**
 * WGSL kernels of max pooling on `[B, H, W, C]`.
 *
 * One invocation for an output, or in the gradient for a pixel, which asks each window that covers it for its first
 * largest pixel: a gather needs no atomic additions. No shared memory, workgroups of 64.
 *
 * @module
 */

import { type Shape, sizeOf } from "../../shape.ts";
import type { Pooling } from "./host_pool.ts";
import { loopTurns, type Reader, type WgslKernel, type Writer } from "./wgsl.ts";

/** A function `largestOf(n, oy, ox, c)`: the position of a window's first largest pixel. */
function largestOf(image: Shape, p: Pooling, x: Reader): string {
  const [, height, width, channels] = image;
  return `
fn largestOf(n: i32, oy: i32, ox: i32, c: i32) -> i32 {
  let top = oy * ${p.strides[0]} - ${p.padding.top}; let left = ox * ${p.strides[1]} - ${p.padding.left};
  var best = -1; var largest = 0.0;
  for (var y = max(top, 0); y < min(top + ${p.window[0]}, ${height}); y++) {
    for (var x0 = max(left, 0); x0 < min(left + ${p.window[1]}, ${width}); x0++) {
      let at = ((n * ${height} + y) * ${width} + x0) * ${channels} + c;
      let value = ${x("at")};
      if (best < 0 || value > largest) { best = at; largest = value; }
    }
  }
  return best;
}`;
}

/** The largest value in each window of the image; `shape` is the result's. */
export function maxPoolKernel(
  image: Shape,
  shape: Shape,
  pooling: Pooling,
  { x, write }: { x: Reader; write: Writer },
): WgslKernel {
  const [, height, width, channels] = shape;
  return {
    invocations: sizeOf(shape),
    turns: loopTurns(...pooling.window),
    declarations: largestOf(image, pooling, x),
    body: `
  let c = index % ${channels}; let ox = index / ${channels} % ${width};
  let oy = index / ${channels * width} % ${height}; let n = index / ${channels * width * height};
  ${write("index", x("largestOf(n, oy, ox, c)"))}`,
  };
}

/** `dy`, of the shape `output`, given to the first largest pixel of each window. */
export function maxPoolGradientKernel(
  image: Shape,
  output: Shape,
  p: Pooling,
  { x, dy, write }: { x: Reader; dy: Reader; write: Writer },
): WgslKernel {
  const [, height, width, channels] = image;
  const [, outHeight, outWidth] = output;
  const windows = (axis: 0 | 1) => Math.ceil(p.window[axis] / p.strides[axis]);
  const firstWindow = (at: string, axis: 0 | 1, padding: number) =>
    `max(0, (${at} + ${padding} - ${p.window[axis]}) / ${p.strides[axis]} + 1) * i32(${at} + ${padding} >= ${
      p.window[axis]
    })`;
  return {
    invocations: sizeOf(image),
    turns: loopTurns(windows(0), windows(1), ...p.window),
    declarations: largestOf(image, p, x),
    body: `
  let c = index % ${channels}; let ix = index / ${channels} % ${width};
  let iy = index / ${channels * width} % ${height}; let n = index / ${channels * width * height};
  var sum = 0.0;
  let lastY = min((iy + ${p.padding.top}) / ${p.strides[0]}, ${outHeight - 1});
  let lastX = min((ix + ${p.padding.left}) / ${p.strides[1]}, ${outWidth - 1});
  for (var oy = ${firstWindow("iy", 0, p.padding.top)}; oy <= lastY; oy++) {
    for (var ox = ${firstWindow("ix", 1, p.padding.left)}; ox <= lastX; ox++) {
      if (largestOf(n, oy, ox, c) == index) {
        sum += ${dy(`((n * ${outHeight} + oy) * ${outWidth} + ox) * ${channels} + c`)};
      }
    }
  }
  ${write("index", "sum")}`,
  };
}
