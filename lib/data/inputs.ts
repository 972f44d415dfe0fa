/**
 * Stored frames and spectrograms as the networks want them: resized, scaled and, while training, augmented.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { SonospeechError } from "../errors.ts";
import type { Random } from "../random.ts";
import type { DatasetReader } from "./dataset_store.ts";
import { resizeArea } from "./resize.ts";

/** The part of a dataset that inputs are read from. */
export type InputSource = Pick<DatasetReader, "config" | "windows" | "readFrames" | "readLogSpectrogram">;

/** The part of a dataset that training and evaluation see. */
export type WindowSource = InputSource & Pick<DatasetReader, "id"> & Partial<Pick<DatasetReader, "labels">>;

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

const unchangedSpeech: SpeechAugmentation = {
  stretch: 1,
  shift: 0,
  maskedColumns: [0, 0],
  maskedBands: [0, 0],
};

/** Reads network inputs from a prepared dataset. */
export class InputReader {
  readonly #source: InputSource;
  readonly #model: RunConfig["model"];
  readonly #columns: number;
  readonly #hopSeconds: number;
  readonly #bandMeans = new Map<string, Float32Array>();

  /**
   * @throws SonospeechError `config` when the network's bands are not those of the dataset.
   */
  constructor(source: InputSource, model: RunConfig["model"], speechSeconds: number) {
    const { bands, hopSeconds } = source.config.spectrogram;
    if (bands !== model.speechSize[0]) {
      throw new SonospeechError("config", {
        action: "read speech",
        must: `model.speechSize[0] must be ${bands} as in the dataset`,
        received: model.speechSize[0],
        hint: `prepare the dataset with --set spectrogram.bands=${model.speechSize[0]}`,
      });
    }
    this.#source = source;
    this.#model = model;
    this.#hopSeconds = hopSeconds;
    this.#columns = Math.max(1, Math.round(speechSeconds / hopSeconds));
  }

  /**
   * Writes one frame, intensities scaled to [−1, 1], to `out[offset …]`; size H·W of the model.
   *
   * @param frame Index of the stored frame in the scan.
   */
  frame(scanId: string, frame: number, out: Float32Array, offset: number, change?: FrameAugmentation): void {
    const stored = this.#source.readFrames(scanId, frame, 1);
    const [storedHeight, storedWidth] = this.#source.config.frameSize;
    const [height, width] = this.#model.frameSize;
    const resized = resizeArea(stored, storedHeight, storedWidth, height, width);
    const [down, right] = change?.shift ?? [0, 0];
    const gamma = change?.gamma ?? 1;
    const brightness = change?.brightness ?? 0;
    for (let y = 0; y < height; y++) {
      const row = clamp(y - down, height) * width;
      for (let x = 0; x < width; x++) {
        const value = resized[row + clamp(x - right, width)] / 255;
        const changed = gamma === 1 ? value : value ** gamma;
        out[offset + y * width + x] = 2 * Math.min(1, Math.max(0, changed + brightness)) - 1;
      }
    }
  }

  /**
   * Writes a speech sample's spectrogram, `[bands, columns]`, to `out[offset …]`: less the scan's mean of each band,
   * which takes out steady noise and much of the voice's colour, then with mean 0 and standard deviation 1 over the
   * sample, so that loudness tells nothing.
   */
  speech(
    scanId: string,
    startSeconds: number,
    out: Float32Array,
    offset: number,
    change: SpeechAugmentation = unchangedSpeech,
  ): void {
    const length = Math.round(this.#columns * change.stretch);
    const first = Math.round(startSeconds / this.#hopSeconds + (this.#columns - length) / 2);
    const stored = this.#source.readLogSpectrogram(scanId, first, length);
    const [bands, columns] = this.#model.speechSize;
    const values = resizeArea(stored, length, bands, columns, bands);
    const means = this.#bandMeansOf(scanId);
    for (let i = 0; i < values.length; i++) values[i] -= means[i % bands];
    if (change.shift !== 0) shiftBands(values, bands, change.shift * bands);
    standardize(values);
    silence(values, columns, bands, change);
    for (let column = 0; column < columns; column++) {
      for (let band = 0; band < bands; band++) {
        out[offset + band * columns + column] = values[column * bands + band];
      }
    }
  }

  #bandMeansOf(scanId: string): Float32Array {
    let means = this.#bandMeans.get(scanId);
    if (!means) {
      const seconds = this.#source.windows({ scanId }).length * this.#source.config.windowSeconds;
      means = meanBands(this.#source, scanId, Math.floor(seconds / this.#hopSeconds));
      this.#bandMeans.set(scanId, means);
    }
    return means;
  }
}

/** Mean of each band over stretches spread evenly over a scan. */
function meanBands(source: InputSource, scanId: string, columnCount: number): Float32Array {
  const { bands } = source.config.spectrogram;
  const length = Math.min(100, columnCount);
  const stretches = Math.min(40, Math.floor(columnCount / length));
  const sums = new Float64Array(bands);
  for (let k = 0; k < stretches; k++) {
    const first = Math.floor((k * (columnCount - length)) / Math.max(1, stretches - 1));
    source.readLogSpectrogram(scanId, first, length).forEach((value, i) => sums[i % bands] += value);
  }
  return Float32Array.from(sums, (sum) => sum / (stretches * length));
}

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

function clamp(index: number, size: number): number {
  return index < 0 ? 0 : index >= size ? size - 1 : index;
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
function shiftBands(values: Float32Array, bands: number, shift: number): void {
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

/** Mean 0 and deviation 1. A constant sample becomes zeros: there is nothing in it to scale up. */
function standardize(values: Float32Array): void {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares / values.length);
  for (let i = 0; i < values.length; i++) values[i] = (values[i] - mean) * scale;
}

/** SpecAugment (Park et al., Interspeech 2019): a stretch of bands and one of columns become the mean. */
function silence(values: Float32Array, columns: number, bands: number, change: SpeechAugmentation): void {
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
