/**
 * Random changes of network inputs while training.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import type { Random } from "../random.ts";

/** Random changes of a window's pictures, the same for all its frames. */
export interface FrameAugmentation {
  /** Shift down and right, pixels. */
  shift: readonly [number, number];
  /** Exponent on intensities in [0, 1]. */
  gamma: number;
  /** Added to intensities in [0, 1]. */
  brightness: number;
}

/** Random changes of a speech sample. */
export interface SpeechAugmentation {
  /** Factor on the length of what is heard: above 1 sounds faster. */
  stretch: number;
  /** Shift in frequency, as a share of the bands. */
  shift: number;
  /** Columns that are silenced, from and to, as shares of all. */
  maskedColumns: readonly [number, number];
  /** Bands that are silenced, from and to, as shares of all. */
  maskedBands: readonly [number, number];
}

/** No change at all. */
export const unchangedSpeech: SpeechAugmentation = {
  stretch: 1,
  shift: 0,
  maskedColumns: [0, 0],
  maskedBands: [0, 0],
};

/** Draws a window's augmentation. */
export function drawFrameAugmentation(
  settings: RunConfig["data"]["augmentation"],
  frameSize: readonly [number, number],
  random: Random,
): FrameAugmentation {
  const symmetric = (limit: number) => random.uniform(-limit, limit);
  return {
    shift: [
      Math.round(symmetric(settings.shift) * frameSize[0]),
      Math.round(symmetric(settings.shift) * frameSize[1]),
    ],
    gamma: 1 + symmetric(settings.gamma),
    brightness: symmetric(settings.brightness),
  };
}

/** Draws a speech sample's augmentation. */
export function drawSpeechAugmentation(
  settings: RunConfig["data"]["augmentation"],
  random: Random,
): SpeechAugmentation {
  const stretch = (share: number): readonly [number, number] => {
    const length = random.uniform() * share;
    const start = random.uniform() * (1 - length);
    return [start, start + length];
  };
  return {
    stretch: 1 + random.uniform(-settings.speechStretch, settings.speechStretch),
    shift: random.uniform(-settings.bandShift, settings.bandShift),
    maskedColumns: stretch(settings.spectrogramMask),
    maskedBands: stretch(settings.spectrogramMask),
  };
}

/** Moves a spectrogram `[columns, bands]` by some bands, down when positive; the outermost band is repeated. */
export function shiftBands(values: Float32Array, bands: number, shift: number): void {
  const row = new Float32Array(bands);
  for (let start = 0; start < values.length; start += bands) {
    row.set(values.subarray(start, start + bands));
    for (let band = 0; band < bands; band++) {
      const position = Math.min(bands - 1, Math.max(0, band + shift));
      const lower = Math.floor(position);
      const share = position - lower;
      values[start + band] = row[lower] * (1 - share) + row[Math.min(bands - 1, lower + 1)] * share;
    }
  }
}

/** SpecAugment (Park et al., Interspeech 2019): a stretch of bands and one of columns become the mean. */
export function silence(
  values: Float32Array,
  columns: number,
  bands: number,
  change: SpeechAugmentation,
): void {
  const at = ([from, to]: readonly [number, number], size: number) => [
    Math.round(from * size),
    Math.round(to * size),
  ];
  const [firstColumn, lastColumn] = at(change.maskedColumns, columns);
  const [firstBand, lastBand] = at(change.maskedBands, bands);
  values.fill(0, firstColumn * bands, lastColumn * bands);
  for (let column = 0; column < columns; column++) {
    values.fill(0, column * bands + firstBand, column * bands + lastBand);
  }
}
