/**
 * WGSL of batch normalization with ReLU on `[…, C]`, seen as N rows of C channels.
 *
 * Normalizing and the input's gradient are elementwise code. Moments and the parameters' gradients are reductions
 * in two kernels, as there is no sum across workgroups: the first gives every invocation one channel (or four) and a
 * stretch of rows, the second joins the stretches. Channels are read in fours where C allows, so neighbouring
 * invocations read neighbouring memory. No shared memory, workgroups of 64.
 *
 * @see Ioffe and Szegedy, ICML 2015; Chan, Golub, LeVeque 1979 for joining variances.
 * @module
 */

import { type Shape, sizeOf } from "../../shape.ts";
import {
  type Components,
  elementType,
  float,
  loopTurns,
  type Reader,
  stretchOf,
  type WgslKernel,
  type Writer,
} from "./wgsl.ts";
import type { Tuning } from "./wgsl_tuning.ts";

/** Options of the normalization itself. */
export interface Normalization {
  /** Added to the variance. */
  epsilon: number;
  /** Whether ReLU follows. */
  relu: boolean;
}

/** What elementwise code of a normalization is written with. */
export interface BatchNormScope {
  /** Elements at a time. */
  components: Components;
  /** Code for operand i (x, moments, gamma, beta, then dy and totals in the gradient) at an index. */
  read: (operand: number, index: string) => string;
  /** The element's index. */
  index: string;
  /** Adds `let name = code;` and gives the name. */
  line: (code: string) => string;
  /** The same for what depends on the channel alone, and may stand before a loop over rows. */
  once: (code: string) => string;
}

/** The normalized element and what it is made of. */
function normalized(
  width: number,
  channel: string,
  { epsilon }: Normalization,
  { read, index, line, once }: BatchNormScope,
) {
  const scale = once(`1.0 / sqrt(${read(1, `${channel} + ${width}`)} + ${float(epsilon)})`);
  const [mean, gamma, beta] = [read(1, channel), read(2, channel), read(3, channel)].map(once);
  const unit = line(`(${read(0, index)} - ${mean}) * ${scale}`);
  const y = line(`${gamma} * ${unit} + ${beta}`);
  return { gamma, scale, unit, y };
}

/** `dy` where the ReLU, if there is one, let pass. */
function passing(y: string, { relu }: Normalization, { components, read, index }: BatchNormScope): string {
  const zero = `${elementType(components)}()`;
  return relu ? `select(${zero}, ${read(4, index)}, ${y} > ${zero})` : read(4, index);
}

/**
 * An element of batch normalization, `gamma · (x − mean) / √(variance + epsilon) + beta`, or of its input's
 * gradient, `gamma / √(v + ε) · (dy − (Σ dy + x̂ Σ dy x̂) / N)`; NaN stays NaN.
 */
export function batchNormCode(
  shape: Shape,
  operation: Normalization & { kind: "batchNorm" | "batchNormInputGradient" },
  scope: BatchNormScope,
): string {
  const { components, read, line } = scope;
  const width = shape[shape.length - 1] / components;
  const channel = line(`${scope.index} % ${width}`);
  const { gamma, scale, unit, y } = normalized(width, channel, operation, scope);
  if (operation.kind === "batchNorm") {
    const zero = `${elementType(components)}()`;
    return operation.relu ? `select(${y}, ${zero}, ${y} <= ${zero})` : y;
  }
  const rows = float(sizeOf(shape) / components / width);
  const sums = line(`${read(5, `${channel} + ${width}`)} + ${unit} * ${read(5, channel)}`);
  return `${gamma} * ${scale} * (${passing(y, operation, scope)} - ${sums} / ${rows})`;
}

/** How the rows of a reduction are shared out. */
export interface RowParts {
  /** All rows. */
  rows: number;
  /** Elements (of `components` channels) in a row. */
  width: number;
  /** Channels of an element. */
  components: Components;
  /** Stretches of rows. */
  parts: number;
  /** Rows of a stretch; the last may have fewer. */
  stretch: number;
}

/** Shares the rows of `[…, C]` out to about as many invocations as the tuning asks for. */
export function rowParts(shape: Shape, components: Components, tuning: Tuning): RowParts {
  const channels = shape[shape.length - 1];
  const rows = sizeOf(shape) / channels;
  const width = channels / components;
  const wanted = Math.ceil(tuning.reductionGroups * 64 / width);
  // As many parts as rows in a part, so that neither half of the reduction walks a long way.
  const stretch = stretchOf(rows, Math.min(wanted, Math.ceil(Math.sqrt(rows))), 2);
  return { rows, width, components, parts: Math.ceil(rows / stretch), stretch };
}

const partOf = ({ width, stretch, rows }: RowParts) => `
  let channel = index % ${width}; let part = index / ${width};
  let first = part * ${stretch}; let last = min(first + ${stretch}, ${rows});`;

/** Mean and sum of squared deviations of each stretch of rows, `[parts, 2, C]`. */
export function momentParts(split: RowParts, { x, write }: { x: Reader; write: Writer }): WgslKernel {
  const { width, components, parts, stretch } = split;
  const type = elementType(components);
  return {
    invocations: parts * width,
    turns: 2 * loopTurns(stretch),
    body: `${partOf(split)}
  var sum = ${type}();
  for (var row = first; row < last; row++) { sum += ${x(`row * ${width} + channel`)}; }
  let mean = sum / f32(last - first);
  var squares = ${type}();
  for (var row = first; row < last; row++) { let d = ${
      x(`row * ${width} + channel`)
    } - mean; squares += d * d; }
  ${write(`part * ${2 * width} + channel`, "mean")}
  ${write(`part * ${2 * width} + ${width} + channel`, "squares")}`,
  };
}

/** Mean and biased variance of all rows from those of the stretches, `[2, C]`. */
export function joinMoments(
  split: RowParts,
  { parts: at, write }: { parts: Reader; write: Writer },
): WgslKernel {
  const { rows, width, components, parts, stretch } = split;
  const type = elementType(components);
  const count = `f32(min(${stretch}, ${rows} - part * ${stretch}))`;
  return {
    invocations: width,
    turns: 2 * loopTurns(parts),
    body: `
  var sum = ${type}();
  for (var part = 0; part < ${parts}; part++) { sum += ${count} * ${at(`part * ${2 * width} + index`)}; }
  let mean = sum / ${float(rows)};
  var squares = ${type}();
  for (var part = 0; part < ${parts}; part++) {
    let d = ${at(`part * ${2 * width} + index`)} - mean;
    squares += ${at(`part * ${2 * width} + ${width} + index`)} + ${count} * d * d;
  }
  ${write("index", "mean")}
  ${write(`${width} + index`, `squares / ${float(rows)}`)}`,
  };
}

/** Sums of `dy · x̂` and `dy` over each stretch of rows, `[parts, 2, C]`; `dy` counts where the ReLU let pass. */
export function parameterGradientParts(
  split: RowParts,
  options: Normalization,
  { operands, write }: { operands: readonly Reader[]; write: Writer },
): WgslKernel {
  const { width, components, parts, stretch } = split;
  const type = elementType(components);
  const [before, lines]: [string[], string[]] = [[], []];
  const scope: BatchNormScope = {
    components,
    read: (i, at) => operands[i](at),
    index: "at",
    line: (code) => `v${lines.push(`let v${lines.length} = ${code};`) - 1}`,
    once: (code) => `w${before.push(`let w${before.length} = ${code};`) - 1}`,
  };
  const { unit, y } = normalized(width, "channel", options, scope);
  const passed = scope.line(passing(y, options, scope));
  return {
    invocations: parts * width,
    turns: loopTurns(stretch),
    body: `${partOf(split)}
  ${before.join("\n  ")}
  var products = ${type}(); var sum = ${type}();
  for (var row = first; row < last; row++) {
    let at = row * ${width} + channel;
    ${lines.join("\n    ")}
    products += ${passed} * ${unit}; sum += ${passed};
  }
  ${write(`part * ${2 * width} + channel`, "products")}
  ${write(`part * ${2 * width} + ${width} + channel`, "sum")}`,
  };
}
