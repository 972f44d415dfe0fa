/**
 * The fingerprints of many scans, and where scans of one side agree with those of another.
 *
 * @module
 */

import { nextTurn } from "../event_loop.ts";
import { type ChangeTrack, type TrackKind, TrackReader, trackRules } from "./change_track.ts";
import type { WindowRecord } from "./dataset_store.ts";
import type { InputSource } from "./inputs.ts";
import { TrackIndex } from "./track_index.ts";

/** The kinds of tracks, in the order in which they are compared. */
export const trackKinds: readonly TrackKind[] = ["pictures", "speech"];

/** What of the settings decides a fingerprint; fingerprints can be compared where these are the same. */
export interface FingerprintBasis {
  /** Scale of the spectrogram's bands. */
  scale: string;
  /** Number of bands. */
  bands: number;
  /** Rate of the speech, Hz. */
  sampleRate: number;
}

/** The tracks of some scans. */
export interface ScanFingerprints {
  /** What they are made of. */
  basis: FingerprintBasis;
  /** Names of the scans, as s0001. */
  scans: readonly string[];
  /** For each kind one track per scan. */
  tracks: Readonly<Record<TrackKind, readonly ChangeTrack[]>>;
}

/** Two places that hold the same recording. */
export interface NearDuplicate {
  /** The indexed scan. */
  known: string;
  /** Start of the matching stretch there, seconds. */
  knownSeconds: number;
  /** The scan that was compared with it. */
  found: string;
  /** Start of the matching stretch there, seconds. */
  foundSeconds: number;
  /** What is the same. */
  kind: TrackKind;
  /** Normalised correlation of the best matching segments. */
  correlation: number;
}

/** How to go through scans. */
export interface ScanWorkOptions {
  /** Called after every scan. */
  onScan?: () => void;
  /** Stops the work. */
  signal?: AbortSignal;
}

/** The settings that a source's fingerprints rest on. */
export function fingerprintBasis({ config }: InputSource): FingerprintBasis {
  const { scale, bands, sampleRate } = config.spectrogram;
  return { scale, bands, sampleRate };
}

/** The fingerprints of the scans that some windows belong to. */
export async function fingerprintScans(
  source: InputSource,
  windows: readonly WindowRecord[],
  options: ScanWorkOptions = {},
): Promise<ScanFingerprints> {
  const tracks: Record<TrackKind, ChangeTrack[]> = { pictures: [], speech: [] };
  const scans = [...windowCounts(windows)];
  for (const [scanId, count] of scans) {
    await begin(options);
    const reader = new TrackReader(source, scanId, count);
    for (const kind of trackKinds) tracks[kind].push(reader.read(kind, 0));
    options.onScan?.();
  }
  return { basis: fingerprintBasis(source), scans: scans.map(([scanId]) => scanId), tracks };
}

/**
 * Where the scans of some windows agree with fingerprinted ones: the best match of each pair of scans and kind, pairs
 * in the order of the scans.
 */
export async function findNearDuplicates(
  known: ScanFingerprints,
  source: InputSource,
  windows: readonly WindowRecord[],
  options: ScanWorkOptions = {},
): Promise<NearDuplicate[]> {
  const indices = trackKinds.map((kind) => ({ kind, index: new TrackIndex(kind, known.tracks[kind]) }));
  const best = new Map<string, NearDuplicate>();
  for (const [found, count] of windowCounts(windows)) {
    await begin(options);
    const reader = new TrackReader(source, found, count);
    for (const { kind, index } of indices) {
      const { cellSeconds } = trackRules[kind];
      for (const phase of reader.phases(kind)) {
        for (const { scan, cell, askedCell, correlation } of index.matches(reader.read(kind, phase))) {
          const key = [found, scan, kind].join();
          if ((best.get(key)?.correlation ?? 0) >= correlation) continue;
          best.set(key, {
            known: known.scans[scan],
            knownSeconds: cell * cellSeconds,
            found,
            foundSeconds: phase + askedCell * cellSeconds,
            kind,
            correlation,
          });
        }
      }
    }
    options.onScan?.();
  }
  return [...best.values()];
}

/** At most so many pairs are named. */
const namedPairs = 5;

/** Names a few pairs with their places, for a refusal. */
export function describeDuplicates(
  found: readonly NearDuplicate[],
  nameKnown: (scan: string) => string,
  nameFound: (scan: string) => string,
): string {
  const named = found.slice(0, namedPairs).map((one) =>
    `${one.kind} of ${nameKnown(one.known)} at ${one.knownSeconds.toFixed(1)} s in ${
      nameFound(one.found)
    } at ` +
    `${one.foundSeconds.toFixed(1)} s, correlation ${one.correlation.toFixed(2)}`
  );
  const rest = found.length - named.length;
  return [...named, ...(rest > 0 ? [`${rest} more`] : [])].join("; ");
}

async function begin({ signal }: ScanWorkOptions): Promise<void> {
  await nextTurn();
  signal?.throwIfAborted();
}

/** Scans in the order of their first window, with their number of windows. */
function windowCounts(windows: readonly WindowRecord[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { scanId } of windows) counts.set(scanId, (counts.get(scanId) ?? 0) + 1);
  return counts;
}
