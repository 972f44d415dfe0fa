/**
 * What a network's layers share while its graph is built: parameters by name, the mode, updates of running state.
 *
 * @module
 */

import { add, affine, type Node, parameter, type ParameterInfo } from "../tensor/graph.ts";
import { sameShape, type Shape } from "../shape.ts";

/** Whether batch normalization uses the batch's moments (and updates the running ones) or the running ones. */
export type NetworkMode = "train" | "inference";

/** A parameter that the step updates by rule, and its next value. */
export interface StateUpdate {
  /** The running state. */
  parameter: Node;
  /** Its value after the step, of its shape. */
  value: Node;
}

/** How a network's layers behave. */
export interface NetworkOptions {
  /** Training or at work. */
  mode: NetworkMode;
  /** Share of the old value kept by the running moments at each step, 0 to 1. */
  batchNormMomentum: number;
}

/**
 * A place in a network under construction: `scope("stage1").parameter("weight", …)` is named `stage1.weight`.
 *
 * A name stands for one node however often it is asked for, so a layer that is applied twice shares its weights.
 * Names do not depend on the mode: the values that training wrote fit the inference graph.
 */
export interface NetworkContext {
  /** The mode that every layer of the network follows. */
  readonly mode: NetworkMode;
  /** The same network, one name further down. */
  scope(name: string): NetworkContext;
  /** The parameter of this name below this place. @throws RangeError when it was built with another shape. */
  parameter(name: string, info: Omit<ParameterInfo, "name">, shape: Shape): Node;
  /**
   * Moves running state toward a value: `momentum · running + (1 − momentum) · value`. Calls for one parameter are parts
   * of one batch: the value is then their mean, weighted by rows.
   */
  updateRunning(running: Node, value: Node, rows: number): void;
  /** All updates so far, in the order of their parameters' first use. */
  stateUpdates(): StateUpdate[];
}

/** An empty network. */
export function createNetworkContext({ mode, batchNormMomentum }: NetworkOptions): NetworkContext {
  const parameters = new Map<string, Node>();
  const parts = new Map<Node, { value: Node; rows: number }[]>();

  function nextValue(running: Node): Node {
    const all = parts.get(running)!;
    const total = all.reduce((sum, { rows }) => sum + rows, 0);
    const moves = all.map(({ value, rows }) => affine(value, (1 - batchNormMomentum) * (rows / total)));
    return moves.reduce(add, affine(running, batchNormMomentum));
  }

  function at(prefix: string): NetworkContext {
    return {
      mode,
      scope: (name) => at(`${prefix}${name}.`),
      parameter(name, info, shape) {
        const full = prefix + name;
        const node = parameters.get(full) ?? parameter({ ...info, name: full }, shape);
        if (!sameShape(node.shape, shape)) {
          throw new RangeError(
            `Cannot build parameter ${full}: its shape must stay [${node.shape}], received [${shape}]`,
          );
        }
        parameters.set(full, node);
        return node;
      },
      updateRunning(running, value, rows) {
        const part = { value, rows };
        parts.set(running, [...parts.get(running) ?? [], part]);
      },
      stateUpdates: () =>
        [...parts.keys()].map((running) => ({ parameter: running, value: nextValue(running) })),
    };
  }
  return at("");
}
