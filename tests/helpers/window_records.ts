/** Windows without files behind them. @module */

import type { WindowRecord } from "../../lib/data/dataset_store.ts";

/** Voiced training windows of 2 s, `perScan` of each scan. */
export function windowsOf(scans: number, perScan: number): WindowRecord[] {
  return Array.from({ length: scans * perScan }, (_, i) => ({
    id: i,
    scanId: `s${Math.floor(i / perScan)}`,
    subject: `p${Math.floor(i / perScan)}`,
    split: "train" as const,
    index: i % perScan,
    startSeconds: 2 * (i % perScan),
    firstFrame: 8 * (i % perScan),
    frameCount: 8,
    voicedFractionEnergy: 1,
    voicedFractionWebrtc: 1,
  }));
}
