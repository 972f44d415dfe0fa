/**
 * The optimizer on host memory.
 *
 * @module
 */

import type { OptimizerRule, StepSettings } from "../executor.ts";
import type { HostMemory } from "./host_memory.ts";
import type { TrainedParameter, Update, UpdateInputs, UpdateTask } from "./tensor_device.ts";

/** Makes an optimizer step ready on host memory. */
export function compileHostUpdate(task: UpdateTask, memory: HostMemory): Update {
  return {
    run(inputs) {
      const norm = globalNorm(inputs, memory);
      const applied = Number.isFinite(norm) && Number.isFinite(memory.view(inputs.objective)[0]);
      if (applied) apply(task, inputs, norm, memory);
      const control = memory.allocate([2]);
      memory.view(control).set([norm, applied ? 1 : 0]);
      return control;
    },
    dispose() {},
  };
}

function globalNorm({ gradients }: UpdateInputs, memory: HostMemory): number {
  let sum = 0;
  for (const gradient of gradients) {
    const values = memory.view(gradient);
    for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  }
  return Math.sqrt(sum);
}

function apply(task: UpdateTask, inputs: UpdateInputs, norm: number, memory: HostMemory): void {
  const scale = norm > task.clipNorm ? task.clipNorm / norm : 1;
  task.parameters.forEach((parameter, i) => {
    // tfjs keeps a packed copy of filters by tensor, so new values need a new tensor.
    const updated = memory.allocate(parameter.handle.shape);
    const arrays: Arrays = {
      out: memory.view(updated),
      weights: memory.view(parameter.handle),
      gradient: memory.view(inputs.gradients[i]),
      moments: parameter.moments.map((moment) => memory.view(moment)),
    };
    updateValues(task.rule, arrays, parameter, scale, inputs.settings);
    memory.release(parameter.handle);
    parameter.handle = updated;
  });
  task.states.forEach((state, i) => {
    const updated = memory.allocate(state.handle.shape);
    memory.view(updated).set(memory.view(inputs.stateValues[i]));
    memory.release(state.handle);
    state.handle = updated;
  });
}

interface Arrays {
  out: Float32Array;
  weights: Float32Array;
  gradient: Float32Array;
  moments: Float32Array[];
}

function updateValues(
  rule: OptimizerRule,
  { out, weights, gradient, moments }: Arrays,
  { decay }: TrainedParameter,
  scale: number,
  { learningRate, step }: StepSettings,
): void {
  const size = out.length;
  const weightDecay = rule.weightDecay * decay;
  if (rule.kind === "sgd") {
    const [momentum] = moments;
    for (let i = 0; i < size; i++) {
      momentum[i] = rule.momentum * momentum[i] + scale * gradient[i] + weightDecay * weights[i];
      out[i] = weights[i] - learningRate * momentum[i];
    }
    return;
  }
  const [first, second] = moments;
  const { beta1, beta2, epsilon } = rule;
  const rate = learningRate / (1 - beta1 ** (step + 1));
  const correction = 1 / (1 - beta2 ** (step + 1));
  for (let i = 0; i < size; i++) {
    const g = scale * gradient[i];
    first[i] = beta1 * first[i] + (1 - beta1) * g;
    second[i] = beta2 * second[i] + (1 - beta2) * g * g;
    out[i] = weights[i] * (1 - learningRate * weightDecay) -
      rate * first[i] / (Math.sqrt(second[i] * correction) + epsilon);
  }
}
