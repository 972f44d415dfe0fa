/**
 * Scans and windows as they go over the wire: subjects are numbers, for their names may be patients'.
 *
 * @module
 */

import type { WindowRecord } from "../mod.ts";
import type { DatasetSource } from "./dataset_library.ts";
import type { ScanWire, WindowWire } from "./wire/datasets.ts";

/** Numbers of the subjects, from 1 in the order of the scans. */
function subjectNumbers(dataset: DatasetSource): Map<string, number> {
  const names = new Set(dataset.scans().map((scan) => scan.subject));
  return new Map([...names].map((name, i) => [name, i + 1]));
}

/** Windows with their subjects as numbers. */
export function windowsToWire(dataset: DatasetSource, windows: readonly WindowRecord[]): WindowWire[] {
  const numbers = subjectNumbers(dataset);
  return windows.map((window) => {
    const { id, scanId, split, index, startSeconds, frameCount } = window;
    const { voicedFractionEnergy, voicedFractionWebrtc } = window;
    const subject = numbers.get(window.subject) ?? 0;
    return {
      id,
      scanId,
      subject,
      split,
      index,
      startSeconds,
      frameCount,
      voicedFractionEnergy,
      voicedFractionWebrtc,
    };
  });
}

/** All scans with their subjects as numbers. */
export function scansToWire(dataset: DatasetSource): ScanWire[] {
  const numbers = subjectNumbers(dataset);
  const windowsOf = Map.groupBy(dataset.windows(), (window) => window.scanId);
  return dataset.scans().map(({ id, subject, split, durationSeconds }) => {
    const windows = windowsOf.get(id) ?? [];
    const mean = (of: (window: WindowRecord) => number) =>
      windows.reduce((sum, window) => sum + of(window), 0) / Math.max(1, windows.length);
    return {
      id,
      subject: numbers.get(subject) ?? 0,
      split,
      durationSeconds,
      windows: windows.length,
      voicedFractionWebrtc: mean((window) => window.voicedFractionWebrtc),
      voicedFractionEnergy: mean((window) => window.voicedFractionEnergy),
    };
  });
}
