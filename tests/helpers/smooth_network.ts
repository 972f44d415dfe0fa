/**
 * Networks without corners, whose gradients rounding cannot move far.
 *
 * A rectifier's slope jumps where its input is 0. Two devices that round differently part there, by a percent of a
 * gradient in a ResNet-18 (as does one device whose parameters are moved by a rounding each; EXPERIMENTS.md), which
 * hides a wrong kernel of that size. With a smooth function in its place they agree to about 1e-5.
 *
 * @module
 */

import type { TrainingGraph } from "../../lib/tensor/executor.ts";
import { multiply, type Node, sigmoid } from "../../lib/tensor/graph.ts";
import { node } from "../../lib/tensor/operation.ts";

/** The training step with `x · sigmoid(x)` in place of every `max(x, 0)`. */
export function smoothed(graph: TrainingGraph): TrainingGraph {
  const smooth = smoother();
  const { objective, outputs, stateUpdates, recomputed } = graph;
  return {
    ...graph,
    objective: smooth(objective),
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, smooth(value)])),
    stateUpdates: stateUpdates.map(({ parameter, value }) => ({ parameter, value: smooth(value) })),
    recomputed: recomputed?.map(smooth),
  };
}

/** Rewrites nodes; what several of them are computed from stays shared. */
function smoother(): (node: Node) => Node {
  const done = new Map<Node, Node>();
  const smooth = (old: Node): Node => {
    const known = done.get(old);
    if (known) return known;
    const { operation, inputs, shape } = old;
    const changed = inputs.map(smooth);
    const copy = changed.every((one, i) => one === inputs[i]) ? old : node(operation, changed, shape);
    const rewritten = rectified(copy) ?? copy;
    done.set(old, rewritten);
    return rewritten;
  };
  return smooth;
}

/** What stands in place of a rectifier, of its own or behind a batch normalization. */
function rectified({ operation, inputs, shape }: Node): Node | undefined {
  if (operation.kind === "unary" && operation.function === "relu") return swish(inputs[0]);
  if (operation.kind !== "batchNorm" || !operation.relu) return undefined;
  return swish(node({ ...operation, relu: false }, inputs, shape));
}

const swish = (x: Node): Node => multiply(x, sigmoid(x));
