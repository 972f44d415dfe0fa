/**
 * Fully developed speckle that moves with the tissue and decorrelates with motion.
 *
 * The echo of many scatterers is a complex Gaussian field, blurred by the point spread function; its magnitude has
 * a Rayleigh distribution. Two independent patches of one periodic field are mixed as cos α and sin α, which keeps
 * the distribution while α turns; after a quarter turn the older patch is replaced by a fresh one.
 *
 * @see C. B. Burckhardt, Speckle in ultrasound B-mode scans, IEEE Trans. Sonics Ultrason. 25 (1978) 1–6.
 * @module
 */

import type { Random } from "../random.ts";

const bits = 8, size = 1 << bits, mask = size - 1;

/** A Gaussian field [size · size] of unit variance, correlated over `rowSigma` and `beamSigma` samples, periodic. */
function correlatedField(random: Random, rowSigma: number, beamSigma: number): Float32Array {
  let field = Float32Array.from({ length: size * size }, () => random.normal());
  for (const [stride, sigma] of [[size, rowSigma], [1, beamSigma]] as const) {
    field = blur(field, stride, sigma);
  }
  let power = 0;
  for (const value of field) power += value * value;
  const scale = Math.sqrt(field.length / power);
  return field.map((value) => value * scale);
}

function blur(field: Float32Array<ArrayBuffer>, stride: number, sigma: number): Float32Array<ArrayBuffer> {
  const reach = Math.ceil(2.5 * sigma);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-0.5 * ((i - reach) / sigma) ** 2));
  const other = stride === 1 ? size : 1;
  const out = new Float32Array(field.length);
  for (let line = 0; line < size; line++) {
    for (let at = 0; at < size; at++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) {
        sum += kernel[k] * field[line * other + ((at + k - reach) & mask) * stride];
      }
      out[line * other + at * stride] = sum;
    }
  }
  return out;
}

/** The speckle of one scan. */
export class Speckle {
  readonly #random: Random;
  readonly #real: Float32Array;
  readonly #imaginary: Float32Array;
  readonly #lumps: Float32Array;
  #older: number;
  #newer: number;
  #turn = 0;

  /**
   * Draws the fields.
   *
   * @param random Source of the pattern.
   * @param grain Correlation length in samples along and across the beams.
   */
  constructor(random: Random, grain: readonly [number, number]) {
    this.#random = random;
    this.#real = correlatedField(random, grain[0], grain[1]);
    this.#imaginary = correlatedField(random, grain[0], grain[1]);
    this.#lumps = correlatedField(random, 7 * grain[0], 5 * grain[1]);
    this.#older = random.uint32();
    this.#newer = random.uint32();
  }

  /** Decorrelates: a quarter turn (π/2) makes an unrelated pattern. */
  turn(radians: number): void {
    for (this.#turn += radians; this.#turn >= Math.PI / 2; this.#turn -= Math.PI / 2) {
      this.#older = this.#newer;
      this.#newer = this.#random.uint32();
    }
  }

  /**
   * Adds one row of speckle, and `lumpiness` times the slow unevenness of tissue, to values in dB.
   *
   * @param line Values of one depth, dB.
   * @param row Row of the tissue, which moves with it.
   * @param shift Beams by which the tissue has moved sideways.
   */
  add(line: Float32Array, row: number, shift: number, lumpiness: number): void {
    const cos = Math.cos(this.#turn), sin = Math.sin(this.#turn);
    const oldRow = ((row + (this.#older >>> 16)) & mask) << bits, oldBeam = (this.#older & mask) - shift;
    const newRow = ((row + (this.#newer >>> 16)) & mask) << bits, newBeam = (this.#newer & mask) - shift;
    const lumpRow = (row & mask) << bits;
    const real = this.#real, imaginary = this.#imaginary, lumps = this.#lumps;
    for (let beam = 0; beam < line.length; beam++) {
      const a = oldRow | ((beam + oldBeam) & mask), b = newRow | ((beam + newBeam) & mask);
      const re = cos * real[a] + sin * real[b], im = cos * imaginary[a] + sin * imaginary[b];
      const lump = lumps[lumpRow | ((beam - shift) & mask)];
      // 10 log10 of half the power, whose mean is 1; the small term keeps a null finite.
      line[beam] += 4.3429448 * Math.log(0.5 * (re * re + im * im) + 2e-3) + lumpiness * lump;
    }
  }
}
