/**
 * Power spectra of real signals.
 *
 * @module
 */

import FFT from "fft.js";

interface RealTransform {
  createComplexArray(): number[];
  realTransform(out: number[], input: ArrayLike<number>): void;
}

/**
 * Computes power spectra |X_k|², k = 0 … nFft / 2, of blocks of nFft real samples.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { PowerSpectrum } from "./fft.ts";
 * const power = new PowerSpectrum(8).of([1, 0, 0, 0, 0, 0, 0, 0]);
 * assert(power.length === 5 && power.every((value) => value === 1));
 * ```
 */
export class PowerSpectrum {
  /** Number of samples of a block, a power of two. */
  readonly nFft: number;
  readonly #transform: RealTransform;
  readonly #complex: number[];
  readonly #power: Float64Array;

  /** Makes the transform. @throws Error when `nFft` is no power of two above 1. */
  constructor(nFft: number) {
    this.nFft = nFft;
    this.#transform = new FFT(nFft) as unknown as RealTransform;
    this.#complex = this.#transform.createComplexArray();
    this.#power = new Float64Array(nFft / 2 + 1);
  }

  /**
   * The power spectrum of one block.
   *
   * @param samples nFft real numbers.
   * @returns nFft / 2 + 1 powers; the array is used again by the next call.
   */
  of(samples: ArrayLike<number>): Float64Array {
    this.#transform.realTransform(this.#complex, samples);
    for (let k = 0; k < this.#power.length; k++) {
      const [real, imaginary] = [this.#complex[2 * k], this.#complex[2 * k + 1]];
      this.#power[k] = real * real + imaginary * imaginary;
    }
    return this.#power;
  }
}

/** A periodic Hann window of `length` samples: ½ − ½ cos(2πn / length). */
export function hannWindow(length: number): Float64Array {
  return Float64Array.from({ length }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / length));
}
