/**
 * Tells speech from the beeps, clicks, hum and hiss that WebRTC's detector takes for it.
 *
 * The thresholds were set on public recordings of speech (male and female, read and spoken freely, 8 to 44 kHz) and
 * on generated sounds; a moment need only look like speech more often than not, see voice_activity.ts.
 *
 * @module
 */

import { hannWindow, PowerSpectrum } from "./fft.ts";

/** What a moment of sound looks like. */
export interface SoundFeatures {
  /** Share of the power in the two strongest spectral lines: 1 for a beep or a chord of two. */
  lineShare: number;
  /** Frequency of the lower of the two, or of the only one if the second is weak, Hz. */
  lineHertz: number;
  /** Geometric by arithmetic mean of the power from 100 Hz to 3.8 kHz: 0.56 for white noise, near 0 for vowels. */
  flatness: number;
  /** Share of the power above 300 Hz: near 0 for mains hum. */
  highShare: number;
  /** Share of the energy in the loudest 4 ms: near 1 for a click. */
  burstShare: number;
}

const sampleRate = 8000;
const length = 512;
const binHertz = sampleRate / length;
/** A spectral line through a Hann window is at most five bins wide. */
const lineReach = 2;

/** Whether a moment may be speech: no tone, no hiss, no hum, no click. */
export function resemblesSpeech(features: SoundFeatures): boolean {
  const { lineShare, lineHertz, flatness, highShare, burstShare } = features;
  // The lowest voices' fundamentals are strong lines too, but they lie below 350 Hz.
  const isTone = lineShare > 0.9 && lineHertz > 350;
  return !isTone && flatness < 0.15 && highShare > 0.003 && burstShare < 0.6;
}

/** Measures blocks of 64 ms at 8 kHz. */
export class SoundAnalyzer {
  /** Samples of a block. */
  static readonly length: number = length;
  readonly #spectrum = new PowerSpectrum(length);
  readonly #window = hannWindow(length);
  readonly #block = new Float64Array(length);

  /** The features of one block. @param block 512 samples, ±32768. */
  features(block: Float64Array): SoundFeatures {
    for (let n = 0; n < length; n++) this.#block[n] = block[n] * this.#window[n];
    const power = this.#spectrum.of(this.#block);
    const total = sumOf(power, 60, 4000) + 1e-9;
    return {
      ...strongestLines(power, total),
      flatness: flatness(power),
      highShare: sumOf(power, 300, 4000) / total,
      burstShare: burstShare(block),
    };
  }
}

function binOf(hertz: number): number {
  return Math.round(hertz / binHertz);
}

function sumOf(power: Float64Array, lowHertz: number, highHertz: number): number {
  let sum = 0;
  for (let k = binOf(lowHertz); k < binOf(highHertz); k++) sum += power[k];
  return sum;
}

function strongestLines(power: Float64Array, total: number): { lineShare: number; lineHertz: number } {
  const first = strongestLine(power, -Infinity);
  const second = strongestLine(power, first.bin);
  const lowest = second.power > 0.1 * first.power ? Math.min(first.bin, second.bin) : first.bin;
  return { lineShare: Math.min(1, (first.power + second.power) / total), lineHertz: lowest * binHertz };
}

/** The strongest line that does not overlap the one at `otherBin`. */
function strongestLine(power: Float64Array, otherBin: number): { bin: number; power: number } {
  const best = { bin: 0, power: 0 };
  for (let k = binOf(60) + lineReach; k < power.length - lineReach; k++) {
    if (Math.abs(k - otherBin) <= 2 * lineReach) continue;
    let line = 0;
    for (let d = -lineReach; d <= lineReach; d++) line += power[k + d];
    if (line > best.power) [best.bin, best.power] = [k, line];
  }
  return best;
}

function flatness(power: Float64Array): number {
  const [first, last] = [binOf(100), binOf(3800)];
  let [logs, sum] = [0, 0];
  for (let k = first; k <= last; k++) {
    logs += Math.log(power[k] + 1e-9);
    sum += power[k] + 1e-9;
  }
  const count = last - first + 1;
  return Math.exp(logs / count) / (sum / count);
}

function burstShare(block: Float64Array): number {
  let [most, total] = [0, 1e-9];
  for (let start = 0; start < length; start += 32) {
    let energy = 0;
    for (let n = start; n < start + 32; n++) energy += block[n] * block[n];
    most = Math.max(most, energy);
    total += energy;
  }
  return most / total;
}
