/**
 * Collects the nodes and stored values of an ONNX graph.
 *
 * @see https://github.com/onnx/onnx/blob/main/docs/IR.md
 * @module
 */

import proto from "onnx-proto";
import { bytesOf } from "../records/safetensors.ts";
import { type Shape, sizeOf } from "../shape.ts";

const { AttributeType } = proto.onnx.AttributeProto;
/** The format's numbers for element types. */
export const { FLOAT: float32Type, INT64: int64Type } = proto.onnx.TensorProto.DataType;

/** A graph under construction. */
export class OnnxNodes {
  /** In the order of computation. */
  readonly nodes: proto.onnx.INodeProto[] = [];
  /** Values that come with the graph. */
  readonly initializers: proto.onnx.ITensorProto[] = [];
  readonly #used = new Set<string>();
  readonly #whole = new Map<string, string>();

  /** A name that nothing has yet: `wish`, or `wish` with a number. */
  name(wish: string): string {
    let name = wish;
    for (let n = 2; this.#used.has(name); n++) name = `${wish}_${n}`;
    this.#used.add(name);
    return name;
  }

  /**
   * Adds a node with one output.
   *
   * @param attributes Whole numbers, or lists of them.
   * @returns The output's name.
   */
  add(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, number | readonly number[]>> = {},
  ): string {
    const output = this.name(opType);
    const attribute = Object.entries(attributes).map(([name, value]) =>
      typeof value === "number"
        ? { name, type: AttributeType.INT, i: value }
        : { name, type: AttributeType.INTS, ints: [...value] }
    );
    this.nodes.push({ opType, name: output, input: [...input], output: [output], attribute });
    return output;
  }

  /** Stores numbers. @returns The name of the value. */
  floats(wish: string, shape: Shape, data: Float32Array): string {
    if (data.length !== sizeOf(shape)) throw new RangeError(`${wish}: ${data.length} values for [${shape}]`);
    const name = this.name(wish);
    this.initializers.push({ name, dims: [...shape], dataType: float32Type, rawData: bytesOf(data) });
    return name;
  }

  /** Stores one number as a scalar. @returns The name of the value. */
  scalar(wish: string, value: number): string {
    return this.floats(wish, [], Float32Array.of(value));
  }

  /** Stores a list of whole numbers, once however often it is asked for. @returns The name of the value. */
  wholeNumbers(values: readonly number[]): string {
    const key = values.join();
    let name = this.#whole.get(key);
    if (name === undefined) {
      name = this.name(`ints_${key.replaceAll("-", "minus").replaceAll(",", "_")}`);
      const rawData = bytesOf(BigInt64Array.from(values, BigInt));
      this.initializers.push({ name, dims: [values.length], dataType: int64Type, rawData });
      this.#whole.set(key, name);
    }
    return name;
  }

  /** Gives a value the name by which the outside knows it. */
  rename(from: string, to: string): void {
    const changed = (names: readonly string[] = []) => names.map((name) => name === from ? to : name);
    for (const node of this.nodes) {
      node.input = changed(node.input ?? []);
      node.output = changed(node.output ?? []);
    }
  }
}
