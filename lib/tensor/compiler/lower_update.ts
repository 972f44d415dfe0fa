/**
 * The optimizer's pass as dispatches over the areas of parameters, gradients and moments.
 *
 * @module
 */

import type { OptimizerRule } from "../executor.ts";
import {
  decisionKernel,
  squareLanes,
  squaresKernel,
  type UpdateEnds,
  updateKernel,
} from "../kernels/wgsl_update.ts";
import type { Components } from "../kernels/wgsl.ts";
import { KernelCode } from "./kernel_code.ts";
import type { Area, Dispatch, Value } from "./value.ts";

/** What is updated, and how. */
export interface UpdateTask {
  /** How parameters change. */
  rule: OptimizerRule;
  /** Largest global norm of the gradients. */
  clipNorm: number;
  /** Kinds of parameters in the areas. */
  ends: UpdateEnds;
  /** Elements of the areas. */
  sizes: Readonly<Record<Area, number>>;
  /** Where the objective lies among the results. */
  objectiveAt: number;
}

/** Three dispatches: the norm's parts, the decision, the update. */
export function lowerUpdate(task: UpdateTask): Dispatch[] {
  const area = (name: Area): Value => ({
    label: `the ${name} of the optimizer`,
    size: task.sizes[name],
    place: { kind: "area", area: name, offset: 0 },
  });
  const [weights, gradients, results, settings] = (["weights", "gradients", "results", "settings"] as const)
    .map(area);
  const moments = (task.rule.kind === "sgd" ? ["moment1"] as const : ["moment1", "moment2"] as const).map(
    area,
  );
  const partial: Value = { label: "the gradient norm", size: squareLanes };
  const program = () => {
    const code = new KernelCode({ stores: [] }, () => undefined);
    return {
      code,
      read: (value: Value, components: Components) => code.valueReader(value, components),
      change: (value: Value, components: Components) => code.valueReference(value, components),
    };
  };
  const [squares, decision, update] = [program(), program(), program()];
  return [
    squares.code.dispatch(
      squaresKernel(task.ends.trained, {
        gradients: squares.read(gradients, 4),
        partial: squares.change(partial, 1),
      }),
      "the gradient norm",
    ),
    decision.code.dispatch(
      decisionKernel(task.clipNorm, task.objectiveAt, {
        partial: decision.read(partial, 1),
        results: decision.change(results, 1),
        settings: decision.read(settings, 1),
      }),
      "the gradient norm",
    ),
    update.code.dispatch(
      updateKernel(task.rule, task.ends, {
        results: update.read(results, 1),
        settings: update.read(settings, 1),
        gradients: update.read(gradients, 4),
        weights: update.change(weights, 4),
        moments: moments.map((moment) => update.change(moment, 4)),
      }),
      "the update",
    ),
  ];
}
