/**
 * Where a scan holds voice. Datasets store the share of each window; the spans are found again from the sound when
 * somebody looks at a scan.
 *
 * @module
 */

import { type ScanRecord, VoiceActivityStream, voicedSpans } from "../mod.ts";
import type { DatasetSource } from "./dataset_library.ts";
import type { VoicedWire } from "./wire/datasets.ts";

const remembered = 32;
/** Sound that is judged before others have their turn. */
const pieceSeconds = 0.5;
/** Detectors hear the sound at this rate: only multiples of it can be judged. */
const detectorRate = 8000;

const known = new WeakMap<DatasetSource, Map<string, Promise<VoicedWire | null>>>();
let last: Promise<unknown> = Promise.resolve();

/** The voiced spans of a scan by both detectors; null where the sound's rate does not allow to find them. */
export function scanVoice(
  dataset: DatasetSource,
  { id: scanId, bleepedSeconds }: Pick<ScanRecord, "id" | "bleepedSeconds">,
  seconds: number,
): Promise<VoicedWire | null> {
  const scans = known.get(dataset) ?? new Map<string, Promise<VoicedWire | null>>();
  known.set(dataset, scans);
  const before = scans.get(scanId);
  if (before) return before;
  // One scan after another: the server has other things to do.
  const found = last.then(() => findVoice(dataset, scanId, seconds, bleepedSeconds !== undefined));
  last = found.catch(() => {});
  scans.set(scanId, found);
  found.catch(() => scans.delete(scanId));
  const oldest = scans.keys().next();
  if (scans.size > remembered && !oldest.done) scans.delete(oldest.value);
  return found;
}

async function findVoice(
  dataset: DatasetSource,
  scanId: string,
  seconds: number,
  hasGaps: boolean,
): Promise<VoicedWire | null> {
  const { sampleRate } = dataset.config.spectrogram;
  if (sampleRate % detectorRate !== 0) return null;
  const stream = await VoiceActivityStream.create(sampleRate, undefined, { hasGaps });
  try {
    const total = Math.round(seconds * sampleRate), piece = pieceSeconds * sampleRate;
    for (let start = 0; start < total; start += piece) {
      stream.push(dataset.readPcm(scanId, start, Math.min(piece, total - start)));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  } catch (error) {
    stream.abort();
    throw error;
  }
  const { energy, webrtc } = stream.finish();
  const wire = (flags: Uint8Array) =>
    voicedSpans(flags).map(({ startSeconds, endSeconds }): [number, number] => [startSeconds, endSeconds]);
  return { energy: wire(energy), webrtc: wire(webrtc) };
}
