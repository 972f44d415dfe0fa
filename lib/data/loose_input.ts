/**
 * A sound or a picture that is in no dataset, as a dataset of one window: what a search asks with.
 *
 * The speech encoder knows speech in a room: words a few seconds apart, noise between them, a scan's mean taken out.
 * A word in a file of its own has none of this, and digital silence around it would be louder, in logarithms, than
 * anything it says. So a sound is put into the room of the dataset that is searched: as loud as people speak there,
 * over its noise, which also surrounds it where it is shorter than a sample, less the means that are taken there.
 *
 * @module
 */

import type { PrepareConfig } from "../config.ts";
import { SonospeechError } from "../errors.ts";
import { logSpectrogram } from "../signal/spectrogram.ts";
import type { WindowRecord } from "./dataset_records.ts";
import { type InputSource, speechColumns } from "./inputs.ts";
import { scanSeconds } from "./windows.ts";

/** A source and its only window. */
export interface LooseInput {
  /** To be read like a dataset. */
  source: InputSource;
  /** Its only window. */
  window: WindowRecord;
}

/** What a dataset's recordings have in common. */
export interface RoomSound {
  /** Noise of each band: the level that a tenth of the columns stays below, natural logarithm of power. */
  noise: Float32Array;
  /** Mean of each band. */
  mean: Float32Array;
  /** How loud people speak: what a twentieth of the columns' means exceeds. */
  speechLevel: number;
  /** Length of the shortest scan: it decides what means are taken over. */
  shortestScanSeconds: number;
}

/** Columns in a stretch, stretches of a scan and scans that a room is known from. */
const [stretchColumns, stretchesPerScan, mostScans] = [100, 8, 24];
const [noiseShare, loudShare] = [0.1, 0.95];
/** Shorter sounds hold no word. */
const leastSeconds = 0.1;
/** Sound that never exceeds this many of 32768 steps is digital silence. */
const silencePeak = 3;

/** Listens to stretches of a dataset's scans, spread evenly. */
export function listenToRoom(source: InputSource): RoomSound {
  const { spectrogram: { bands, hopSeconds }, windowSeconds } = source.config;
  const lengths = scanSeconds(source.windows(), windowSeconds);
  const columns: Float32Array[] = [];
  for (const [scanId, seconds] of spread([...lengths], mostScans)) {
    const total = Math.floor(seconds / hopSeconds + 1e-6);
    const count = Math.min(stretchColumns, total);
    const stretches = Math.min(stretchesPerScan, Math.floor(total / count));
    for (let k = 0; k < stretches; k++) {
      const first = Math.floor((k * (total - count)) / Math.max(1, stretches - 1));
      const values = source.readLogSpectrogram(scanId, first, count);
      for (let c = 0; c < count; c++) columns.push(values.subarray(c * bands, (c + 1) * bands));
    }
  }
  const perBand = (of: (values: number[]) => number) =>
    Float32Array.from({ length: bands }, (_, band) => of(columns.map((column) => column[band])));
  return {
    noise: perBand((values) => quantile(values, noiseShare)),
    mean: perBand((values) => values.reduce((a, b) => a + b, 0) / values.length),
    speechLevel: quantile(columns.map(levelOf), loudShare),
    shortestScanSeconds: Math.min(...lengths.values()),
  };
}

/** Who hears a loose sound, and where. */
export interface Hearing {
  /** Of the dataset that is searched. */
  room: RoomSound;
  /** Length of the run's speech samples. */
  speechSeconds: number;
}

/**
 * A recording as one window of its own length, heard in a room. One shorter than a speech sample lies in the middle of
 * a window of that length.
 *
 * @param pcm 16-bit samples at the config's rate.
 * @throws SonospeechError `input` when it is shorter than a word or silent.
 */
export function looseSound(
  pcm: Int16Array,
  config: PrepareConfig,
  { room, speechSeconds }: Hearing,
): LooseInput {
  const seconds = pcm.length / config.spectrogram.sampleRate;
  const refuse = (must: string, received: string): never => {
    throw new SonospeechError("input", { action: "listen to the speech", must, received });
  };
  if (seconds < leastSeconds) refuse(`it must be at least ${leastSeconds} s long`, `${seconds.toFixed(3)} s`);
  if (!pcm.some((sample) => Math.abs(sample) > silencePeak)) {
    refuse("there must be something on it", "silence");
  }
  const { bands, hopSeconds } = config.spectrogram;
  const heard = inRoom(logSpectrogram(pcm, config.spectrogram), room);
  const before = Math.round(Math.max(0, speechSeconds - seconds) / 2 / hopSeconds);
  const loose = oneWindow({ ...config, windowSeconds: Math.max(seconds, speechSeconds) });
  loose.source.readLogSpectrogram = (_scanId, first, count) =>
    Float32Array.from(
      { length: count * bands },
      (_, i) => heard[(first - before) * bands + i] ?? room.noise[i % bands],
    );
  const { mean } = speechColumns(speechSeconds, room.shortestScanSeconds, hopSeconds);
  if (mean === null) loose.source.bandMeans = () => room.mean;
  else if (heard.length < mean * bands) {
    const means = meanAmidNoise(heard, room, mean);
    loose.source.bandMeans = () => means;
  } else loose.source.shortestScanSeconds = room.shortestScanSeconds;
  return loose;
}

/** Mean of each band over a sound and as much of the room's noise as makes it last so many columns. */
function meanAmidNoise(heard: Float32Array, { noise }: RoomSound, columns: number): Float32Array {
  const sums = Float64Array.from(noise, (level) => level * (columns - heard.length / noise.length));
  heard.forEach((value, i) => sums[i % noise.length] += value);
  return Float32Array.from(sums, (sum) => sum / columns);
}

/** As loud as people speak in the room, over its noise: powers add up. */
function inRoom(values: Float32Array, { noise, speechLevel }: RoomSound): Float32Array {
  const bands = noise.length;
  const columns = Array.from(
    { length: values.length / bands },
    (_, c) => levelOf(values.subarray(c * bands, (c + 1) * bands)),
  );
  const gain = speechLevel - quantile(columns, loudShare);
  return values.map((value, i) => {
    const [louder, softer] = [value + gain, noise[i % bands]].sort((a, b) => b - a);
    return louder + Math.log1p(Math.exp(softer - louder));
  });
}

/** Pictures as one window. @param levels Grey, one picture or more of the config's frame size, [T, H, W]. */
export function loosePicture(levels: Uint8Array, config: PrepareConfig): LooseInput {
  const size = config.frameSize[0] * config.frameSize[1];
  const loose = oneWindow({ ...config, framesPerWindow: levels.length / size });
  loose.source.readFrames = (_scanId, first, count) => levels.subarray(first * size, (first + count) * size);
  // It says nothing: no speech is too long for it.
  loose.source.shortestScanSeconds = Infinity;
  return loose;
}

function oneWindow(config: PrepareConfig): LooseInput {
  const window: WindowRecord = {
    id: 0,
    scanId: "query",
    subject: "query",
    split: "test",
    index: 0,
    startSeconds: 0,
    firstFrame: 0,
    frameCount: config.framesPerWindow,
    voicedFractionEnergy: 1,
    voicedFractionWebrtc: 1,
  };
  const absent = () => {
    throw new RangeError("Cannot read a query: it has either sound or pictures");
  };
  const source: InputSource = {
    config,
    windows: () => [window],
    readFrames: absent,
    readLogSpectrogram: absent,
  };
  return { source, window };
}

/** Mean over a column's bands. */
function levelOf(column: Float32Array): number {
  return column.reduce((a, b) => a + b, 0) / column.length;
}

/** What the given share of the values does not exceed. */
function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]);
}
