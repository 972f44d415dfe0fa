/**
 * The control that must fail: scans that hear another subject's speech.
 *
 * @module
 */

import { Random } from "../random.ts";
import { SonospeechError } from "../errors.ts";
import type { WindowRecord } from "./dataset_store.ts";
import type { WindowSource } from "./inputs.ts";

/**
 * The same pictures, each scan of the training split with the speech of another one, of another subject where no subject
 * has more than half of the scans. What is said hangs together as before, and how much of it is voiced moves along; only
 * the pairs are wrong.
 *
 * @throws SonospeechError `input` when there is a single scan.
 */
export function withShuffledSpeech(source: WindowSource, seed: number): WindowSource {
  const windows = source.windows({ split: "train" });
  const byScan = Map.groupBy(windows, ({ scanId }) => scanId);
  const heard = exchange([...byScan].map(([scanId, [{ subject }]]) => ({ scanId, subject })), seed);
  const moved = new Map(windows.map((window): [number, WindowRecord] => {
    const others = byScan.get(heard.get(window.scanId)!)!;
    const { voicedFractionEnergy, voicedFractionWebrtc } = others[window.index % others.length];
    return [window.id, { ...window, voicedFractionEnergy, voicedFractionWebrtc }];
  }));
  return {
    id: `${source.id}, speech shuffled by seed ${seed}`,
    config: source.config,
    windows: (options) => source.windows(options).map((window) => moved.get(window.id) ?? window),
    readFrames: (scanId, start, count) => source.readFrames(scanId, start, count),
    readLogSpectrogram(scanId, start, count) {
      const other = heard.get(scanId);
      if (other === undefined) return source.readLogSpectrogram(scanId, start, count);
      return readAround(source, other, byScan.get(other)!.length, start, count);
    },
  };
}

/** Columns of a scan whose end is followed by its beginning, for scans that are longer than what they hear. */
function readAround(source: WindowSource, scanId: string, windows: number, start: number, count: number) {
  const { spectrogram: { bands, hopSeconds }, windowSeconds } = source.config;
  const length = Math.max(1, Math.floor((windows * windowSeconds) / hopSeconds));
  const out = new Float32Array(count * bands);
  for (let done = 0; done < count;) {
    const from = (((start + done) % length) + length) % length;
    const part = Math.min(count - done, length - from);
    out.set(source.readLogSpectrogram(scanId, from, part), done * bands);
    done += part;
  }
  return out;
}

interface Scan {
  scanId: string;
  subject: string;
}

/** Which scan each scan hears: a permutation that leaves nobody with a scan of the same subject, if there is one. */
function exchange(scans: readonly Scan[], seed: number): Map<string, string> {
  if (scans.length < 2) {
    throw new SonospeechError("input", {
      action: "shuffle the speech of scans",
      must: "there must be at least two scans that are trained on",
      received: scans.length,
    });
  }
  const bySubject = Map.groupBy(new Random(seed, "shuffled speech").shuffle(scans), ({ subject }) => subject);
  // Side by side by subject, a shift by the largest subject's scans leads everyone to somebody else.
  const order = [...bySubject.values()].flat();
  const largest = Math.max(...[...bySubject.values()].map((own) => own.length));
  const shift = Math.min(largest, order.length >> 1);
  return new Map(order.map(({ scanId }, i) => [scanId, order[(i + shift) % order.length].scanId]));
}
