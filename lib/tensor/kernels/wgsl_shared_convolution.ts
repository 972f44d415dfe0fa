/**
 * Convolutions and their gradients as products for graphics chips: what lies where, as code.
 *
 * The output is [pixels, taps · channels] × [taps · channels, filters]; the input's gradient [pixels, taps · filters]
 * × [taps · filters, channels] for each class of pixels that are alike modulo the stride, which the same taps reach;
 * the filter's gradient [taps · channels, pixels] × [pixels, filters]. Groups are products side by side.
 *
 * @module
 */

import type { Reader } from "./wgsl.ts";
import type { SharedProduct } from "./wgsl_shared_product.ts";
import type { ConvolutionShapes } from "./wgsl_tiles.ts";

/** Code for a picture's element under a tap of the window at an output pixel, 0 outside. */
function windowElement({ x, y, geometry: g }: ConvolutionShapes, read: Reader): string {
  const [, height, width, channels] = x;
  const [, outHeight, outWidth] = y;
  return `
  let ix = pixel % ${outWidth} * ${g.strides[1]} + kx * ${g.dilations[1]} - ${g.padding.left};
  let iy = pixel / ${outWidth} % ${outHeight} * ${g.strides[0]} + ky * ${g.dilations[0]} - ${g.padding.top};
  if (ix < 0 || ix >= ${width} || iy < 0 || iy >= ${height}) { return 0.0; }
  return ${
    read(`((pixel / ${outWidth * outHeight} * ${height} + iy) * ${width} + ix) * ${channels} + channel`)
  };`;
}

/** The output. */
export function sharedForward(
  shapes: ConvolutionShapes,
  operands: { x: Reader; filter: Reader },
): SharedProduct {
  const [kernelHeight, kernelWidth, depth, filters] = shapes.filter;
  const { groups } = shapes.geometry;
  const columns = filters / groups;
  return {
    rows: shapes.y[0] * shapes.y[1] * shapes.y[2],
    columns,
    depth: kernelHeight * kernelWidth * depth,
    batches: groups,
    left: `
  let pixel = m; let kx = k / ${depth} % ${kernelWidth}; let ky = k / ${depth * kernelWidth};
  let channel = z * ${depth} + k % ${depth};${windowElement(shapes, operands.x)}`,
    right: `return ${operands.filter(`k * ${filters} + z * ${columns} + n`)};`,
    place: `return m * ${filters} + z * ${columns} + n;`,
    neighbours: { left: "depth", right: "columns" },
  };
}

/** The filter's gradient. */
export function sharedFilterGradient(
  shapes: ConvolutionShapes,
  operands: { x: Reader; dy: Reader },
): SharedProduct {
  const [kernelHeight, kernelWidth, groupChannels, filters] = shapes.filter;
  const { groups } = shapes.geometry;
  const columns = filters / groups;
  return {
    rows: kernelHeight * kernelWidth * groupChannels,
    columns,
    depth: shapes.y[0] * shapes.y[1] * shapes.y[2],
    batches: groups,
    left: `
  let pixel = k; let kx = m / ${groupChannels} % ${kernelWidth}; let ky = m / ${groupChannels * kernelWidth};
  let channel = z * ${groupChannels} + m % ${groupChannels};${windowElement(shapes, operands.x)}`,
    right: `return ${operands.dy(`k * ${filters} + z * ${columns} + n`)};`,
    place: `return m * ${filters} + z * ${columns} + n;`,
    neighbours: { left: "rows", right: "columns" },
  };
}

/** Taps along one axis that reach the pixels of a class: `first`, `first + step`, …, `count` of them. */
interface ClassTaps {
  first: number[];
  count: number[];
  step: number;
}

function classTaps(kernel: number, stride: number, dilation: number, padding: number): ClassTaps {
  const reaching = Array.from(
    { length: stride },
    (_, r) =>
      Array.from({ length: kernel }, (_, tap) => tap).filter((tap) =>
        (r + padding - tap * dilation) % stride === 0
      ),
  );
  const step = reaching.map((taps) => taps[1] - taps[0]).find((one) => one > 0) ?? 1;
  return { first: reaching.map(([first]) => first ?? 0), count: reaching.map((taps) => taps.length), step };
}

/** `fn name(r: i32) -> i32`, a table. */
function table(name: string, values: readonly number[]): string {
  const cases = values.map((value, r) => `case ${r}: { return ${value}; }`).join(" ");
  return `fn ${name}(r: i32) -> i32 { switch r { ${cases} default: { return 0; } } }`;
}

/** The input's gradient. */
export function sharedInputGradient(
  { x, filter, y, geometry: g }: ConvolutionShapes,
  operands: { dy: Reader; filter: Reader },
): SharedProduct {
  const [batch, height, width, channels] = x;
  const [kernelHeight, kernelWidth, groupChannels, filters] = filter;
  const [, outHeight, outWidth] = y;
  const groupFilters = filters / g.groups;
  const down = classTaps(kernelHeight, g.strides[0], g.dilations[0], g.padding.top);
  const across = classTaps(kernelWidth, g.strides[1], g.dilations[1], g.padding.left);
  const [rows, columns] = [Math.ceil(height / g.strides[0]), Math.ceil(width / g.strides[1])];
  const [mostDown, mostAcross] = [Math.max(...down.count), Math.max(...across.count)];
  const place = `
  let rx = z % ${g.strides[1]}; let ry = z / ${g.strides[1]} % ${g.strides[0]};
  let group = z / ${g.strides[0] * g.strides[1]};`;
  const pixel = `
  let ix = m % ${columns} * ${g.strides[1]} + rx; let iy = m / ${columns} % ${rows} * ${g.strides[0]} + ry;`;
  const tap = `
  let f = group * ${groupFilters} + k % ${groupFilters};
  let tx = k / ${groupFilters} % ${mostAcross}; let ty = k / ${groupFilters * mostAcross};
  if (tx >= countAcross(rx) || ty >= countDown(ry)) { return 0.0; }
  let kx = firstAcross(rx) + tx * ${across.step}; let ky = firstDown(ry) + ty * ${down.step};`;
  return {
    rows: batch * rows * columns,
    columns: groupChannels,
    depth: mostDown * mostAcross * groupFilters,
    batches: g.groups * g.strides[0] * g.strides[1],
    declarations: [
      table("firstDown", down.first),
      table("countDown", down.count),
      table("firstAcross", across.first),
      table("countAcross", across.count),
    ].join("\n"),
    left: `${place}${pixel}${tap}
  let ay = iy + ${g.padding.top} - ky * ${g.dilations[0]}; let ax = ix + ${g.padding.left} - kx * ${
      g.dilations[1]
    };
  let oy = ay / ${g.strides[0]}; let ox = ax / ${g.strides[1]};
  if (ay < 0 || ax < 0 || oy >= ${outHeight} || ox >= ${outWidth}) { return 0.0; }
  return ${
      operands.dy(`((m / ${rows * columns} * ${outHeight} + oy) * ${outWidth} + ox) * ${filters} + f`)
    };`,
    right: `${place}${tap}
  return ${operands.filter(`((ky * ${kernelWidth} + kx) * ${groupChannels} + n) * ${filters} + f`)};`,
    place: `${place}${pixel}
  if (ix >= ${width} || iy >= ${height}) { return -1; }
  return ((m / ${
      rows * columns
    } * ${height} + iy) * ${width} + ix) * ${channels} + group * ${groupChannels} + n;`,
    neighbours: { left: "depth", right: "depth" },
  };
}
