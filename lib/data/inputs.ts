/**
 * Stored frames and spectrograms as the networks want them: resized, scaled and, while training, augmented.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { SonospeechError } from "../errors.ts";
import {
  type FrameAugmentation,
  shiftBands,
  silence,
  type SpeechAugmentation,
  unchangedSpeech,
} from "./augmentation.ts";
import type { DatasetReader } from "./dataset_store.ts";
import { resizeArea } from "./resize.ts";
import { scanSeconds } from "./windows.ts";

/** The part of a dataset that inputs are read from. */
export interface InputSource
  extends Pick<DatasetReader, "config" | "windows" | "readFrames" | "readLogSpectrogram"> {
  /** A scan's mean of each band, where it is known without reading the scan. */
  bandMeans?(scanId: string): Float32Array;
  /** Length of the shortest scan, where this is not the source's own: a query is heard as the dataset is. */
  shortestScanSeconds?: number;
}

/** The part of a dataset that training and evaluation see. */
export type WindowSource =
  & InputSource
  & Pick<DatasetReader, "id">
  & Partial<Pick<DatasetReader, "labels" | "path">>;

/**
 * Where all scans last at least this long, a band's mean is taken over the whole scan: a sample is a small part of it.
 * Where some are shorter, it is taken over as much time around the sample as the shortest scan has.
 */
const longScanSeconds = 10;

/** How many columns of log-spectrograms speech is made of. */
export interface SpeechColumns {
  /** Of a sample. */
  heard: number;
  /** That every scan has. */
  common: number;
  /** Around a sample that a band's mean is taken over; null for all of the scan. */
  mean: number | null;
}

/** Follows from the length of the shortest scan, which must be that of a sample at least. */
export function speechColumns(
  speechSeconds: number,
  shortestScanSeconds: number,
  hopSeconds: number,
): SpeechColumns {
  const common = columnsIn(shortestScanSeconds, hopSeconds);
  const heard = Math.max(1, Math.min(common, Math.round(speechSeconds / hopSeconds)));
  return { heard, common, mean: common * hopSeconds < longScanSeconds ? common : null };
}

/** How many whole columns a time has. */
function columnsIn(seconds: number, hopSeconds: number): number {
  return Math.floor(seconds / hopSeconds + 1e-6);
}

const unchangedFrame: FrameAugmentation = { shift: [0, 0], gamma: 1, brightness: 0 };

/**
 * Reads network inputs from a prepared dataset.
 *
 * How long a scan is shows in none of them: only what lies inside whole windows is read, nothing is filled up, and a
 * band's mean is over the same length of time in every scan, or over long ones. Else speech of a short clip could be
 * told by its fill, and pictures and speech be matched by the length they were cut to.
 */
export class InputReader {
  readonly #source: InputSource;
  readonly #model: RunConfig["model"];
  readonly #columns: SpeechColumns;
  readonly #hopSeconds: number;
  readonly #scanSeconds: ReadonlyMap<string, number>;
  readonly #bandMeans = new Map<string, Float32Array>();
  #tones?: { change?: FrameAugmentation; values: Float32Array };

  /**
   * @throws SonospeechError `config` when the network's bands are not those of the dataset, or speech samples are
   * longer than its shortest scan.
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
    this.#scanSeconds = scanSeconds(source.windows(), source.config.windowSeconds);
    const shortest = source.shortestScanSeconds ?? Math.min(...this.#scanSeconds.values());
    if (speechSeconds > shortest + 1e-6) refuseSpeechSeconds(speechSeconds, this.#scanSeconds);
    this.#columns = speechColumns(speechSeconds, shortest, hopSeconds);
  }

  /** Length of a scan as far as whole windows tile it, seconds. */
  scanSeconds(scanId: string): number {
    return this.#scanSeconds.get(scanId)!;
  }

  /**
   * Writes one frame, intensities scaled to [−1, 1], to `out[offset …]`; size H·W of the model.
   *
   * @param frame Index of the stored frame in the scan.
   */
  frame(scanId: string, frame: number, out: Float32Array, offset: number, change?: FrameAugmentation): void {
    const stored = this.storedFrame(scanId, frame);
    const [storedHeight, storedWidth] = this.#source.config.frameSize;
    const [height, width] = this.#model.frameSize;
    const isStoredSize = hasStoredSize(this.#source, this.#model);
    const source = isStoredSize ? stored : resizeArea(stored, storedHeight, storedWidth, height, width);
    const [down, right] = change?.shift ?? [0, 0];
    const tone = isStoredSize ? this.#tonesOf(change) : undefined;
    for (let y = 0; y < height; y++) {
      const row = clamp(y - down, height) * width;
      for (let x = 0; x < width; x++) {
        const value = source[row + clamp(x - right, width)];
        out[offset + y * width + x] = tone ? tone[value] : toneOf(value, change);
      }
    }
  }

  /** One frame as it is stored, grey levels 0 to 255. */
  storedFrame(scanId: string, frame: number): Uint8Array {
    return this.#source.readFrames(scanId, frame, 1);
  }

  /** The tones of a window, whose frames share them. */
  #tonesOf(change?: FrameAugmentation): Float32Array {
    if (this.#tones === undefined || this.#tones.change !== change) {
      this.#tones = { change, values: frameTones(change) };
    }
    return this.#tones.values;
  }

  /**
   * Writes a speech sample's spectrogram, `[bands, columns]`, to `out[offset …]`: less the scan's mean of each band,
   * which takes out steady noise and much of the voice's colour, then with mean 0 and standard deviation 1 over the
   * sample, so that loudness tells nothing. A sample that a change of speed would stretch beyond the shortest scan is
   * stretched to that, and one that would reach over its scan's edge is moved inside.
   */
  speech(
    scanId: string,
    startSeconds: number,
    out: Float32Array,
    offset: number,
    change: SpeechAugmentation = unchangedSpeech,
  ): void {
    const { heard, common } = this.#columns;
    const length = Math.min(common, Math.round(heard * change.stretch));
    const centre = startSeconds / this.#hopSeconds + heard / 2;
    const first = this.#firstInside(scanId, centre, length);
    const stored = this.#source.readLogSpectrogram(scanId, first, length);
    const [bands, columns] = this.#model.speechSize;
    const values = resizeArea(stored, length, bands, columns, bands);
    const means = this.#bandMeansAround(scanId, centre);
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

  /** The first of `length` columns around a centre, moved so that all lie inside the scan. */
  #firstInside(scanId: string, centre: number, length: number): number {
    const last = columnsIn(this.scanSeconds(scanId), this.#hopSeconds) - length;
    return Math.max(0, Math.min(Math.round(centre - length / 2), last));
  }

  #bandMeansAround(scanId: string, centre: number): Float32Array {
    const known = this.#source.bandMeans?.(scanId);
    if (known) return known;
    const { mean } = this.#columns;
    if (mean !== null) {
      return meanBands(this.#source, scanId, [this.#firstInside(scanId, centre, mean)], mean);
    }
    let means = this.#bandMeans.get(scanId);
    if (!means) {
      const columns = columnsIn(this.scanSeconds(scanId), this.#hopSeconds);
      const length = Math.min(stretchColumns, columns);
      means = meanBands(this.#source, scanId, spread(columns, length), length);
      this.#bandMeans.set(scanId, means);
    }
    return means;
  }
}

function refuseSpeechSeconds(speechSeconds: number, scans: ReadonlyMap<string, number>): never {
  const least = Math.min(...scans.values());
  const short = [...scans.values()].filter((seconds) => seconds < speechSeconds).length;
  throw new SonospeechError("config", {
    action: "read speech",
    must: `data.speechSeconds must be at most ${least}, the length of the shortest scan in whole windows ` +
      `(${short} of ${scans.size} scans are too short for more)`,
    received: speechSeconds,
    hint:
      `pass --set data.speechSeconds=${least} to train, or leave short scans out with a larger windowSeconds ` +
      "to prepare",
  });
}

/** A long scan is read in stretches of this length, spread evenly: all of it would take long and tell no more. */
const stretchColumns = 100;

function spread(columnCount: number, length: number): number[] {
  const stretches = Math.min(40, Math.floor(columnCount / length));
  return Array.from(
    { length: stretches },
    (_, k) => Math.floor((k * (columnCount - length)) / Math.max(1, stretches - 1)),
  );
}

/** Mean of each band over stretches of a scan. */
function meanBands(
  source: InputSource,
  scanId: string,
  firstColumns: readonly number[],
  length: number,
): Float32Array {
  const { bands } = source.config.spectrogram;
  const sums = new Float64Array(bands);
  for (const first of firstColumns) {
    source.readLogSpectrogram(scanId, first, length).forEach((value, i) => sums[i % bands] += value);
  }
  return Float32Array.from(sums, (sum) => sum / (firstColumns.length * length));
}

/** Whether the network sees frames of the size in which they are stored. */
export function hasStoredSize(
  { config: { frameSize } }: Pick<InputSource, "config">,
  model: Pick<RunConfig["model"], "frameSize">,
): boolean {
  return frameSize.every((size, axis) => size === model.frameSize[axis]);
}

/** What every stored intensity becomes, `[256]`: a table, since powers take long. */
export function frameTones(change?: FrameAugmentation): Float32Array {
  return Float32Array.from({ length: 256 }, (_, value) => toneOf(value, change));
}

/** An intensity from 0 to 255, changed and scaled to [−1, 1]. */
function toneOf(value: number, { gamma, brightness }: FrameAugmentation = unchangedFrame): number {
  const changed = gamma === 1 ? value / 255 : (value / 255) ** gamma;
  return 2 * Math.min(1, Math.max(0, changed + brightness)) - 1;
}

function clamp(index: number, size: number): number {
  return index < 0 ? 0 : index >= size ? size - 1 : index;
}

/** Mean 0 and deviation 1. A constant sample becomes zeros: there is nothing in it to scale up. */
function standardize(values: Float32Array): void {
  // Loops by index: iterating over a typed array takes ten times as long.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i] - mean) ** 2;
  const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares / values.length);
  for (let i = 0; i < values.length; i++) values[i] = (values[i] - mean) * scale;
}
