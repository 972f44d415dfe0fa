/**
 * WGSL programs of batch normalization with ReLU on `[…, C]`, seen as N rows of C channels.
 *
 * Bindings: `x`, `moments` [2, C], `gamma` [C], `beta` [C], `dy`, `totals` [2, C] as each program names them (read),
 * `result` (read and write). Channels are read in fours where C allows, so neighbouring invocations read
 * neighbouring memory. Reductions run in two programs, as there is no sum across workgroups: the first gives every
 * invocation one channel (or four) and a stretch of rows, the second joins the stretches. Workgroups of 64.
 *
 * @see Ioffe and Szegedy, ICML 2015; Chan, Golub, LeVeque 1979 for joining variances.
 * @module
 */

import { type Shape, sizeOf } from "../../shape.ts";
import {
  componentsFor,
  elementType,
  float,
  loopTurns,
  stretchOf,
  type Tuning,
  type WgslProgram,
} from "./wgsl.ts";

/** What normalization needs to know of its input. */
interface Rows {
  rows: number;
  /** Elements (of `components` channels) in a row. */
  width: number;
  components: 1 | 4;
  type: string;
  /** Stretches of rows in a reduction, and their length. */
  parts: number;
  stretch: number;
}

function rowsOf(shape: Shape, tuning: Tuning): Rows {
  const channels = shape[shape.length - 1];
  const rows = sizeOf(shape) / channels;
  const components = componentsFor(channels);
  const width = channels / components;
  const wanted = Math.ceil(tuning.reductionGroups * 64 / width);
  const stretch = stretchOf(rows, Math.min(wanted, Math.ceil(rows / 32), 512), 2);
  return {
    rows,
    width,
    components,
    type: elementType(components),
    parts: Math.ceil(rows / stretch),
    stretch,
  };
}

/** Mean and sum of squared deviations of each stretch of rows, `[parts, 2, C]`. */
export function momentPartsProgram(shape: Shape, tuning: Tuning): WgslProgram & { parts: number } {
  const { rows, width, components, type, parts, stretch } = rowsOf(shape, tuning);
  return {
    parts,
    inputs: [{ name: "x", components }],
    shape: [parts, 2, width * components],
    components,
    invocations: parts * width,
    turns: 2 * loopTurns(stretch),
    body: `
      let channel = index % ${width}; let part = index / ${width};
      let first = part * ${stretch}; let last = min(first + ${stretch}, ${rows});
      var sum = ${type}(0.0);
      for (var row = first; row < last; row++) { sum += x[row * ${width} + channel]; }
      let mean = sum / f32(last - first);
      var squares = ${type}(0.0);
      for (var row = first; row < last; row++) { let d = x[row * ${width} + channel] - mean; squares += d * d; }
      result[part * ${2 * width} + channel] = mean;
      result[part * ${2 * width} + ${width} + channel] = squares;`,
  };
}

/** Mean and biased variance of all rows from those of the stretches. */
export function joinMomentsProgram(shape: Shape, tuning: Tuning): WgslProgram {
  const { rows, width, components, type, parts, stretch } = rowsOf(shape, tuning);
  const count = `f32(min(${stretch}, ${rows} - part * ${stretch}))`;
  return {
    inputs: [{ name: "partial", components }],
    shape: [2, width * components],
    components,
    invocations: width,
    turns: 2 * loopTurns(parts),
    body: `
      var sum = ${type}(0.0);
      for (var part = 0; part < ${parts}; part++) { sum += ${count} * partial[part * ${2 * width} + index]; }
      let mean = sum / ${float(rows)};
      var squares = ${type}(0.0);
      for (var part = 0; part < ${parts}; part++) {
        let d = partial[part * ${2 * width} + index] - mean;
        squares += partial[part * ${2 * width} + ${width} + index] + ${count} * d * d;
      }
      result[index] = mean;
      result[${width} + index] = squares / ${float(rows)};`,
  };
}

/** Options of the normalization itself. */
interface Normalization {
  epsilon: number;
  relu: boolean;
}

const normalized = (width: number, { epsilon }: Normalization) => `
      let scale = 1.0 / sqrt(moments[${width} + channel] + ${float(epsilon)});
      let unit = (value - moments[channel]) * scale;
      let y = gamma[channel] * unit + beta[channel];`;

/** `dy` where the ReLU, if there is one, let pass. */
const passing = (type: string, dy: string, { relu }: Normalization) =>
  relu ? `select(${type}(0.0), ${dy}, y > ${type}(0.0))` : dy;

/** `gamma · (x − mean) / √(variance + epsilon) + beta`, then ReLU if asked; NaN stays NaN. */
export function batchNormProgram(shape: Shape, options: Normalization, tuning: Tuning): WgslProgram {
  const { rows, width, components, type } = rowsOf(shape, tuning);
  const y = options.relu ? `select(y, ${type}(0.0), y <= ${type}(0.0))` : "y";
  return {
    inputs: ["x", "moments", "gamma", "beta"].map((name) => ({ name, components })),
    shape,
    components,
    invocations: rows * width,
    turns: 0,
    body: `
      let channel = index % ${width}; let value = x[index];${normalized(width, options)}
      result[index] = ${y};`,
  };
}

/** Sums of `dy · x̂` and `dy` over each stretch of rows, `[parts, 2, C]`; `dy` counts where the ReLU let pass. */
export function parameterGradientPartsProgram(
  shape: Shape,
  options: Normalization,
  tuning: Tuning,
): WgslProgram & { parts: number } {
  const { rows, width, components, type, parts, stretch } = rowsOf(shape, tuning);
  return {
    parts,
    inputs: ["x", "moments", "gamma", "beta", "dy"].map((name) => ({ name, components })),
    shape: [parts, 2, width * components],
    components,
    invocations: parts * width,
    turns: loopTurns(stretch),
    body: `
      let channel = index % ${width}; let part = index / ${width};
      let first = part * ${stretch}; let last = min(first + ${stretch}, ${rows});
      var products = ${type}(0.0); var sum = ${type}(0.0);
      for (var row = first; row < last; row++) {
        let value = x[row * ${width} + channel];${normalized(width, options)}
        let passed = ${passing(type, `dy[row * ${width} + channel]`, options)};
        products += passed * unit; sum += passed;
      }
      result[part * ${2 * width} + channel] = products;
      result[part * ${2 * width} + ${width} + channel] = sum;`,
  };
}

/** Total gradient for x: `gamma / √(v + ε) · (dy − (Σ dy + x̂ Σ dy x̂) / N)`; `totals` holds the sums. */
export function inputGradientProgram(shape: Shape, options: Normalization, tuning: Tuning): WgslProgram {
  const { rows, width, components, type } = rowsOf(shape, tuning);
  return {
    inputs: ["x", "moments", "gamma", "beta", "dy", "totals"].map((name) => ({ name, components })),
    shape,
    components,
    invocations: rows * width,
    turns: 0,
    body: `
      let channel = index % ${width}; let value = x[index];${normalized(width, options)}
      let passed = ${passing(type, "dy[index]", options)};
      let mean = (totals[${width} + channel] + unit * totals[channel]) / ${float(rows)};
      result[index] = gamma[channel] * scale * (passed - mean);`,
  };
}
