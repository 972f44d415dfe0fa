/**
 * Tensors that callers hand in, checked.
 *
 * @module
 */

import { SonospeechError } from "../../errors.ts";
import { sameShape, type Shape, sizeOf } from "../../shape.ts";
import type { Feed, Feeds, Tensor, Tensors } from "../executor.ts";
import type { InputNode } from "../graph.ts";

const arrays = { f32: Float32Array, f16: Float16Array, u8: Uint8Array } as const;

/** The feeds of all inputs, in their order. @throws SonospeechError `input` when one is missing or does not fit. */
export function feedsOf(feeds: Feeds, inputs: ReadonlyMap<string, InputNode>): Feed[] {
  return [...inputs].map(([name, { operation: { type }, shape }]) => {
    const feed = feeds.get(name);
    const fits = feed?.data instanceof arrays[type] && sameShape(feed.shape, shape);
    if (fits && feed.data.length === sizeOf(shape)) return feed;
    throw new SonospeechError("input", {
      action: `set the tensor ${name}`,
      must: `it must have shape [${shape}] in a ${arrays[type].name}`,
      received: feed
        ? `[${feed.shape}] with ${feed.data.length} elements in a ${feed.data.constructor.name}`
        : "nothing",
    });
  });
}

/** The value of that name. @throws SonospeechError `store` when it is missing or has another size. */
export function valueOf(values: Tensors, name: string, shape: Shape): Tensor {
  const value = values.get(name);
  if (value === undefined || !sameShape(value.shape, shape) || value.data.length !== sizeOf(shape)) {
    throw new SonospeechError("store", {
      action: `set the tensor ${name}`,
      must: `it must have shape [${shape}]`,
      received: value === undefined ? "nothing" : `[${value.shape}] with ${value.data.length} elements`,
    });
  }
  return value;
}
