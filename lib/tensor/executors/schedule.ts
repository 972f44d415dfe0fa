/**
 * A graph as a list of instructions over slots, each slot freed after its last use.
 *
 * @module
 */

import { sizeOf } from "../../shape.ts";
import { type Node, topologicalOrder } from "../graph.ts";
import type { Handle, Kernel, TensorDevice } from "./tensor_device.ts";

interface Instruction {
  kernel: Kernel;
  inputs: number[];
  output: number;
  /** Slots that no later instruction reads. */
  last: number[];
}

/** Values that a run does not compute: feeds and parameters. */
export interface Given {
  /** The inputs by name. */
  feeds: ReadonlyMap<string, Handle>;
  /** The parameters by name. */
  parameters: ReadonlyMap<string, { handle: Handle }>;
}

/** A compiled graph. Order, slots and lifetimes are fixed when it is made. */
export class Schedule {
  readonly #device: TensorDevice;
  readonly #instructions: Instruction[] = [];
  readonly #given: { slot: number; kind: "feeds" | "parameters"; name: string }[] = [];
  readonly #constants = new Map<number, Handle>();
  readonly #outputs: readonly number[];
  readonly #slotCount: number;
  /** The most memory that values take at once, constants left out, and what is computed then. */
  readonly peak: { bytes: number; node: Node | undefined };

  /**
   * Compiles a graph.
   *
   * @param outputs Nodes to compute, those first that should be computed (and their inputs freed) first.
   * @param first Nodes on the way there that should be computed before any other.
   */
  constructor(device: TensorDevice, outputs: readonly Node[], first: readonly Node[] = []) {
    this.#device = device;
    const order = topologicalOrder([...first, ...outputs]);
    const slots = new Map(order.map((node, slot) => [node, slot]));
    this.#slotCount = order.length;
    this.#outputs = outputs.map((node) => slots.get(node)!);
    order.forEach((node, slot) => this.#add(node, slot, node.inputs.map((input) => slots.get(input)!)));
    this.#setLifetimes();
    this.peak = this.#findPeak(order);
  }

  #add(node: Node, output: number, inputs: number[]): void {
    const { operation } = node;
    if (operation.kind === "input") this.#given.push({ slot: output, kind: "feeds", name: operation.name });
    else if (operation.kind === "parameter") {
      this.#given.push({ slot: output, kind: "parameters", name: operation.name });
    } else if (operation.kind === "constant") this.#constants.set(output, this.#device.compile(node)([]));
    else this.#instructions.push({ kernel: this.#device.compile(node), inputs, output, last: [] });
  }

  #setLifetimes(): void {
    const computed = new Set(this.#instructions.map((instruction) => instruction.output));
    const later = new Set(this.#outputs);
    for (const instruction of this.#instructions.toReversed()) {
      for (const slot of new Set([...instruction.inputs, instruction.output])) {
        if (later.has(slot) || !computed.has(slot)) continue;
        later.add(slot);
        instruction.last.push(slot);
      }
    }
  }

  /** Follows what a run takes and gives back; nodes that only rename elements share them. */
  #findPeak(order: readonly Node[]): Schedule["peak"] {
    const peak: Schedule["peak"] = { bytes: 0, node: undefined };
    const owners = order.map((_, slot) => slot);
    const holds = new Map<number, number>();
    let bytes = 0;
    for (const { inputs, output, last } of this.#instructions) {
      const node = order[output];
      if (node.operation.kind === "reshape" || node.operation.kind === "stopGradient") {
        owners[output] = owners[inputs[0]];
      } else bytes += sizeOf(node.shape) * 4;
      holds.set(owners[output], (holds.get(owners[output]) ?? 0) + 1);
      if (bytes > peak.bytes) Object.assign(peak, { bytes, node });
      for (const owner of last.map((slot) => owners[slot])) {
        const left = holds.get(owner)! - 1;
        holds.set(owner, left);
        if (left === 0 && this.#computes(order[owner])) bytes -= sizeOf(order[owner].shape) * 4;
      }
    }
    return peak;
  }

  #computes({ operation: { kind } }: Node): boolean {
    return kind !== "input" && kind !== "parameter" && kind !== "constant";
  }

  /** Computes the outputs; the caller releases each of the handles it gets, and its own feeds. */
  run(given: Given): Handle[] {
    const values = new Array<Handle>(this.#slotCount);
    for (const { slot, kind, name } of this.#given) {
      const value = given[kind].get(name)!;
      values[slot] = "handle" in value ? value.handle : value;
    }
    for (const [slot, handle] of this.#constants) values[slot] = handle;
    for (const { kernel, inputs, output, last } of this.#instructions) {
      values[output] = kernel(inputs.map((slot) => values[slot]));
      for (const slot of last) this.#device.release(values[slot]);
    }
    return this.#collect(values);
  }

  /** A computed slot's own handle goes to the first output that names it; every other output gets a second one. */
  #collect(values: readonly Handle[]): Handle[] {
    const owned = new Set(this.#instructions.map((instruction) => instruction.output));
    return this.#outputs.map((slot) => owned.delete(slot) ? values[slot] : this.#device.retain(values[slot]));
  }

  /** Gives back the constants it holds. */
  dispose(): void {
    for (const handle of this.#constants.values()) this.#device.release(handle);
    this.#constants.clear();
  }
}
