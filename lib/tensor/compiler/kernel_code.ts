/**
 * A whole WGSL program around a kernel's body: bindings, functions that compute unstored operands, and what is made
 * of results before they are stored.
 *
 * @module
 */

import { sizeOf } from "../../shape.ts";
import type { Node } from "../graph.ts";
import {
  type Components,
  elementType,
  halfFunctions,
  halfType,
  type Reader,
  toHalf,
  type WgslKernel,
  type Writer,
} from "../kernels/wgsl.ts";
import { packedReader, wordsOf } from "../kernels/wgsl_frames.ts";
import { ElementCode } from "./element_code.ts";
import { comesInFours, isGiven } from "./elementwise.ts";
import type { Kernel } from "./fusion.ts";
import { alignment, type Dispatch, type Value } from "./value.ts";

/** Most workgroups across; more go down. */
const widest = 32768;

interface Binding {
  name: string;
  value: Value;
  access: "read" | "write";
  /** How elements are read: by one, by four, or as the words that they are packed in. */
  components: Components | "words";
}

/** One program under construction. */
export class KernelCode {
  readonly #valueOf: (node: Node) => Value | undefined;
  readonly #own: ReadonlySet<Node>;
  readonly #bindings: Binding[] = [];
  readonly #functions: string[] = [];
  readonly #readers = new Map<Node, Map<Components, Reader>>();

  /**
   * Begins a program.
   *
   * @param kernel What it stores, which it cannot read.
   * @param valueOf Where a node is stored, if it is.
   */
  constructor(kernel: Kernel, valueOf: (node: Node) => Value | undefined) {
    this.#own = new Set(kernel.root ? [kernel.root, ...kernel.stores] : kernel.stores);
    this.#valueOf = valueOf;
  }

  /** Whether operands can be read, or these nodes computed, in fours. */
  inFours(...nodes: readonly Node[]): boolean {
    return nodes.every((node) =>
      comesInFours(node, (one) => isGiven(one) || this.#stored(one) !== undefined)
    );
  }

  #stored(node: Node): Value | undefined {
    return this.#own.has(node) ? undefined : this.#valueOf(node);
  }

  /** Reads a node, wherever it is. */
  reader(node: Node, components: Components): Reader {
    const known = this.#readers.get(node) ?? new Map<Components, Reader>();
    this.#readers.set(node, known);
    const reader = known.get(components) ?? this.#makeReader(node, components);
    known.set(components, reader);
    return reader;
  }

  #makeReader(node: Node, components: Components): Reader {
    const value = this.#stored(node);
    if (value) return this.valueReader(value, components);
    const code = this.#elementCode();
    const result = code.at(node, "i", components);
    const name = this.#addFunction("i: i32", components, [...code.lines, `return ${result};`]);
    return (index) => `${name}(${index})`;
  }

  #elementCode(): ElementCode {
    return new ElementCode((node, components) => {
      const value = this.#stored(node);
      return value && this.valueReader(value, components);
    });
  }

  #addFunction(parameters: string, components: Components, lines: readonly string[]): string {
    const name = `f${this.#functions.length}`;
    const type = elementType(components);
    this.#functions.push(`fn ${name}(${parameters}) -> ${type} {\n  ${lines.join("\n  ")}\n}`);
    return name;
  }

  /** Reads a value that need not be a node's. */
  valueReader(value: Value, components: Components): Reader {
    const { type = "f32" } = value;
    if (type === "u8" || type === "f16") {
      return packedReader(type, components, this.#bind(value, "read", "words"));
    }
    const at = this.#bind(value, "read", components);
    return type === "half" ? (index) => `${elementType(components)}(${at(index)})` : at;
  }

  /** Writes a value that need not be a node's. */
  valueWriter(value: Value, components: Components): Writer {
    const at = this.#bind(value, "write", components);
    return (index, code) => `${at(index)} = ${value.type === "half" ? toHalf(code, components) : code};`;
  }

  /** An element of a value that is both read and written. */
  valueReference(value: Value, components: Components): Reader {
    return this.#bind(value, "write", components);
  }

  #bind(value: Value, access: Binding["access"], components: Binding["components"]): Reader {
    let binding = this.#bindings.find((one) =>
      one.value === value && one.access === access && one.components === components
    );
    if (!binding) {
      binding = { name: `memory${this.#bindings.length}`, value, access, components };
      this.#bindings.push(binding);
    }
    const { name } = binding;
    const rest = components === "words" ? 0 : restOf(value) / components;
    return (index) => rest === 0 ? `${name}[${index}]` : `${name}[${index} + ${rest}]`;
  }

  /** Stores what the kernel stores, all of it made of the root's element and at the same index. */
  writer({ root, stores }: Kernel, components: Components): Writer {
    const writers = stores.map((node) => {
      const write = this.valueWriter(this.#valueOf(node)!, components);
      if (node === root) return (at: string) => write(at, "element");
      const code = this.#elementCode();
      if (root) code.give(root, "i", components, "element");
      const result = code.at(node, "i", components);
      const parameters = `i: i32, element: ${elementType(components)}`;
      const name = this.#addFunction(parameters, components, [...code.lines, `return ${result};`]);
      return (at: string) => write(at, `${name}(${at}, element)`);
    });
    return (index, element) => {
      const all = writers.map((write) => write("store_at")).join(" ");
      return `{ let store_at = ${index}; let element = ${element}; ${all} }`;
    };
  }

  /** WebGPU lets a kernel read and write parts of one buffer only if it could write them all. */
  #settleAccess(): void {
    const areaOf = ({ value: { place } }: Binding) => place?.kind === "area" ? place.area : undefined;
    const written = new Set(this.#bindings.filter(({ access }) => access === "write").map(areaOf));
    for (const binding of this.#bindings) {
      const area = areaOf(binding);
      if (area && written.has(area)) binding.access = "write";
    }
  }

  /** The program. */
  dispatch(
    { invocations, turns, workgroupSize = 64, declarations = "", body }: WgslKernel,
    label: string,
  ): Dispatch {
    const groups = Math.ceil(invocations / workgroupSize);
    const across = Math.min(groups, widest);
    this.#settleAccess();
    const bindings = this.#bindings.map(({ name, value, access, components }, i) => {
      const mode = access === "read" ? "read" : "read_write";
      // With a length known to the compiler, bounds are checked without asking the device for it at every access.
      const type = components === "words"
        ? `array<u32, ${wordsOf(value.type!, value.size)}>`
        : `array<${typeOf(value, components)}, ${(value.size + restOf(value)) / components}>`;
      return `@group(0) @binding(${i}) var<storage, ${mode}> ${name}: ${type};`;
    });
    // Whole workgroups are sent home together: kernels with barriers have no other surplus.
    const surplus = invocations % workgroupSize !== 0
      ? `if (index >= ${invocations}) { return; }`
      : groups % across !== 0
      ? `if (group >= ${groups}) { return; }`
      : "";
    const needsHalf = this.#bindings.some(({ value }) => value.type === "half");
    const code = `${needsHalf ? `enable f16;\n${halfFunctions}\n` : ""}${bindings.join("\n")}
${this.#functions.join("\n")}
${declarations}
@compute @workgroup_size(${workgroupSize})
fn main(@builtin(workgroup_id) at_group: vec3<u32>, @builtin(local_invocation_index) at_lane: u32) {
  let group = i32(at_group.y * ${across}u + at_group.x); let lane = i32(at_lane);
  let index = group * ${workgroupSize} + lane;
  ${surplus}
  ${body}
}`;
    return {
      label,
      code,
      turns,
      workgroups: [across, Math.ceil(groups / across)],
      bindings: this.#bindings.map(({ value, access }) => ({ value, access })),
    };
  }
}

function typeOf({ type }: Value, components: Components): string {
  return type === "half" ? halfType(components) : elementType(components);
}

/** Elements between where a value can be bound and where it begins. */
export function restOf({ place }: Value): number {
  return place?.kind === "area" ? place.offset % alignment : 0;
}

/** What an error calls a node: its operation and shapes, and the parameter nearest to it. */
export function labelOf(node: Node): string {
  const { operation, inputs, shape } = node;
  const kind = "function" in operation ? operation.function : operation.kind;
  const operands = inputs.length > 0 ? inputs.map((one) => `[${one.shape}]`).join(" and ") : `[${shape}]`;
  const layer = nearestParameter(node);
  return `${kind} of ${operands}${layer ? ` at ${layer}` : ""}`;
}

function nearestParameter(node: Node): string | undefined {
  let level = [node];
  for (let depth = 0; depth < 4; depth++) {
    level = level.flatMap((one) => one.inputs);
    const found = level.find(({ operation }) => operation.kind === "parameter");
    if (found?.operation.kind === "parameter") return found.operation.name;
  }
  return undefined;
}

/** Memory for a node's elements, with no place yet. */
export function valueOf(node: Node): Value {
  return { label: labelOf(node), size: sizeOf(node.shape) };
}
