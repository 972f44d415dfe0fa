/**
 * Filter banks: how the bins of a power spectrum become bands.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";

/** A band as a weighted sum of neighbouring bins: Σ weights[i] · power[firstBin + i]. */
export interface Band {
  /** The bin of the first weight. */
  firstBin: number;
  /** One weight a bin. */
  weights: Float64Array;
}

/**
 * Bands of equal width from 0 (exclusive) to half the sample rate, each the mean of its bins.
 *
 * Bin 0, the signal's mean, belongs to none: 256 bands of a 512-point transform are its bins 1 to 256.
 *
 * @throws SonospeechError `config` when there are fewer bins than bands.
 */
export function linearBands(bands: number, nFft: number): Band[] {
  const bins = nFft / 2;
  if (bands > bins) {
    throw new SonospeechError("config", {
      action: "make the spectrogram",
      must: `spectrogram.bands must be at most ${bins}`,
      received: bands,
    });
  }
  return Array.from({ length: bands }, (_, band) => {
    const first = Math.floor((band * bins) / bands);
    const count = Math.floor(((band + 1) * bins) / bands) - first;
    return { firstBin: first + 1, weights: new Float64Array(count).fill(1 / count) };
  });
}

/** Frequency to mel by Slaney's Auditory Toolbox: linear below 1 kHz, logarithmic above. */
export function hertzToMel(hertz: number): number {
  return hertz < 1000 ? (3 * hertz) / 200 : 15 + (27 * Math.log(hertz / 1000)) / Math.log(6.4);
}

/** Mel to frequency, the inverse of {@linkcode hertzToMel}. */
export function melToHertz(mel: number): number {
  return mel < 15 ? (200 * mel) / 3 : 1000 * 6.4 ** ((mel - 15) / 27);
}

/**
 * Triangular bands evenly spaced on Slaney's mel scale from 0 to half the sample rate, each a weighted mean.
 *
 * Up to the grid of bins this is librosa's default bank times a constant for each band's width in hertz. A low band
 * narrower than a bin, which no bin's centre falls into, takes the bin nearest to its own centre, so that no band is
 * constant.
 *
 * @see Slaney, Auditory Toolbox, Interval Research technical report 1998-010.
 */
export function melBands(bands: number, nFft: number, sampleRate: number): Band[] {
  const top = hertzToMel(sampleRate / 2);
  const edges = Array.from({ length: bands + 2 }, (_, i) => melToHertz((top * i) / (bands + 1)));
  const binHertz = sampleRate / nFft;
  return Array.from({ length: bands }, (_, band) => {
    const [left, centre, right] = edges.slice(band, band + 3);
    const first = Math.ceil(left / binHertz);
    const count = Math.min(nFft / 2, Math.floor(right / binHertz)) - first + 1;
    const weights = Float64Array.from({ length: Math.max(0, count) }, (_, i) => {
      const hertz = (first + i) * binHertz;
      return Math.max(0, Math.min((hertz - left) / (centre - left), (right - hertz) / (right - centre)));
    });
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return total > 0
      ? { firstBin: first, weights: weights.map((weight) => weight / total) }
      : { firstBin: Math.max(1, Math.round(centre / binHertz)), weights: Float64Array.of(1) };
  });
}
