/**
 * Seeded random numbers that do not depend on history.
 *
 * A generator is made from a seed and a list of keys (`new Random(seed, "batch", epoch, step)`), so any part of a
 * run can be repeated without replaying what came before: resuming in mid-epoch draws the very same numbers.
 *
 * @see Bob Jenkins, small fast counting generator (sfc32); key mixing after murmur3's 32-bit finalizer.
 * @module
 */

/** A part of a generator's name. */
export type RandomKey = string | number;

function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A 32-bit hash of a list of keys; the order matters. */
export function hashKeys(...keys: RandomKey[]): number {
  let hash = 0x9e3779b9;
  for (const key of keys) {
    const text = typeof key === "number" ? `#${key}` : `$${key}`;
    for (let i = 0; i < text.length; i++) hash = mix(hash ^ Math.imul(text.charCodeAt(i) + 1, 0x27d4eb2f));
    hash = mix(hash + 0x165667b1);
  }
  return hash >>> 0;
}

/**
 * A stream of random numbers named by a seed and keys.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Random } from "./random.ts";
 * const a = new Random(7, "windows", 3);
 * const b = new Random(7, "windows", 3);
 * assert(a.uniform() === b.uniform());
 * ```
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /**
   * Starts the stream of that name.
   *
   * @param seed Of the whole experiment.
   * @param keys What the numbers are for; other keys give numbers that have nothing to do with these.
   */
  constructor(seed: number, ...keys: RandomKey[]) {
    this.#a = hashKeys(seed, ...keys, "a");
    this.#b = hashKeys(seed, ...keys, "b");
    this.#c = hashKeys(seed, ...keys, "c");
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** A whole number in [0, 2^32). */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return sum >>> 0;
  }

  /** A number in [low, high), 32 bits fine; [0, 1) without arguments. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / 4294967296);
  }

  /** A whole number in [0, count). @throws RangeError when `count` is not a positive whole number. */
  integer(count: number): number {
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(
        `Cannot draw an integer: count must be a positive whole number, received ${count}`,
      );
    }
    return Math.floor(this.uniform() * count);
  }

  /** A draw from the standard normal distribution (Box–Muller). */
  normal(mean = 0, standardDeviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + standardDeviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** One of the items, all equally likely. */
  pick<T>(items: readonly T[]): T {
    return items[this.integer(items.length)];
  }

  /** A new array with the items in random order (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }

  /** `count` different items in random order. */
  sample<T>(items: readonly T[], count: number): T[] {
    if (count > items.length) {
      throw new RangeError(
        `Cannot sample: count must be at most the number of items, received ${count} of ${items.length}`,
      );
    }
    return this.shuffle(items).slice(0, count);
  }
}
