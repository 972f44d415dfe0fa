/**
 * Real lung ultrasound clips beside real spoken digits, joined by patient, as windows in memory.
 *
 * A row's clip gives all its windows; the digit of the row is the speech of each of them, so neither the clip's length
 * nor the window's place says anything. The split is the list's own, by row: patients are in both parts, but the test
 * rows show other points of the chest and are spoken by a voice that training does not hear.
 */

import { parse } from "csv-parse/sync";
import { join } from "node:path";
import { resolvePrepareConfig } from "../../lib/config.ts";
import type { WindowRecord } from "../../lib/data/dataset_store.ts";
import type { WindowSource } from "../../lib/data/inputs.ts";
import { countWindows } from "../../lib/data/windows.ts";
import { decodeFrames, decodePcm } from "../../lib/media/decode.ts";
import { probeMedia } from "../../lib/media/probe.ts";
import { Random } from "../../lib/random.ts";
import { logSpectrogram } from "../../lib/signal/spectrogram.ts";

/** Length of a window and of a speech sample, seconds. */
export const windowSeconds = 0.6;
const framesPerWindow = 4;
/** Inside the fan of every clip: its outline tells depth and probe. */
const crop = { x: 50, y: 20, width: 250, height: 250 };

/** One row of the list. */
export interface JoinedPair {
  /** Names the row. */
  scanId: string;
  /** The digit that is said, which stands for the patient. */
  digit: string;
  split: "train" | "test";
  /** `[count, H, W]`. */
  frames: Uint8Array;
  /** Centred in a window's length, `[columns, bands]`. */
  speech: Float32Array;
}

export const config = resolvePrepareConfig({
  file: { windowSeconds, framesPerWindow, frameSize: [48, 48] },
});
const [height, width] = config.frameSize;
const { bands, hopSeconds, sampleRate } = config.spectrogram;
const columns = Math.round(windowSeconds / hopSeconds);

/** Decodes every row of `joined_patient_digit.csv` in a folder. */
export async function readJoinedPairs(folder: string): Promise<JoinedPair[]> {
  const text = await Deno.readTextFile(join(folder, "joined_patient_digit.csv"));
  const rows: Record<string, string>[] = parse(text, { columns: true });
  const pairs: JoinedPair[] = [];
  for (const [i, row] of rows.entries()) {
    pairs.push({
      scanId: `r${i}`,
      digit: row.label,
      split: row.split === "train" ? "train" : "test",
      frames: await readClip(join(folder, row.video)),
      speech: centredSpeech(await readDigit(join(folder, row.speech))),
    });
  }
  return pairs;
}

async function readClip(path: string): Promise<Uint8Array> {
  const { video, startSeconds } = await probeMedia(path);
  const chunks: Uint8Array[] = [];
  await decodeFrames({
    path,
    streamIndex: video!.index,
    startSeconds,
    frameRate: framesPerWindow / windowSeconds,
    size: [height, width],
    crop,
    onFrames: (frames) => void chunks.push(frames),
  });
  return joined(chunks);
}

async function readDigit(path: string): Promise<Int16Array> {
  const { audio, startSeconds } = await probeMedia(path);
  const samples: number[] = [];
  await decodePcm({
    path,
    streamIndex: audio!.index,
    startSeconds,
    sampleRate,
    onSamples: (chunk) => void samples.push(...chunk),
  });
  return Int16Array.from(samples);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    out.set(chunk, offset);
    offset += chunk.length;
  }
  return out;
}

/** The middle of a digit; before and after a short one every band stays at its least. */
function centredSpeech(samples: Int16Array): Float32Array {
  const spoken = logSpectrogram(samples, config.spectrogram);
  const count = spoken.length / bands;
  const least = new Float32Array(bands).fill(Infinity);
  spoken.forEach((value, i) => least[i % bands] = Math.min(least[i % bands], value));
  const shift = Math.floor((count - columns) / 2);
  return Float32Array.from({ length: columns * bands }, (_, i) => {
    const column = Math.floor(i / bands) + shift;
    return column >= 0 && column < count ? spoken[column * bands + i % bands] : least[i % bands];
  });
}

/** The pairs as a dataset. */
export function pairWindows(pairs: readonly JoinedPair[]): WindowSource {
  const byScan = new Map(pairs.map((pair) => [pair.scanId, pair]));
  const windows = pairs.flatMap(windowsOf).map((window, id) => ({ ...window, id }));
  return {
    id: "joined-digits",
    config,
    windows: (filter = {}) =>
      windows.filter((w) =>
        (filter.split ?? w.split) === w.split && (filter.scanId ?? w.scanId) === w.scanId
      ),
    readFrames: (scanId, start, count) =>
      byScan.get(scanId)!.frames.slice(start * height * width, (start + count) * height * width),
    readLogSpectrogram: (scanId, start, count) => {
      const { speech } = byScan.get(scanId)!;
      const out = new Float32Array(count * bands);
      for (let c = 0; c < count; c++) {
        const column = (((start + c) % columns) + columns) % columns;
        out.set(speech.subarray(column * bands, (column + 1) * bands), c * bands);
      }
      return out;
    },
  };
}

function windowsOf({ scanId, digit, split, frames }: JoinedPair): Omit<WindowRecord, "id">[] {
  const seconds = frames.length / (height * width) * windowSeconds / framesPerWindow;
  return Array.from({ length: countWindows(seconds, windowSeconds) }, (_, index) => ({
    scanId,
    subject: `patient ${digit}`,
    split,
    index,
    startSeconds: index * windowSeconds,
    firstFrame: index * framesPerWindow,
    frameCount: framesPerWindow,
    voicedFractionEnergy: 1,
    voicedFractionWebrtc: 1,
  }));
}

/** The control that must fail: the training rows' speech dealt out anew. */
export function withShuffledSpeech(pairs: readonly JoinedPair[], seed: number): JoinedPair[] {
  const train = pairs.filter(({ split }) => split === "train");
  const dealt = new Random(seed, "speech").shuffle(train);
  const speechOf = new Map(train.map(({ scanId }, i) => [scanId, dealt[i].speech]));
  return pairs.map((pair) => ({ ...pair, speech: speechOf.get(pair.scanId) ?? pair.speech }));
}

/** The mean frame of a clip at half its size, brightness and contrast taken out. */
export function meanFrame({ frames }: JoinedPair): Float64Array {
  const [rows, across] = [height / 2, width / 2];
  const out = new Float64Array(rows * across);
  frames.forEach((value, i) => {
    const [x, y] = [i % width, Math.floor(i / width) % height];
    out[(y >> 1) * across + (x >> 1)] += value;
  });
  return standardized(out);
}

/** The mean spectrum of a digit, loudness taken out. */
export function meanSpectrum({ speech }: JoinedPair): Float64Array {
  const out = new Float64Array(bands);
  speech.forEach((value, i) => out[i % bands] += value);
  return standardized(out);
}

/** A digit in 8 columns of 16 bands, each band less its mean as the network hears it, loudness taken out. */
export function coarseSpectrogram({ speech }: JoinedPair): Float64Array {
  const out = new Float64Array(8 * 16);
  const mean = new Float64Array(16);
  speech.forEach((value, i) => {
    const band = Math.floor(((i % bands) * 16) / bands);
    out[Math.floor((Math.floor(i / bands) * 8) / columns) * 16 + band] += value;
    mean[band] += value / 8;
  });
  return standardized(out.map((value, i) => value - mean[i % 16]));
}

function standardized(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return values.map((value) => (value - mean) / Math.sqrt(variance));
}
