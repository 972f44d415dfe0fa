/**
 * The optimizer on WebAssembly.
 *
 * @module
 */

import { sizeOf } from "../../shape.ts";
import type { OptimizerRule, StepSettings } from "../executor.ts";
import { squareSums, unitVectors } from "../kernels/wasm_elementwise.ts";
import { adamwUpdate, sgdUpdate } from "../kernels/wasm_update.ts";
import { StepGate } from "./host_update.ts";
import type { Handle, TrainedParameter, Update, UpdateTask } from "./tensor_device.ts";
import type { WasmEngine, WasmJob } from "./wasm_engine.ts";

/** Makes an optimizer step ready on WebAssembly. */
export function compileWasmUpdate(task: UpdateTask, engine: WasmEngine): Update {
  const { memory } = engine;
  const { rule, clipNorm, parameters, states } = task;
  const kernel = rule.kind === "sgd"
    ? engine.kernel("sgdUpdate", sgdUpdate)
    : engine.kernel("adamwUpdate", adamwUpdate);
  const apply = (parameter: TrainedParameter, gradient: Handle, scale: number, settings: StepSettings) => {
    const values = ruleNumbers(rule, rule.weightDecay * parameter.decay, scale, settings);
    const numbers = memory.allocate([values.length]);
    memory.view(numbers).set(values);
    const { job, vectors } = workOn(parameter.handle);
    const arrays = [numbers, parameter.handle, gradient, ...parameter.moments];
    engine.run(kernel, job, vectors, ...arrays.map((array) => memory.addressOf(array)));
    memory.release(numbers);
  };
  const gate = new StepGate();
  return {
    run({ objective, gradients, stateValues, settings }) {
      const norm = Math.sqrt(gradients.reduce((sum, gradient) => sum + squareSum(gradient, engine), 0));
      const isFinite = Number.isFinite(norm) && Number.isFinite(memory.view(objective)[0]);
      const applied = gate.admits(isFinite, settings);
      if (applied) {
        const scale = norm > clipNorm ? clipNorm / norm : 1;
        parameters.forEach((parameter, i) => apply(parameter, gradients[i], scale, settings));
        states.forEach((state, i) => memory.view(state.handle).set(memory.view(stateValues[i])));
      }
      const control = memory.allocate([2]);
      memory.view(control).set([norm, applied ? 1 : 0]);
      return control;
    },
    settle: () => gate.settle(),
    dispose() {},
  };
}

/** The kernels' numbers, in their order. */
function ruleNumbers(rule: OptimizerRule, decay: number, scale: number, settings: StepSettings): number[] {
  const { learningRate, step } = settings;
  if (rule.kind === "sgd") return [scale, decay, rule.momentum, -learningRate];
  const { beta1, beta2, epsilon } = rule;
  const rate = learningRate / (1 - beta1 ** (step + 1));
  const correction = 1 / (1 - beta2 ** (step + 1));
  const keep = 1 - learningRate * decay;
  return [scale, beta1, 1 - beta1, beta2, 1 - beta2, keep, -rate, correction, epsilon];
}

/** All vectors of a tensor, the last of which may reach beyond it. */
function workOn({ shape }: Handle): { vectors: number; job: WasmJob } {
  const vectors = Math.ceil(sizeOf(shape) / 4);
  return { vectors, job: { units: Math.ceil(vectors / unitVectors), cost: 8 * vectors } };
}

/** Σ x² of a tensor, in the same order on any number of threads. */
function squareSum(x: Handle, engine: WasmEngine): number {
  const { memory } = engine;
  const size = sizeOf(x.shape);
  const vectors = Math.floor(size / 4);
  const units = Math.ceil(vectors / unitVectors);
  const sums = memory.allocate([4 * units]);
  const address = memory.addressOf(sums);
  const kernel = engine.kernel("squareSums", squareSums);
  engine.run(kernel, { units, cost: 4 * vectors }, vectors, memory.addressOf(x), address);
  let sum = new Float64Array(memory.memory.buffer, address, 2 * units).reduce(
    (total, part) => total + part,
    0,
  );
  for (const value of memory.view(x).subarray(4 * vectors)) sum += value * value;
  memory.release(sums);
  return sum;
}
