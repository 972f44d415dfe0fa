/**
 * Where parameters, gradients and results lie: areas whose layout is fixed before anything is compiled.
 *
 * Gradients and new values of the state lie at the same offsets as the parameters that they change, so that one pass
 * over both areas updates everything. A gradient that is part of a larger value (gamma's and beta's come from one
 * reduction) is not copied: the parameters lie as it does.
 *
 * @module
 */

import { type Shape, sizeOf } from "../../shape.ts";
import { affine, type Node, type ParameterNode } from "../graph.ts";
import { isGiven } from "./elementwise.ts";
import { labelOf } from "./kernel_code.ts";
import { aligned, alignment, type Area, type Value } from "./value.ts";

/** A parameter's place in the areas of weights and of gradients. */
export interface ParameterPlace {
  /** As in the graph. */
  shape: Shape;
  /** In elements. */
  offset: number;
}

/** A trained parameter and its gradient. */
export interface TrainedNode {
  /** The parameter. */
  node: ParameterNode;
  /** Of the objective. */
  gradient: Node;
}

/** The areas, filled one after another. */
export class Layout {
  /** Values with fixed places, by the node that computes them. */
  readonly targets = new Map<Node, Value>();
  /** By name. */
  readonly parameters = new Map<string, ParameterPlace>();
  /** Where each named result begins. */
  readonly results = new Map<string, ParameterPlace>();
  /** Elements in use. */
  readonly sizes: Record<Area, number> = {
    weights: 0,
    gradients: 0,
    moment1: 0,
    moment2: 0,
    settings: alignment,
    results: alignment,
  };

  /** Adds trained parameters, whose gradients are computed in place. */
  addTrained(trained: readonly TrainedNode[]): void {
    const bySource = Map.groupBy(trained, ({ gradient }) => viewOf(gradient).source);
    for (const [source, members] of bySource) {
      if (this.#tiles(source, members)) {
        const offset = this.#reserve(source, source);
        for (const { node, gradient } of members) this.#place(node, offset + viewOf(gradient).offset);
      } else {
        for (const { node, gradient } of members) {
          this.#place(node, this.#reserve(affine(gradient, 1), gradient));
        }
      }
    }
  }

  /** Whether the parameters' gradients make up the whole of the source, without gap or overlap. */
  #tiles(source: Node, members: readonly TrainedNode[]): boolean {
    if (isGiven(source) || this.targets.has(source)) return false;
    let end = 0;
    const views = members.map(({ gradient }) => ({ ...viewOf(gradient), size: sizeOf(gradient.shape) }));
    for (const { offset, size } of views.sort((a, b) => a.offset - b.offset)) {
      if (offset !== end) return false;
      end += size;
    }
    return end === sizeOf(source.shape);
  }

  /** Room for a node's value among the gradients. */
  #reserve(node: Node, named: Node): number {
    const offset = this.sizes.gradients;
    const size = sizeOf(node.shape);
    this.targets.set(node, {
      label: labelOf(named),
      size,
      place: { kind: "area", area: "gradients", offset },
    });
    this.sizes.gradients = this.sizes.weights = aligned(offset + size);
    return offset;
  }

  #place({ operation, shape }: ParameterNode, offset: number): void {
    this.parameters.set(operation.name, { shape, offset });
  }

  /** Adds parameters that get a new value by rule. */
  addState(node: ParameterNode, value: Node): void {
    const { source } = viewOf(value);
    const isOwn = sizeOf(source.shape) === sizeOf(node.shape) && !isGiven(source) &&
      !this.targets.has(source);
    this.#place(node, this.#reserve(isOwn ? source : affine(value, 1), value));
  }

  /** Adds parameters that nothing changes. */
  addFixed(node: ParameterNode): void {
    this.#place(node, this.sizes.weights);
    this.sizes.weights = aligned(this.sizes.weights + sizeOf(node.shape));
  }

  /** Adds a value that is read back. */
  addResult(name: string, node: Node): void {
    const offset = this.sizes.results;
    const { source } = viewOf(node);
    const size = sizeOf(node.shape);
    const isOwn = sizeOf(source.shape) === size && !isGiven(source) && !this.targets.has(source);
    const target = isOwn ? source : affine(node, 1);
    this.targets.set(target, {
      label: labelOf(node),
      size,
      place: { kind: "area", area: "results", offset },
    });
    this.results.set(name, { shape: node.shape, offset });
    this.sizes.results = aligned(offset + size);
  }
}

/** The node whose memory a node's elements are a stretch of, and where that stretch begins. */
function viewOf(node: Node): { source: Node; offset: number } {
  let source = node;
  let offset = 0;
  for (;;) {
    const { operation, inputs, shape } = source;
    if (operation.kind === "slice" && isContiguous(shape, inputs[0].shape)) {
      let stride = 1;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        offset += operation.begin[axis] * stride;
        stride *= inputs[0].shape[axis];
      }
    } else if (operation.kind !== "reshape" && operation.kind !== "stopGradient") return { source, offset };
    [source] = inputs;
  }
}

/** Whether a box inside a shape is one stretch of memory: after its first axis that is not 1 it is as wide as that. */
function isContiguous(box: Shape, shape: Shape): boolean {
  const first = box.findIndex((size) => size !== 1);
  return first < 0 || box.every((size, axis) => axis <= first || size === shape[axis]);
}
