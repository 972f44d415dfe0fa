/**
 * WGSL of the optimizer: all parameters in one pass, with clipping by the global norm and the check that everything
 * is finite, decided on the device so that the processor need not wait.
 *
 * The first kernel gives each of 4096 lanes a share of the squares, the second (one workgroup of 64, whose lanes
 * meet at a barrier) joins them and decides, the third updates. NaN and infinity are found by their exponent bits,
 * as WGSL lets compilers assume that neither exists.
 *
 * @module
 */

import type { OptimizerRule } from "../executor.ts";
import { float, loopTurns, type Reader, type WgslKernel } from "./wgsl.ts";

/** Lanes that sum squares, and the partial sums that they leave. */
export const squareLanes = 4096;

/** Where a step's numbers lie at the start of the results. */
export const control = { norm: 0, applied: 1, scale: 2, canary: 3, halted: 4 } as const;

/** Where a step's settings lie: learning rate, rate / (1 − beta1^t), 1 / (1 − beta2^t), the canary, 1 to go on. */
export const setting = { learningRate: 0, rate: 1, correction: 2, canary: 3, resume: 4 } as const;

/** Sums of squares of `size` gradients, read in fours. */
export function squaresKernel(
  size: number,
  { gradients, partial }: { gradients: Reader; partial: Reader },
): WgslKernel {
  return {
    invocations: squareLanes,
    turns: loopTurns(Math.ceil(size / 4 / squareLanes)),
    body: `
  var sum = vec4<f32>();
  for (var i = index; i < ${size / 4}; i += ${squareLanes}) { let g = ${gradients("i")}; sum += g * g; }
  ${partial("index")} = (sum.x + sum.y) + (sum.z + sum.w);`,
  };
}

/**
 * Whether the step is taken, and how gradients are scaled. Steps after one that was not finite are not taken either,
 * until the settings say that the host knows: so the state stays that of the last whole step.
 */
export function decisionKernel(
  clipNorm: number,
  objectiveAt: number,
  { partial, results, settings }: { partial: Reader; results: Reader; settings: Reader },
): WgslKernel {
  const at = (place: keyof typeof control) => results(String(control[place]));
  const limit = Number.isFinite(clipNorm) ? float(clipNorm) : undefined;
  return {
    invocations: 64,
    turns: loopTurns(squareLanes / 64) + loopTurns(64),
    declarations: `
var<workgroup> sums: array<f32, 64>;
fn isFinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }`,
    body: `
  var sum = 0.0;
  for (var i = lane; i < ${squareLanes}; i += 64) { sum += ${partial("i")}; }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane > 0) { return; }
  var total = 0.0;
  for (var i = 0; i < 64; i++) { total += sums[i]; }
  let norm = sqrt(total);
  let halted = ${at("halted")} == 1.0 && ${settings(String(setting.resume))} == 0.0;
  let applied = !halted && isFinite(total) && isFinite(${results(String(objectiveAt))});
  ${at("norm")} = norm;
  ${at("applied")} = select(0.0, 1.0, applied);
  ${at("scale")} = ${limit ? `select(1.0, ${limit} / norm, norm > ${limit})` : "1.0"};
  ${at("canary")} = ${settings(String(setting.canary))};
  ${at("halted")} = select(1.0, 0.0, applied);`,
  };
}

/** Where the areas' kinds of parameters end: those that decay come first, then the other trained ones, then states. */
export interface UpdateEnds {
  /** Of the parameters whose weights decay. */
  decayed: number;
  /** Of all trained parameters. */
  trained: number;
  /** Of the parameters that get a new value by rule. */
  states: number;
}

/** One step of the rule for all trained parameters, in fours; states take their new values. */
export function updateKernel(
  rule: OptimizerRule,
  ends: UpdateEnds,
  { results, settings, gradients, weights, moments }: {
    results: Reader;
    settings: Reader;
    gradients: Reader;
    weights: Reader;
    moments: readonly Reader[];
  },
): WgslKernel {
  const at = (place: keyof typeof setting) => settings(String(setting[place]));
  const first = moments[0]("index");
  const g = `g`;
  const trained = rule.kind === "sgd"
    ? `
  ${first} = ${float(rule.momentum)} * ${first} + ${g} + decay * w;
  ${weights("index")} = w - ${at("learningRate")} * ${first};`
    : `
  let second = ${float(rule.beta2)} * ${moments[1]("index")} + ${float(1 - rule.beta2)} * ${g} * ${g};
  ${first} = ${float(rule.beta1)} * ${first} + ${float(1 - rule.beta1)} * ${g};
  ${moments[1]("index")} = second;
  ${weights("index")} = w * (1.0 - ${at("learningRate")} * decay) -
    ${at("rate")} * ${first} / (sqrt(second * ${at("correction")}) + ${float(rule.epsilon)});`;
  return {
    invocations: ends.states / 4,
    turns: 0,
    body: `
  if (${results(String(control.applied))} == 0.0) { return; }
  if (index >= ${ends.trained / 4}) { ${weights("index")} = ${gradients("index")}; return; }
  let g = ${gradients("index")} * ${results(String(control.scale))};
  let w = ${weights("index")};
  let decay = select(0.0, ${float(rule.weightDecay)}, index < ${ends.decayed / 4});${trained}`,
  };
}
