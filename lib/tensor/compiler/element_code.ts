/**
 * WGSL for elements of elementwise nodes: straight lines from stored operands to a value, every step once.
 *
 * @module
 */

import { type Shape, sizeOf, stridesOf } from "../../shape.ts";
import type { Node, UnaryFunction } from "../graph.ts";
import { batchNormCode } from "../kernels/wgsl_batch_norm.ts";
import { type Components, elementType, float, type Reader } from "../kernels/wgsl.ts";
import { type ElementwiseNode, isElementwise } from "./elementwise.ts";
import { broadcastStrides, type IndexMap, inFours, mapIndex } from "../kernels/wgsl_index.ts";

const unaryExpressions: Record<UnaryFunction, (x: string, zero: string, one: string) => string> = {
  // Written so that NaN stays NaN, which max() does not promise.
  relu: (x, zero) => `select(${x}, ${zero}, ${x} <= ${zero})`,
  sigmoid: (x, _, one) => `${one} / (${one} + exp(-${x}))`,
  exp: (x) => `exp(${x})`,
  log: (x) => `log(${x})`,
  sqrt: (x) => `sqrt(${x})`,
  square: (x) => `${x} * ${x}`,
  reciprocal: (x, _, one) => `${one} / ${x}`,
};

const operators = { add: "+", subtract: "-", multiply: "*", divide: "/" } as const;

/** How a kernel reads what is stored, or undefined for a node that it must compute. */
export type StoredReader = (node: Node, components: Components) => Reader | undefined;

/** Lines of WGSL under construction. */
export class ElementCode {
  readonly lines: string[] = [];
  readonly #stored: StoredReader;
  readonly #names = new Map<Node, Map<string, string>>();
  readonly #indices = new Map<string, string>();
  #count = 0;

  /** Begins with no lines. */
  constructor(stored: StoredReader) {
    this.#stored = stored;
  }

  /** Lets a name stand for a node's element at an index. */
  give(node: Node, index: string, components: Components, name: string): void {
    this.#remember(node, sizeOf(node.shape) === 1 ? "0" : index, components, name);
  }

  /** The name of a node's element (or four) at an index; adds the lines that compute it. */
  at(node: Node, anyIndex: string, components: Components): string {
    const index = sizeOf(node.shape) === 1 ? "0" : anyIndex;
    const known = this.#names.get(node)?.get(`${index} ${components}`);
    if (known !== undefined) return known;
    const code = this.#code(node, index, components);
    const name = /^\w+$/.test(code) ? code : this.#let("v", code);
    this.#remember(node, index, components, name);
    return name;
  }

  #remember(node: Node, index: string, components: Components, name: string): void {
    const names = this.#names.get(node) ?? new Map<string, string>();
    this.#names.set(node, names.set(`${index} ${components}`, name));
  }

  #let(prefix: string, code: string): string {
    const name = `${prefix}${this.#count++}`;
    this.lines.push(`let ${name} = ${code};`);
    return name;
  }

  /** A name for an index that is used more than once. */
  #index(code: string): string {
    if (/^\w+$/.test(code)) return code;
    const name = this.#indices.get(code) ?? this.#let("i", code);
    this.#indices.set(code, name);
    return name;
  }

  #code(node: Node, index: string, components: Components): string {
    if (components === 4 && sizeOf(node.shape) === 1) return this.#splat(this.at(node, "0", 1), 4);
    const reader = this.#stored(node, components);
    if (reader) return reader(index);
    if (!isElementwise(node)) {
      throw new TypeError(`Cannot compute ${node.operation.kind} element by element: it must be stored`);
    }
    return this.#compute(node, index, components);
  }

  #splat(scalar: string, components: Components): string {
    return components === 4 ? `vec4<f32>(${scalar})` : scalar;
  }

  #compute(node: ElementwiseNode, index: string, components: Components): string {
    const { operation, inputs, shape } = node;
    const [x] = inputs;
    const number = (value: number) => this.#splat(float(value), components);
    const same = (i: number) => this.at(inputs[i], index, components);
    switch (operation.kind) {
      case "constant":
        return number(operation.value);
      case "unary":
        return unaryExpressions[operation.function](same(0), number(0), number(1));
      case "reluGradient":
        return `select(${number(0)}, ${same(1)}, ${same(0)} > ${number(0)})`;
      case "clampMin":
        return `select(${same(0)}, ${number(operation.minimum)}, ${same(0)} < ${number(operation.minimum)})`;
      case "clampMinGradient":
        return `select(${number(0)}, ${same(1)}, ${same(0)} > ${number(operation.minimum)})`;
      case "affine":
        return affineCode(same(0), operation.scale, number(operation.offset), operation.offset !== 0);
      case "binary": {
        const [a, b] = inputs.map((one) => this.#broadcast(one, shape, index, components));
        return `${a} ${operators[operation.function]} ${b}`;
      }
      case "broadcastTo":
        return this.#broadcast(x, shape, index, components);
      case "reshape":
      case "stopGradient":
        return same(0);
      case "transpose": {
        const strides = stridesOf(x.shape);
        return this.#mapped(
          x,
          {
            shape,
            strides: operation.permutation.map((axis) => strides[axis]),
          },
          index,
          components,
        );
      }
      case "slice": {
        const strides = stridesOf(x.shape);
        const start = operation.begin.reduce((sum, at, axis) => sum + at * strides[axis], 0);
        return this.#mapped(x, { shape, strides, start }, index, components);
      }
      case "pad":
        return this.#part(x, shape, operation.before, index, components, number(0));
      case "concat":
        return this.#concat(node, operation.axis, index, components);
      case "batchNorm":
      case "batchNormInputGradient":
        return batchNormCode(node.shape, operation, {
          components,
          read: (i, at) => this.at(inputs[i], this.#index(at), components),
          index,
          line: (code) => this.#let("v", code),
          once: (code) => this.#let("v", code),
        });
    }
  }

  #mapped(x: Node, map: IndexMap, index: string, components: Components): string {
    const own = components === 4 ? inFours(map) : map;
    return this.at(x, this.#index(mapIndex(own, index)), components);
  }

  #broadcast(x: Node, shape: Shape, index: string, components: Components): string {
    if (sizeOf(x.shape) === 1) return this.#splat(this.at(x, "0", 1), components);
    if (sizeOf(x.shape) === sizeOf(shape)) return this.at(x, index, components);
    const map = { shape, strides: broadcastStrides(x.shape, shape) };
    if (components === 1 || x.shape.at(-1) === shape.at(-1)) return this.#mapped(x, map, index, components);
    // One element for all four of the last axis.
    const last = shape.length - 1;
    const fours = shape.map((size, axis) => axis === last ? size / 4 : size);
    const at = this.#index(mapIndex({ shape: fours, strides: map.strides }, index));
    return this.#splat(this.at(x, at, 1), components);
  }

  /** The element of a part that lies at `before` inside the shape, else the other value. */
  #part(
    x: Node,
    shape: Shape,
    before: readonly number[],
    index: string,
    components: Components,
    otherwise: string,
  ): string {
    const last = shape.length - 1;
    const divided = (sizes: readonly number[]) =>
      sizes.map((size, axis) => axis === last ? size / components : size);
    const [outer, inner, start] = [shape, x.shape, before].map(divided);
    const strides = stridesOf(inner);
    const own = stridesOf(outer);
    const inside: string[] = [];
    const terms: string[] = [];
    outer.forEach((size, axis) => {
      if (size === 1) return;
      const coordinate = this.#index(`${index} / ${own[axis]} % ${size}`);
      if (start[axis] > 0) inside.push(`${coordinate} >= ${start[axis]}`);
      if (start[axis] + inner[axis] < size) inside.push(`${coordinate} < ${start[axis] + inner[axis]}`);
      terms.push(`(${coordinate} - ${start[axis]}) * ${strides[axis]}`);
    });
    const at = terms.join(" + ") || "0";
    if (inside.length === 0) return this.at(x, this.#index(at), components);
    const isInside = this.#let("is", inside.join(" && "));
    const value = this.at(x, this.#index(`select(0, ${at}, ${isInside})`), components);
    return `select(${otherwise}, ${value}, ${isInside})`;
  }

  #concat({ inputs, shape }: Node, axis: number, index: string, components: Components): string {
    let value = `${elementType(components)}()`;
    let start = 0;
    for (const part of inputs) {
      const before = shape.map((_, i) => i === axis ? start : 0);
      value = this.#let("v", this.#part(part, shape, before, index, components, value));
      start += part.shape[axis];
    }
    return value;
  }
}

function affineCode(x: string, scale: number, offset: string, hasOffset: boolean): string {
  const product = scale === 1 ? x : `${x} * ${float(scale)}`;
  return hasOffset ? `${product} + ${offset}` : product;
}
