/**
 * Lowers the sample rate by a whole factor.
 *
 * @module
 */

/**
 * Low-pass filters a signal and keeps every `factor`-th sample; the result does not depend on how it is cut.
 *
 * A Hann-windowed sinc of 16 taps a kept sample with its cutoff at 0.45 of the new rate; output sample n lies at input
 * sample n · factor, the filter's delay is taken out.
 */
export class Decimator {
  readonly #factor: number;
  readonly #taps: Float64Array;
  #pending: Float64Array;

  /** Makes a decimator; a factor of 1 changes nothing. */
  constructor(factor: number) {
    this.#factor = factor;
    const half = factor === 1 ? 0 : 8 * factor;
    const taps = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
      const x = (0.9 * (i - half)) / factor;
      const hann = 0.5 + 0.5 * Math.cos((Math.PI * (i - half)) / (half + 1));
      return hann * (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
    });
    const sum = taps.reduce((total, tap) => total + tap, 0);
    this.#taps = taps.map((tap) => tap / sum);
    this.#pending = new Float64Array(half);
  }

  /** Takes samples and gives those of the lower rate that are ready. */
  push(samples: ArrayLike<number>): Float64Array {
    const signal = new Float64Array(this.#pending.length + samples.length);
    signal.set(this.#pending);
    signal.set(samples, this.#pending.length);
    const count = Math.max(0, Math.ceil((signal.length - this.#taps.length + 1) / this.#factor));
    const out = new Float64Array(count);
    for (let n = 0; n < count; n++) {
      let sum = 0;
      for (let i = 0; i < this.#taps.length; i++) sum += this.#taps[i] * signal[n * this.#factor + i];
      out[n] = sum;
    }
    this.#pending = signal.slice(count * this.#factor);
    return out;
  }

  /** Ends the signal, taking zeros to follow, and gives the last samples. */
  finish(): Float64Array {
    return this.push(new Float64Array(this.#taps.length >> 1));
  }
}
