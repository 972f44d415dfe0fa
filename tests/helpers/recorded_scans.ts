/**
 * Scans in memory that are different recordings, or copies of one another made worse in known ways.
 *
 * @module
 */

import { resolvePrepareConfig } from "../../lib/config.ts";
import type { WindowRecord } from "../../lib/data/dataset_store.ts";
import type { WindowSource } from "../../lib/data/inputs.ts";
import type { Split } from "../../lib/data/split.ts";
import { Random } from "../../lib/random.ts";

/** A scan: which recording its pictures and its speech are from, and what became of them. */
export interface RecordedScan {
  split: Split;
  /** The scan's own name when left out. */
  subject?: string;
  /** Number of the recording that is seen; its own when left out. */
  pictures?: number;
  /** Number of the recording that is heard; its own when left out. */
  speech?: number;
  /** Where in these recordings it begins, seconds. */
  startSeconds?: number;
  /** What became of a grey level. */
  grey?: (value: number, x: number, y: number) => number;
  /** What became of a log power. */
  power?: (value: number, band: number) => number;
  /** Deviation of the noise that was added to both, grey levels and tenths of log power. */
  noise?: number;
  /** Whether the picture stands still. */
  isFrozen?: boolean;
  /** Whether the machine blinks in a corner of the picture, and beeps. */
  hasMachine?: boolean;
}

const size = 32, bands = 32, blobs = 24;

/** Makes a dataset of the scans `s0001` and so on, eight windows each. */
export function recordedScans(scans: readonly RecordedScan[], id = "recorded"): WindowSource {
  const config = resolvePrepareConfig({ file: { frameSize: [size, size], spectrogram: { bands } } });
  const frameSeconds = config.windowSeconds / config.framesPerWindow;
  const { hopSeconds } = config.spectrogram;
  const scanId = (index: number) => `s${String(index + 1).padStart(4, "0")}`;
  const scanOf = (name: string) => ({ ...scans[Number(name.slice(1)) - 1], own: Number(name.slice(1)) });
  const windows: WindowRecord[] = scans.flatMap(({ split, subject }, scan) =>
    Array.from({ length: 8 }, (_, index) => ({
      id: scan * 100 + index,
      scanId: scanId(scan),
      subject: subject ?? `p${scan}`,
      split,
      index,
      startSeconds: index * config.windowSeconds,
      firstFrame: index * config.framesPerWindow,
      frameCount: config.framesPerWindow,
      voicedFractionEnergy: 1,
      voicedFractionWebrtc: 1,
    }))
  );
  return {
    id,
    config,
    windows: ({ split, scanId } = {}) =>
      windows.filter((w) => (split ?? w.split) === w.split && (scanId ?? w.scanId) === w.scanId),
    readFrames: (name, start, count) => {
      const {
        own,
        pictures = own,
        startSeconds = 0,
        grey = (value) => value,
        noise = 0,
        isFrozen,
        hasMachine,
      } = scanOf(
        name,
      );
      const out = new Uint8Array(count * size * size);
      for (let k = 0; k < count; k++) {
        const seen = picture(pictures, startSeconds + (isFrozen ? 0 : (start + k) * frameSeconds));
        const random = new Random(own, "noise", start + k);
        for (let i = 0; i < size * size; i++) {
          const [x, y] = [i % size, Math.floor(i / size)];
          const blink = hasMachine && x < 2 && y < 2 && Math.floor((start + k) * frameSeconds * 2) % 2 === 0
            ? 40
            : 0;
          const value = grey(seen[i], x, y) + blink + noise * random.normal();
          out[k * size * size + i] = Math.max(0, Math.min(255, Math.round(value)));
        }
      }
      return out;
    },
    readLogSpectrogram: (name, startColumn, count) => {
      const { own, speech = own, startSeconds = 0, power = (value) => value, noise = 0, hasMachine } = scanOf(
        name,
      );
      const random = new Random(own, "hiss", startColumn);
      const first = startColumn + Math.round(startSeconds / hopSeconds);
      const heard = Array.from({ length: count }, (_, c) => column(speech, first + c)).flat();
      return Float32Array.from(heard, (value, i) => {
        const band = i % bands;
        const beep = hasMachine && band > 8 && band < 12 && (startColumn + Math.floor(i / bands)) % 200 < 20
          ? 9
          : 0;
        return power(value, band) + beep + 0.1 * noise * random.normal();
      });
    },
  };
}

/** Blobs that wander, each recording's own. */
function picture(recording: number, seconds: number): Float32Array {
  const out = new Float32Array(size * size).fill(60);
  for (let blob = 0; blob < blobs; blob++) {
    const random = new Random(recording, "blob", blob);
    const wander = () => {
      const [middle, phase, period] = [random.uniform(), random.uniform(), random.uniform(3, 9)];
      return size * (middle + 0.15 * Math.sin(2 * Math.PI * (phase + seconds / period)));
    };
    const [x, y, radius, light] = [wander(), wander(), random.uniform(1.5, 3.5), random.uniform(-50, 90)];
    for (let i = 0; i < size * size; i++) {
      const square = (i % size - x) ** 2 + (Math.floor(i / size) - y) ** 2;
      out[i] += light * Math.exp(-square / (2 * radius * radius));
    }
  }
  return out;
}

/** Bands that rise and fall every tenth of a second, each recording's own. */
function column(recording: number, index: number): number[] {
  const [before, after] = [Math.floor(index / 10), Math.floor(index / 10) + 1]
    .map((knot) => new Random(recording, "knot", knot));
  const share = index / 10 - Math.floor(index / 10);
  return Array.from(
    { length: bands },
    () => -6 + 3 * ((1 - share) * before.normal() + share * after.normal()),
  );
}
