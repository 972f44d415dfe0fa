/**
 * The split certificate: nothing of the data that is evaluated on was trained on.
 *
 * It says that no subject is in two splits and that no stretch of pictures or speech of one split is found in another,
 * not even encoded again, scaled, a little cropped, brighter, louder or shifted in time. Pictures of which preparing
 * kept quite another part (less than some nine tenths in common) are recognized by their speech alone. A run makes it before its
 * first step, carries it in every checkpoint, and cannot be evaluated without it.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { type TrackKind, type TrackRule, trackRules } from "./change_track.ts";
import type { WindowRecord } from "./dataset_store.ts";
import type { WindowSource } from "./inputs.ts";
import {
  describeDuplicates,
  findNearDuplicates,
  fingerprintScans,
  type NearDuplicate,
  type ScanFingerprints,
} from "./scan_fingerprints.ts";
import { type Split, splits, subjectDigest } from "./split.ts";

/** What one split holds. */
export interface CertifiedSplit {
  /** Digests of its subjects ({@linkcode subjectDigest}), sorted. */
  subjects: readonly string[];
  /** Number of scans. */
  scans: number;
  /** Number of windows. */
  windows: number;
}

/** A certificate depends on the dataset alone: made again, it is the same to the letter. */
export interface SplitCertificate {
  /** Version of the method; others are refused. */
  version: number;
  /** The dataset's content hash. */
  datasetId: string;
  /** Who is where. */
  splits: Readonly<Record<Split, CertifiedSplit>>;
  /** Windows whose pictures and speech were compared with those of the other splits. */
  windowsCompared: number;
  /** By which rules. */
  rules: Readonly<Record<TrackKind, TrackRule>>;
  /** Pairs of scans of different splits that share pictures or speech: always 0, or there is no certificate. */
  nearDuplicates: number;
}

/** A certificate with what later evaluations on other data need. */
export interface CertifiedDataset {
  /** The certificate. */
  certificate: SplitCertificate;
  /** Fingerprints of the training scans. */
  trainFingerprints: ScanFingerprints;
}

/** How to certify. */
export interface CertifyOptions {
  /** Called with the number of scans done, and of all; each is read once to be known and once to be compared. */
  onProgress?: (done: number, total: number) => void;
  /** Stops the work. */
  signal?: AbortSignal;
}

/** Version of the method. */
export const certificateVersion = 1;

/**
 * Certifies a dataset's split.
 *
 * @throws SonospeechError `input` when a subject is in two splits or scans of two splits share pictures or speech; the
 * scans are named as the dataset names them.
 */
export async function certifySplit(
  dataset: WindowSource,
  options: CertifyOptions = {},
): Promise<CertifiedDataset> {
  const windows = Object.fromEntries(splits.map((split) => [split, dataset.windows({ split })])) as Record<
    Split,
    WindowRecord[]
  >;
  refuseSharedSubjects(windows);
  const total = 2 * splits.reduce((sum, split) => sum + countOf(windows[split], "scanId"), 0);
  let done = 0;
  const work = { signal: options.signal, onScan: () => options.onProgress?.(++done, total) };
  const trainFingerprints = await fingerprintScans(dataset, windows.train, work);
  const validation = await fingerprintScans(dataset, windows.validation, work);
  const found = await findNearDuplicates(trainFingerprints, dataset, windows.validation, work);
  const known = joined(trainFingerprints, validation);
  found.push(...await findNearDuplicates(known, dataset, windows.test, work));
  options.onProgress?.(total, total);
  refuseNearDuplicates(found, dataset.windows());
  const certificate: SplitCertificate = {
    version: certificateVersion,
    datasetId: dataset.id,
    splits: Object.fromEntries(splits.map((split) => [split, certified(windows[split])])) as Record<
      Split,
      CertifiedSplit
    >,
    windowsCompared: splits.reduce((sum, split) => sum + windows[split].length, 0),
    rules: trackRules,
    nearDuplicates: 0,
  };
  return { certificate, trainFingerprints };
}

function certified(windows: readonly WindowRecord[]): CertifiedSplit {
  const subjects = [...new Set(windows.map(({ subject }) => subject))].map(subjectDigest).sort();
  return { subjects, scans: countOf(windows, "scanId"), windows: windows.length };
}

function countOf(windows: readonly WindowRecord[], key: "scanId" | "subject"): number {
  return new Set(windows.map((window) => window[key])).size;
}

function joined(a: ScanFingerprints, b: ScanFingerprints): ScanFingerprints {
  return {
    basis: a.basis,
    scans: [...a.scans, ...b.scans],
    tracks: {
      pictures: [...a.tracks.pictures, ...b.tracks.pictures],
      speech: [...a.tracks.speech, ...b.tracks.speech],
    },
  };
}

function refuseSharedSubjects(windows: Readonly<Record<Split, readonly WindowRecord[]>>): void {
  const seen = new Map<string, Set<Split>>();
  for (const split of splits) {
    for (const { subject } of windows[split]) seen.set(subject, (seen.get(subject) ?? new Set()).add(split));
  }
  const shared = [...seen].filter(([, where]) => where.size > 1).map(([subject]) => subject);
  if (shared.length === 0) return;
  const scans = new Set(
    splits.flatMap((split) => windows[split]).filter(({ subject }) => shared.includes(subject)).map((w) =>
      w.scanId
    ),
  );
  throw new SonospeechError("input", {
    action: "certify the split",
    must: "no subject may be in two splits",
    received: `${shared.length} that ${shared.length === 1 ? "is" : "are"}, scans ${
      [...scans].slice(0, 8).join(" ")
    }`,
    hint: bothSidesHint,
  });
}

const bothSidesHint =
  "put these scans on one side with the manifest's column split, or leave one of them out, and prepare again";

function refuseNearDuplicates(found: readonly NearDuplicate[], windows: readonly WindowRecord[]): void {
  if (found.length === 0) return;
  const splitOf = new Map(windows.map(({ scanId, split }) => [scanId, split]));
  const side = (scan: string) => `${scan} (${splitOf.get(scan)})`;
  throw new SonospeechError("input", {
    action: "certify the split",
    must: `no pictures or speech of one split may be found in another, but there are ${
      describeDuplicates(found, side, side)
    }`,
    hint: bothSidesHint,
  });
}
