/**
 * The optimizer on host memory.
 *
 * @module
 */

import type { OptimizerRule, StepSettings } from "../executor.ts";
import type { HostMemory } from "./host_memory.ts";
import type { TrainedParameter, Update, UpdateInputs, UpdateTask } from "./tensor_device.ts";

/** Lets no step be taken after a deferred one that was not finite, so that the state stays that of the last whole step. */
export class StepGate {
  #isHalted = false;

  /** Whether a step is taken. */
  admits(isFinite: boolean, { deferred = false }: StepSettings): boolean {
    const isTaken = isFinite && !this.#isHalted;
    this.#isHalted = deferred && !isTaken;
    return isTaken;
  }

  /** Opens it: the results of all steps are known. */
  settle(): void {
    this.#isHalted = false;
  }
}

/** Makes an optimizer step ready on host memory. */
export function compileHostUpdate(task: UpdateTask, memory: HostMemory): Update {
  const gate = new StepGate();
  return {
    run(inputs) {
      const norm = globalNorm(inputs, memory);
      const isFinite = Number.isFinite(norm) && Number.isFinite(memory.view(inputs.objective)[0]);
      const applied = gate.admits(isFinite, inputs.settings);
      if (applied) apply(task, inputs, norm, memory);
      const control = memory.allocate([2]);
      memory.view(control).set([norm, applied ? 1 : 0]);
      return control;
    },
    settle: () => gate.settle(),
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
    const arrays: Arrays = {
      weights: memory.view(parameter.handle),
      gradient: memory.view(inputs.gradients[i]),
      moments: parameter.moments.map((moment) => memory.view(moment)),
    };
    updateValues(task.rule, arrays, parameter, scale, inputs.settings);
  });
  task.states.forEach((state, i) => memory.view(state.handle).set(memory.view(inputs.stateValues[i])));
}

interface Arrays {
  weights: Float32Array;
  gradient: Float32Array;
  moments: Float32Array[];
}

function updateValues(
  rule: OptimizerRule,
  { weights, gradient, moments }: Arrays,
  { decay }: TrainedParameter,
  scale: number,
  { learningRate, step }: StepSettings,
): void {
  const size = weights.length;
  const weightDecay = rule.weightDecay * decay;
  if (rule.kind === "sgd") {
    const [momentum] = moments;
    for (let i = 0; i < size; i++) {
      momentum[i] = rule.momentum * momentum[i] + scale * gradient[i] + weightDecay * weights[i];
      weights[i] = weights[i] - learningRate * momentum[i];
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
    weights[i] = weights[i] * (1 - learningRate * weightDecay) -
      rate * first[i] / (Math.sqrt(second[i] * correction) + epsilon);
  }
}
