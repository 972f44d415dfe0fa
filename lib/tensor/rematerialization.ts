/**
 * Gradients for which parts of the forward pass are computed a second time, so that what the backward pass needs of
 * them never lies in memory all at once.
 *
 * A graph that encodes a batch chunk by chunk and names the chunks' features is thereby trained as if on the whole batch
 * at once, in the memory of one chunk: the objective sees all features, its gradients for them are computed first, and
 * then each chunk is encoded again and passes its share back. Nothing but nodes is made: executors need no notion of it
 * but the order.
 *
 * @see Gao et al., Scaling deep contrastive learning batch size under memory limited setup, RepL4NLP 2021, arXiv
 * 2101.06983 (GradCache); Chen et al., Training deep nets with sublinear memory cost, arXiv 1604.06174.
 * @module
 */

import { gradients } from "./autodiff.ts";
import { add, type Node, topologicalOrder } from "./graph.ts";
import { node as makeNode } from "./operation.ts";

/** Gradients, and how to come by them in little memory. */
export interface OrderedGradients {
  /** One for each node that was asked for, in their order. */
  gradients: Node[];
  /** What to compute first, one after another; empty when nothing is recomputed. */
  order: Node[];
  /** Sums in that order that must be stored when they come up, or all their terms would be kept. */
  sums: Node[];
  /** What `recomputed` is when it is computed again. */
  copies: Node[];
}

/**
 * Gradients of a scalar as `gradients()` has them.
 *
 * @param recomputed Nodes that are computed again, with all they depend on, when their own gradients are known. None may
 * depend on another.
 * @throws RangeError as `gradients()`, and when one of `recomputed` depends on another.
 */
export function orderedGradients(
  objective: Node,
  wrt: readonly Node[],
  recomputed: readonly Node[] = [],
): OrderedGradients {
  if (recomputed.length === 0) {
    return { gradients: gradients(objective, wrt), order: [], sums: [], copies: [] };
  }
  const leaves = new Set(recomputed);
  assertIndependent(leaves);
  const found = gradients(objective, [...recomputed, ...wrt], { leaves });
  const seeds = found.slice(0, recomputed.length);
  const totals = found.slice(recomputed.length);
  const order = [...seeds];
  const sums: Node[] = [];
  const copies = recomputed.map(copyOf);
  copies.forEach((copy, k) => {
    gradients(copy, wrt, { seed: seeds[k] }).forEach((part, i) => {
      if (isZero(part)) return;
      if (isZero(totals[i])) totals[i] = part;
      else sums.push(totals[i] = add(totals[i], part));
      order.push(totals[i]);
    });
  });
  return { gradients: totals, order, sums, copies };
}

function assertIndependent(nodes: ReadonlySet<Node>): void {
  for (const node of nodes) {
    if (topologicalOrder([node]).some((one) => one !== node && nodes.has(one))) {
      throw new RangeError("Cannot differentiate: no node that is recomputed may depend on another");
    }
  }
}

/** The node and all it is computed from as new nodes; inputs, parameters and constants stay what they are. */
function copyOf(root: Node): Node {
  const copies = new Map<Node, Node>();
  for (const node of topologicalOrder([root])) {
    const { operation, inputs, shape } = node;
    const isGiven = inputs.length === 0;
    copies.set(node, isGiven ? node : makeNode(operation, inputs.map((one) => copies.get(one)!), shape));
  }
  return copies.get(root)!;
}

/** What `gradients()` gives where nothing depends on a node. */
function isZero({ operation }: Node): boolean {
  return operation.kind === "constant" && operation.value === 0;
}
