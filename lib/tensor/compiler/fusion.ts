/**
 * Which nodes of a graph are stored, and which kernel computes them.
 *
 * Elementwise nodes cost nothing by themselves: they are written into the kernels that read them (as prologues) and
 * into the kernel whose result they are made of (as epilogues). A kernel is left for every reduction, product,
 * convolution or pooling, and for elementwise nodes that must lie in memory: what the program gives out, what
 * convolutions and products read many times, and what would be computed too often otherwise.
 *
 * @module
 */

import { sizeOf } from "../../shape.ts";
import { type Node, type Operation, topologicalOrder } from "../graph.ts";
import { comesInFours, isElementwise, isGiven, isLayout, keepsIndex } from "./elementwise.ts";

/** What one kernel computes, before it is cut into dispatches. */
export interface Kernel {
  /** The reduction, product, … it is built around; without one it is elementwise. */
  root?: Node;
  /** What it stores: the root, nodes made of the root's elements one by one, or elementwise nodes. */
  stores: readonly Node[];
}

/** A graph cut into kernels. */
export interface FusedGraph {
  /** In an order in which they can run. */
  kernels: readonly Kernel[];
  /** All that lies in memory besides what is given. */
  stored: ReadonlySet<Node>;
}

/** Values up to this many elements are computed again by each kernel that needs them. */
const cheapSize = 4096;

/** Operations whose operands are read so often that they must lie in memory. */
const readsMemory: readonly Operation["kind"][] = [
  "conv2d",
  "conv2dInputGradient",
  "conv2dFilterGradient",
  "matMul",
  "maxPool",
  "maxPoolGradient",
];

/** What a graph does not say by itself of how to run it in little memory. */
export interface Ordering {
  /** Nodes to compute before any other, one after another. */
  order: readonly Node[];
  /** Elementwise nodes that must be stored when they come up. */
  sums: readonly Node[];
}

/**
 * Cuts a graph into kernels.
 *
 * @param targets What must be stored: different nodes, none of them given.
 * @param maxBuffers How many buffers a kernel may use.
 */
export function fuse(targets: readonly Node[], maxBuffers: number, ordering?: Ordering): FusedGraph {
  return new Fusion(targets, maxBuffers, ordering).run();
}

class Fusion {
  readonly #targets: ReadonlySet<Node>;
  readonly #sums: ReadonlySet<Node>;
  readonly #maxBuffers: number;
  readonly #order: readonly Node[];
  readonly #consumers = new Map<Node, Node[]>();
  readonly #stored = new Set<Node>();
  /** The place in the order of the kernel that stores a node. */
  readonly #storedAt = new Map<Node, number>();

  constructor(
    targets: readonly Node[],
    maxBuffers: number,
    { order, sums }: Ordering = { order: [], sums: [] },
  ) {
    this.#targets = new Set(targets);
    this.#sums = new Set(sums);
    this.#maxBuffers = maxBuffers;
    this.#order = topologicalOrder([...order, ...targets]);
    for (const node of this.#order) {
      for (const input of new Set(node.inputs)) this.#consumersOf(input).push(node);
    }
  }

  #consumersOf(node: Node): Node[] {
    const found = this.#consumers.get(node);
    if (found) return found;
    const none: Node[] = [];
    this.#consumers.set(node, none);
    return none;
  }

  run(): FusedGraph {
    for (const node of this.#order) if (this.#mustStore(node)) this.#stored.add(node);
    for (const node of this.#order) this.#limitBuffers(node);
    const stores = new Map<number, Kernel>();
    const absorbed = new Set<Node>();
    this.#order.forEach((node, position) => {
      if (isGiven(node) || absorbed.has(node)) return;
      if (isElementwise(node)) {
        if (!this.#stored.has(node)) return;
        this.#storedAt.set(node, position);
        stores.set(position, { stores: [node] });
      } else {
        const kernel = { root: node, stores: this.#epilogue(node, position) };
        for (const one of kernel.stores) {
          absorbed.add(one);
          this.#storedAt.set(one, position);
        }
        stores.set(position, kernel);
      }
    });
    return { kernels: [...stores.values()], stored: this.#stored };
  }

  #mustStore(node: Node): boolean {
    if (isGiven(node)) return false;
    if (!isElementwise(node) || this.#targets.has(node) || this.#sums.has(node)) return true;
    if (this.#consumersOf(node).some(({ operation }) => readsMemory.includes(operation.kind))) return true;
    if (isLayout(node)) return false;
    const readers = this.#readers(node);
    const isShared = readers.length > 1 && sizeOf(node.shape) > cheapSize;
    const isStretched = readers.some(({ shape }) =>
      sizeOf(shape) > cheapSize && sizeOf(shape) > 2 * sizeOf(node.shape)
    );
    return isShared || isStretched;
  }

  /** What computes with the node, be it through nodes that only move elements. */
  #readers(node: Node): Node[] {
    return this.#consumersOf(node).flatMap((one) =>
      isLayout(one) && !this.#targets.has(one)
        ? [one, ...this.#readers(one)].filter((r) => !isLayout(r))
        : [one]
    );
  }

  /** Stored and given nodes that a node's code reads, when it is computed on the spot. */
  #leaves(node: Node, seen = new Set<Node>(), root?: Node): Set<Node> {
    for (const input of node.inputs) {
      if (input === root) continue;
      if (this.#isAtHand(input)) seen.add(input);
      else this.#leaves(input, seen, root);
    }
    return seen;
  }

  #isAtHand(node: Node): boolean {
    return isGiven(node) || this.#stored.has(node);
  }

  /** Stores operands, those first that read most, until the node's code reads few enough buffers. */
  #limitBuffers(node: Node): void {
    const limit = this.#maxBuffers - 2; // one is written, and one more may be in an epilogue
    while (this.#leaves(node).size > limit) {
      const computed = node.inputs.filter((input) => !this.#isAtHand(input));
      const [widest] = computed.sort((a, b) => this.#leaves(b).size - this.#leaves(a).size);
      if (widest === undefined) return; // concatenations of many stored parts: refused when they are bound
      this.#stored.add(widest);
    }
  }

  /** What the root's kernel stores: the end of a chain of single users, or the root and what is stored beside it. */
  #epilogue(root: Node, position: number): Node[] {
    let last = root;
    for (;;) {
      const consumers = this.#consumersOf(last);
      if (this.#targets.has(last) || consumers.length !== 1) break;
      if (!this.#canAbsorb(consumers[0], root, position)) break;
      last = consumers[0];
      if (this.#stored.has(last) && last !== root) break;
    }
    if (last !== root) this.#stored.delete(root);
    this.#stored.add(last);
    if (last !== root) return [last];
    const room = Math.min(2, this.#maxBuffers - this.#leaves(root).size - 2);
    const consumers = this.#consumersOf(root);
    const beside = consumers.filter((one) => this.#stored.has(one) && this.#canAbsorb(one, root, position))
      .slice(0, Math.max(0, room));
    if (this.#targets.has(root) || beside.length < consumers.length) return [root, ...beside];
    this.#stored.delete(root);
    return beside;
  }

  /** Whether a node's elements can be made in the root's kernel: of its own element and of what was stored before. */
  #canAbsorb(node: Node, root: Node, position: number): boolean {
    if (!isElementwise(node) || sizeOf(node.shape) !== sizeOf(root.shape)) return false;
    if (!this.#keepsIndexTo(node, root)) return false;
    const leaves = this.#leaves(node, new Set(), root);
    const isReady = [...leaves].every((one) =>
      isGiven(one) || (this.#storedAt.get(one) ?? Infinity) < position
    );
    const inFours = (root.shape.at(-1) ?? 1) % 4 !== 0 ||
      comesInFours(node, (one) => one === root || (one !== node && this.#isAtHand(one)));
    const buffers = new Set([...leaves, ...this.#leaves(root)]);
    return isReady && inFours && buffers.size + 2 <= this.#maxBuffers;
  }

  /** Whether every way from a node to the root goes from element i to element i. */
  #keepsIndexTo(node: Node, root: Node): boolean {
    return node === root ||
      node.inputs.every((input) =>
        !this.#reaches(input, root) || (keepsIndex(node, input) && this.#keepsIndexTo(input, root))
      );
  }

  #reaches(node: Node, root: Node): boolean {
    if (node === root) return true;
    return !this.#isAtHand(node) && node.inputs.some((input) => this.#reaches(input, root));
  }
}
