/**
 * Tensors in memory that JavaScript can see.
 *
 * @module
 */

import { type Shape, sizeOf } from "../../shape.ts";
import type { Handle } from "./tensor_device.ts";

/** A place and how many handles hold it; it is what a handle's `dataId` is here. */
interface Block<Place> {
  place: Place;
  holds: number;
}

/** Tensors as float32 arrays; a `Place` says where one lies. */
export abstract class HostMemory<Place = unknown> {
  #count = 0;

  /** Finds room for some elements. */
  protected abstract reserve(size: number): Place;
  /** Gives the room back. */
  protected abstract free(place: Place): void;
  /** The elements that lie there. */
  protected abstract elementsAt(place: Place, size: number): Float32Array;

  /** A new tensor of undefined content. */
  allocate(shape: Shape): Handle {
    this.#count++;
    const block: Block<Place> = { place: this.reserve(sizeOf(shape)), holds: 1 };
    return { dataId: block, shape: [...shape], dtype: "float32" };
  }

  /** Where a tensor lies. */
  placeOf(handle: Handle): Place {
    return (handle.dataId as Block<Place>).place;
  }

  /** The tensor's elements in place. */
  view(handle: Handle): Float32Array {
    return this.elementsAt(this.placeOf(handle), sizeOf(handle.shape));
  }

  /** A second hold on the same content, in another shape if one is given. */
  retain(handle: Handle, shape: Shape = handle.shape): Handle {
    (handle.dataId as Block<Place>).holds++;
    return { ...handle, shape: [...shape] };
  }

  /** Gives one hold back. */
  release(handle: Handle): void {
    const block = handle.dataId as Block<Place>;
    if (--block.holds > 0) return;
    this.#count--;
    this.free(block.place);
  }

  /** The number of tensors that are held. */
  tensorCount(): number {
    return this.#count;
  }
}

/** Every tensor an array of its own. */
export class ArrayMemory extends HostMemory<Float32Array> {
  protected override reserve(size: number): Float32Array {
    return new Float32Array(size);
  }

  protected override free(): void {}

  protected override elementsAt(place: Float32Array): Float32Array {
    return place;
  }
}
