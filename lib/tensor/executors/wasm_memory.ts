/**
 * The memory that WebAssembly's kernels work on.
 *
 * @module
 */

import { SonospeechError } from "../../errors.ts";
import { largestMemoryPages } from "../kernels/wasm_assembler.ts";
import { HostMemory } from "./host_memory.ts";

const pageBytes = 65536;
/** The most that WebAssembly's 32-bit addresses reach. */
export const memoryLimitBytes = largestMemoryPages * pageBytes;
/** Tensors begin at multiples of a cache line. */
const alignment = 64;
/** The memory grows by so many pages at least: 16 MiB. */
const growthPages = 256;
/** Kernels may read this far beyond a tensor. */
const slackBytes = 64;

interface Span {
  start: number;
  bytes: number;
}

/** A place in the memory. */
export interface WasmPlace extends Span {}

/**
 * Tensors in one shared WebAssembly memory. Free spans are kept in the order of their addresses and joined with their
 * neighbours; a tensor gets the smallest that holds it, so that what a step has freed is what the next one gets.
 */
export class WasmMemory extends HostMemory<WasmPlace> {
  /** The memory itself. */
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({
    initial: growthPages,
    maximum: largestMemoryPages,
    shared: true,
  });
  readonly #free: Span[];

  /** Leaves the first `reservedBytes` alone. */
  constructor(reservedBytes: number) {
    super();
    this.#free = [{ start: reservedBytes, bytes: growthPages * pageBytes - reservedBytes - slackBytes }];
  }

  /** Where a tensor begins, in bytes. */
  addressOf(handle: Parameters<HostMemory["view"]>[0]): number {
    return this.placeOf(handle).start;
  }

  /** Keeps bytes for good. @returns their address. */
  store(bytes: Uint8Array): number {
    const { start } = this.reserve(Math.ceil(bytes.length / 4));
    new Uint8Array(this.memory.buffer, start, bytes.length).set(bytes);
    return start;
  }

  protected override reserve(size: number): WasmPlace {
    const bytes = Math.max(1, Math.ceil(4 * size / alignment)) * alignment;
    let best = this.#smallest(bytes);
    if (best < 0) {
      this.#grow(bytes);
      best = this.#smallest(bytes);
    }
    const span = this.#free[best];
    const place = { start: span.start, bytes };
    if (span.bytes === bytes) this.#free.splice(best, 1);
    else this.#free[best] = { start: span.start + bytes, bytes: span.bytes - bytes };
    return place;
  }

  protected override free({ start, bytes }: WasmPlace): void {
    const free = this.#free;
    let low = 0;
    for (let high = free.length; low < high;) {
      const middle = (low + high) >> 1;
      if (free[middle].start < start) low = middle + 1;
      else high = middle;
    }
    free.splice(low, 0, { start, bytes });
    this.#join(low);
    if (low > 0) this.#join(low - 1);
  }

  protected override elementsAt({ start }: WasmPlace, size: number): Float32Array {
    return new Float32Array(this.memory.buffer, start, size);
  }

  /** The place of the smallest free span that suffices, or −1. */
  #smallest(bytes: number): number {
    let best = -1;
    for (let i = 0; i < this.#free.length; i++) {
      const span = this.#free[i];
      if (span.bytes >= bytes && (best < 0 || span.bytes < this.#free[best].bytes)) best = i;
    }
    return best;
  }

  /** Joins a free span with the next one where they touch. */
  #join(index: number): void {
    const [span, next] = [this.#free[index], this.#free[index + 1]];
    if (next === undefined || span.start + span.bytes !== next.start) return;
    this.#free.splice(index, 2, { start: span.start, bytes: span.bytes + next.bytes });
  }

  #grow(bytes: number): void {
    const pages = Math.max(growthPages, Math.ceil(bytes / pageBytes));
    try {
      const before = this.memory.grow(pages);
      this.free({ start: before * pageBytes - slackBytes, bytes: pages * pageBytes });
    } catch (cause) {
      throw new SonospeechError("device", {
        action: "allocate a tensor on wasm",
        must: "its memory must suffice (4 GB for WebAssembly)",
        received: `${bytes} bytes more than ${this.memory.buffer.byteLength}`,
        hint: "encode batches in chunks (training.chunkSize), or lower data.batchSize",
        cause,
      });
    }
  }
}
