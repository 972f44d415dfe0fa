/**
 * Index arithmetic in WGSL: where an element of one tensor lies in another.
 *
 * @module
 */

import { type Shape, sizeOf } from "../../shape.ts";

/** A walk over a tensor: the element at a coordinate lies at `start + Σ coordinate[axis] · strides[axis]`. */
export interface IndexMap {
  /** Of the tensor whose flat index is given. */
  shape: Shape;
  /** Of the tensor that is read, one for each axis of `shape`. */
  strides: readonly number[];
  /** Where the walk begins; 0 without. */
  start?: number;
}

interface Axis {
  size: number;
  stride: number;
}

/** Axes without those of size 1, neighbours that advance alike made one. */
function mergedAxes({ shape, strides }: IndexMap): Axis[] {
  const merged: Axis[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const outer = merged.at(-1);
    if (outer && outer.stride === strides[axis] * size) {
      outer.size *= size;
      outer.stride = strides[axis];
    } else merged.push({ size, stride: strides[axis] });
  });
  return merged;
}

/** WGSL for where the map leads from the flat index of that name: the name itself where both are the same. */
export function mapIndex(map: IndexMap, index: string): string {
  const total = sizeOf(map.shape);
  let own = total;
  const terms = mergedAxes(map).flatMap(({ size, stride }) => {
    const isOutermost = own === total;
    own /= size;
    if (stride === 0) return [];
    const quotient = own === 1 ? index : `${index} / ${own}`;
    const coordinate = isOutermost ? quotient : `${quotient} % ${size}`;
    return stride === 1 ? [coordinate] : [`${coordinate} * ${stride}`];
  });
  if (map.start) terms.push(String(map.start));
  return terms.length > 0 ? terms.join(" + ") : "0";
}

/** Strides with which a tensor is read as if broadcast to a shape. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const strides = new Array<number>(to.length).fill(0);
  let stride = 1;
  for (let axis = from.length - 1; axis >= 0; axis--) {
    if (from[axis] !== 1) strides[axis + to.length - from.length] = stride;
    stride *= from[axis];
  }
  return strides;
}

/** The same map over vectors of four elements along the last axis, which must come in fours in both tensors. */
export function inFours({ shape, strides, start = 0 }: IndexMap): IndexMap {
  const last = shape.length - 1;
  return {
    shape: shape.map((size, axis) => axis === last ? size / 4 : size),
    strides: strides.map((stride, axis) => axis === last ? stride : stride / 4),
    start: start / 4,
  };
}
