/**
 * Collects the nodes and stored values of a TensorFlow.js graph model.
 *
 * Such a model is a TensorFlow GraphDef as JSON, in which texts are base64 and whole numbers are strings, with the values
 * of its constants in a file beside it.
 *
 * @see https://github.com/tensorflow/tfjs/tree/tfjs-v4.22.0/tfjs-converter
 * @module
 */

import { bytesOf } from "../records/safetensors.ts";
import { type Shape, sizeOf } from "../shape.ts";

/** An attribute of a node. */
export type TfAttribute =
  | { b: boolean }
  | { i: string }
  | { s: string }
  | { type: "DT_FLOAT" | "DT_INT32" }
  | { list: { i: string[] } }
  | { shape: TfShape }
  | { tensor: { dtype: "DT_FLOAT" | "DT_INT32"; tensorShape: TfShape } };

/** Sizes of axes; -1 where it is left open. */
export interface TfShape {
  dim: { size: string }[];
}

/** One operation. */
export interface TfNode {
  name: string;
  op: string;
  input: string[];
  attr: Record<string, TfAttribute>;
}

/** One stored value, in the order of the file beside the model. */
export interface TfWeight {
  name: string;
  shape: number[];
  dtype: "float32" | "int32";
}

/** Attributes by their kind. */
export const tf = {
  bool: (b: boolean): TfAttribute => ({ b }),
  int: (value: number): TfAttribute => ({ i: String(value) }),
  ints: (values: readonly number[]): TfAttribute => ({ list: { i: values.map(String) } }),
  text: (text: string): TfAttribute => ({ s: new TextEncoder().encode(text).toBase64() }),
  shape: (shape: Shape): TfShape => ({ dim: shape.map((size) => ({ size: String(size) })) }),
};

/** A graph under construction. */
export class TfNodes {
  /** In the order of computation. */
  readonly nodes: TfNode[] = [];
  /** What is stored of each value. */
  readonly weights: TfWeight[] = [];
  readonly #bytes: Uint8Array[] = [];
  readonly #used = new Set<string>();
  readonly #whole = new Map<string, string>();

  /** A name that nothing has yet: `wish`, or `wish` with a number. */
  name(wish: string): string {
    let name = wish;
    for (let n = 2; this.#used.has(name); n++) name = `${wish}_${n}`;
    this.#used.add(name);
    return name;
  }

  /** Adds a node. @returns Its name, which is that of its first output. */
  add(op: string, input: readonly string[], attr: Record<string, TfAttribute> = {}, wish = op): string {
    const name = this.name(wish);
    this.nodes.push({ name, op, input: [...input], attr: { T: { type: "DT_FLOAT" }, ...attr } });
    return name;
  }

  /** An input from outside, under its own name. */
  input(name: string, shape: Shape): void {
    this.#used.add(name);
    const attr = { dtype: { type: "DT_FLOAT" } as const, shape: { shape: tf.shape(shape) } };
    this.nodes.push({ name, op: "Placeholder", input: [], attr });
  }

  /** Stores numbers. @returns The name of the value. */
  floats(wish: string, shape: Shape, data: Float32Array): string {
    if (data.length !== sizeOf(shape)) throw new RangeError(`${wish}: ${data.length} values for [${shape}]`);
    return this.#store(wish, shape, "float32", bytesOf(data));
  }

  /** Stores one number as a scalar. @returns The name of the value. */
  scalar(wish: string, value: number): string {
    return this.floats(wish, [], Float32Array.of(value));
  }

  /** Stores whole numbers, once however often they are asked for. @returns The name of the value. */
  wholeNumbers(values: readonly number[], shape: Shape = [values.length]): string {
    const key = `${shape.join()}:${values.join()}`;
    const known = this.#whole.get(key);
    if (known !== undefined) return known;
    const name = this.#store("ints", shape, "int32", bytesOf(Int32Array.from(values)));
    this.#whole.set(key, name);
    return name;
  }

  /** The bytes of the file of values. */
  data(): Uint8Array {
    const all = new Uint8Array(this.#bytes.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const bytes of this.#bytes) {
      all.set(bytes, at);
      at += bytes.length;
    }
    return all;
  }

  #store(wish: string, shape: Shape, dtype: TfWeight["dtype"], bytes: Uint8Array): string {
    const name = this.name(wish);
    const type = dtype === "float32" ? "DT_FLOAT" : "DT_INT32";
    const value = { tensor: { dtype: type, tensorShape: tf.shape(shape) } } as const;
    this.nodes.push({ name, op: "Const", input: [], attr: { dtype: { type }, value } });
    this.weights.push({ name, shape: [...shape], dtype });
    this.#bytes.push(bytes);
    return name;
  }
}
