/**
 * A dataset in memory whose truth is known: each window shows one of a few patterns, and its speech is the pattern's
 * own sound.
 *
 * @module
 */

import { resolvePrepareConfig } from "../../lib/config.ts";
import type { WindowRecord } from "../../lib/data/dataset_store.ts";
import type { Split } from "../../lib/data/split.ts";
import type { WindowSource } from "../../lib/data/inputs.ts";
import { Random } from "../../lib/random.ts";

/** How large the dataset is and what its speech has to do with its pictures. */
export interface FakeOptions {
  scans?: number;
  windowsPerScan?: number;
  patterns?: number;
  /** Frame height and width, and bands of the spectrogram. */
  size?: number;
  /** False: the sound is drawn without regard to the picture. */
  isRelated?: boolean;
  /** Whether a bar moves over a window's frames, so that their order can be told. */
  hasMotion?: boolean;
  /** Every how many windows one has no speech; 0 for never. */
  silentEvery?: number;
  seed?: number;
}

const framesPerWindow = 4;

/** Makes the dataset. Scans are subjects; the last fifth is the test split, the fifth before it validation. */
export function fakeWindows(
  options: FakeOptions = {},
): WindowSource & { patternOf(windowId: number): number } {
  const { scans = 10, windowsPerScan = 8, patterns = 4, size = 16, silentEvery = 0, seed = 1 } = options;
  const config = resolvePrepareConfig({
    file: {
      framesPerWindow,
      frameSize: [size, size],
      spectrogram: { bands: size, hopSeconds: 0.1 },
    },
  });
  const columnsPerWindow = Math.round(config.windowSeconds / config.spectrogram.hopSeconds);
  const splitOf = (scan: number): Split =>
    scan >= scans * 0.8 ? "test" : scan >= scans * 0.6 ? "validation" : "train";
  const patternOf = (id: number) => new Random(seed, "pattern", id).integer(patterns);
  const soundOf = (id: number) =>
    options.isRelated === false ? new Random(seed, "sound", id).integer(patterns) : patternOf(id);
  const windows: WindowRecord[] = Array.from({ length: scans * windowsPerScan }, (_, id) => {
    const scan = Math.floor(id / windowsPerScan);
    const voiced = silentEvery > 0 && id % silentEvery === 0 ? 0 : 1;
    return {
      id,
      scanId: `s${scan}`,
      subject: `p${scan}`,
      split: splitOf(scan),
      index: id % windowsPerScan,
      startSeconds: (id % windowsPerScan) * config.windowSeconds,
      firstFrame: (id % windowsPerScan) * framesPerWindow,
      frameCount: framesPerWindow,
      voicedFractionEnergy: voiced,
      voicedFractionWebrtc: voiced,
    };
  });
  const windowId = (scanId: string, index: number) =>
    Number(scanId.slice(1)) * windowsPerScan + Math.min(windowsPerScan - 1, Math.max(0, index));
  return {
    id: `fake-${seed}`,
    config,
    patternOf,
    labels: () => new Map(windows.map(({ id }) => [id, `pattern ${patternOf(id)}`])),
    windows: (filter = {}) =>
      windows.filter((w) =>
        (filter.split ?? w.split) === w.split && (filter.scanId ?? w.scanId) === w.scanId
      ),
    readFrames: (scanId, start, count) => {
      const out = new Uint8Array(count * size * size);
      for (let k = 0; k < count; k++) {
        const id = windowId(scanId, Math.floor((start + k) / framesPerWindow));
        const random = new Random(seed, "frame", id, start + k);
        const pattern = patternOf(id);
        for (let i = 0; i < size * size; i++) {
          const stripe = Math.floor((4 * (pattern % 2 ? i % size : Math.floor(i / size))) / size);
          const bar = options.hasMotion && i % size === 3 * ((start + k) % framesPerWindow) + 2 ? 40 : 0;
          out[k * size * size + i] = (stripe === pattern ? 140 : 40) + bar + random.integer(40);
        }
      }
      return out;
    },
    readLogSpectrogram: (scanId, startColumn, count) => {
      const out = new Float32Array(count * size);
      for (let c = 0; c < count; c++) {
        const id = windowId(scanId, Math.floor((startColumn + c) / columnsPerWindow));
        const random = new Random(seed, "column", id, startColumn + c);
        const sound = soundOf(id);
        for (let band = 0; band < size; band++) {
          out[c * size + band] = (Math.floor((patterns * band) / size) === sound ? 3 : 0) + random.normal();
        }
      }
      return out;
    },
  };
}
