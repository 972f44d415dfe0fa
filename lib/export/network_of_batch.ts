/**
 * Networks whose number of rows is left open.
 *
 * Our graphs have static shapes; most other formats want the batch to be a variable. A network is therefore given as a
 * function of the batch: built for two sizes, whatever differs between the two is the batch.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { type Node, topologicalOrder } from "../tensor/graph.ts";

/** Builds a network for `batch` rows: outputs by name. */
export type NetworkOfBatch = (batch: number) => Readonly<Record<string, Node>>;

/** A network built for some number of rows, and where that number shows. */
export interface OpenBatch {
  /** Outputs by name. */
  outputs: Readonly<Record<string, Node>>;
  /** Every node the outputs depend on, inputs before users. */
  order: readonly Node[];
  /** Whether the size of an axis of a node of {@linkcode OpenBatch.order} follows the batch. */
  isOpen(node: Node, axis: number): boolean;
}

/** Neither is 1, which broadcasts. */
const [someRows, otherRows] = [2, 3];

/**
 * Finds the axes that follow the batch.
 *
 * @throws SonospeechError `input` when more than shapes depends on the batch: such a network works for one batch only.
 */
export function openBatch(build: NetworkOfBatch): OpenBatch {
  const outputs = build(someRows);
  const order = topologicalOrder(Object.values(outputs));
  const others = topologicalOrder(Object.values(build(otherRows)));
  const twins = new Map(order.map((node, i) => [node, others[i]]));
  const odd = order.find((node) => JSON.stringify(node.operation) !== operationOf(twins.get(node)));
  if (odd || others.length !== order.length) {
    throw new SonospeechError("input", {
      action: "export the network",
      must: "nothing but shapes may depend on the number of rows",
      received: odd?.operation ?? `${order.length} and ${others.length} operations`,
    });
  }
  return { outputs, order, isOpen: (node, axis) => node.shape[axis] !== twins.get(node)!.shape[axis] };
}

function operationOf(node: Node | undefined): string | undefined {
  return node && JSON.stringify(node.operation);
}
