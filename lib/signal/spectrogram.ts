/**
 * Log-spectrograms of speech, whole or as it comes.
 *
 * Column c is the spectrum of a Hann window centred on sample c · hopLength; before its start and after its end the
 * signal is taken as zeros. Values are natural logarithms of power: ln(max(P, 1e-10)), where samples of full scale
 * are ±1 and P is divided by the window's squared sum, so that the values do not depend on the window's length for
 * noise.
 *
 * @module
 */

import type { PrepareConfig } from "../config.ts";
import { hannWindow, PowerSpectrum } from "./fft.ts";
import { type Band, linearBands, melBands } from "./filter_bank.ts";

/** The least power that a log-spectrogram tells apart from silence. */
const powerFloor = 1e-10;

/** Natural logarithm of the least power that a log-spectrogram tells apart from silence, ln(1e-10). */
export const logPowerFloor: number = Math.log(powerFloor);

/** Settings of a log-spectrogram. */
export type SpectrogramConfig = PrepareConfig["spectrogram"];

/** Sizes of a log-spectrogram, in samples. */
export interface SpectrogramSizes {
  /** Length of the analysis window. */
  winLength: number;
  /** Distance of two columns. */
  hopLength: number;
  /** The least power of two that holds the window and, on the linear scale, gives every band a bin. */
  nFft: number;
}

/** The sizes that follow from the settings. */
export function spectrogramSizes(config: SpectrogramConfig): SpectrogramSizes {
  const winLength = Math.max(2, Math.round(config.winSeconds * config.sampleRate));
  const hopLength = Math.max(1, Math.round(config.hopSeconds * config.sampleRate));
  const least = Math.max(winLength, config.scale === "linear" ? 2 * config.bands : 0);
  return { winLength, hopLength, nFft: 2 ** Math.ceil(Math.log2(least)) };
}

/**
 * Computes a log-spectrogram from samples as they come; the result does not depend on how they are cut.
 *
 * A signal of N samples has ⌈N / hopLength⌉ columns: those centred inside it.
 */
export class SpectrogramStream {
  readonly #bands: Band[];
  readonly #sizes: SpectrogramSizes;
  readonly #spectrum: PowerSpectrum;
  readonly #window: Float64Array;
  readonly #block: Float64Array;
  /** Samples not yet done with; the first is the first of the next column's window. */
  #pending: Float64Array;
  #pendingLength: number;
  #samples = 0;
  #columns = 0;

  /** Makes a stream with these settings. */
  constructor(config: SpectrogramConfig) {
    const sizes = spectrogramSizes(config);
    this.#sizes = sizes;
    this.#bands = config.scale === "linear"
      ? linearBands(config.bands, sizes.nFft)
      : melBands(config.bands, sizes.nFft, config.sampleRate);
    this.#spectrum = new PowerSpectrum(sizes.nFft);
    const hann = hannWindow(sizes.winLength);
    const norm = Math.sqrt(hann.reduce((sum, value) => sum + value * value, 0));
    this.#window = hann.map((value) => value / norm);
    this.#block = new Float64Array(sizes.nFft);
    this.#pending = new Float64Array(4 * sizes.winLength);
    this.#pendingLength = sizes.winLength >> 1;
  }

  /**
   * Takes samples.
   *
   * @param samples 16-bit samples.
   * @returns The columns that are complete now, [columns, bands].
   */
  push(samples: Int16Array): Float32Array {
    this.#samples += samples.length;
    return this.#append(samples.length, (i) => samples[i] / 32768);
  }

  /** Ends the signal. @returns The last columns, [columns, bands]. */
  finish(): Float32Array {
    const columns = Math.ceil(this.#samples / this.#sizes.hopLength);
    const last = this.#append(this.#sizes.winLength, () => 0);
    const surplus = this.#columns - columns;
    return surplus > 0 ? last.slice(0, last.length - surplus * this.#bands.length) : last;
  }

  #append(count: number, sample: (i: number) => number): Float32Array {
    const { winLength, hopLength } = this.#sizes;
    this.#reserve(count);
    for (let i = 0; i < count; i++) this.#pending[this.#pendingLength + i] = sample(i);
    this.#pendingLength += count;
    const columns = Math.max(0, Math.floor((this.#pendingLength - winLength) / hopLength) + 1);
    const out = new Float32Array(columns * this.#bands.length);
    for (let c = 0; c < columns; c++) this.#column(c * hopLength, out, c * this.#bands.length);
    this.#pending.copyWithin(0, columns * hopLength, this.#pendingLength);
    this.#pendingLength -= columns * hopLength;
    this.#columns += columns;
    return out;
  }

  #reserve(count: number): void {
    const needed = this.#pendingLength + count;
    if (needed <= this.#pending.length) return;
    const larger = new Float64Array(2 * needed);
    larger.set(this.#pending.subarray(0, this.#pendingLength));
    this.#pending = larger;
  }

  #column(start: number, out: Float32Array, offset: number): void {
    for (let n = 0; n < this.#window.length; n++) this.#block[n] = this.#window[n] * this.#pending[start + n];
    const power = this.#spectrum.of(this.#block);
    this.#bands.forEach(({ firstBin, weights }, band) => {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * power[firstBin + i];
      out[offset + band] = Math.log(Math.max(sum, powerFloor));
    });
  }
}

/**
 * The log-spectrogram of a whole signal.
 *
 * @param samples 16-bit samples at `config.sampleRate`.
 * @returns Natural logarithm of power, [⌈samples / hopLength⌉, bands].
 */
export function logSpectrogram(samples: Int16Array, config: SpectrogramConfig): Float32Array {
  const stream = new SpectrogramStream(config);
  const [first, last] = [stream.push(samples), stream.finish()];
  const out = new Float32Array(first.length + last.length);
  out.set(first);
  out.set(last, first.length);
  return out;
}
