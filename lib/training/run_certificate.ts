/**
 * Where a run keeps its split certificate and the fingerprints of its training scans.
 *
 * @module
 */

import { type TrackKind, trackRules } from "../data/change_track.ts";
import { type FingerprintBasis, type ScanFingerprints, trackKinds } from "../data/scan_fingerprints.ts";
import type { CertifiedDataset, SplitCertificate } from "../data/split_certificate.ts";
import { SonospeechError } from "../errors.ts";
import { writeFileAtomic, writeJsonAtomic } from "../records/atomic_file.ts";
import { decodeSafetensors, encodeSafetensors } from "../records/safetensors.ts";

const certificateFile = "certificate.json", fingerprintsFile = "train_fingerprints.safetensors";

/** Writes `certificate.json` and `train_fingerprints.safetensors` into a run folder, the certificate last. */
export async function saveCertificate(folder: string, certified: CertifiedDataset): Promise<void> {
  await writeFileAtomic(`${folder}/${fingerprintsFile}`, encodeFingerprints(certified.trainFingerprints));
  await writeJsonAtomic(`${folder}/${certificateFile}`, certified.certificate);
}

/** Reads a run's certificate; null when it has none. */
export async function readCertificate(folder: string): Promise<SplitCertificate | null> {
  try {
    return JSON.parse(await Deno.readTextFile(`${folder}/${certificateFile}`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Reads the fingerprints of a run's training scans. @throws SonospeechError `store` when they cannot be read. */
export async function readTrainFingerprints(folder: string): Promise<ScanFingerprints> {
  try {
    return decodeFingerprints(await Deno.readFile(`${folder}/${fingerprintsFile}`));
  } catch (cause) {
    throw new SonospeechError("store", {
      action: "compare with what the run was trained on",
      must: `the run folder must hold a readable ${fingerprintsFile}`,
      received: cause instanceof Deno.errors.NotFound ? "none" : cause,
      hint: "resume the run with ./run train, which writes it again while the run's dataset is there",
      cause,
    });
  }
}

/** The certificate that a checkpoint carries, null when it carries none. */
export function certificateOf(metadata: Readonly<Record<string, string>>): SplitCertificate | null {
  return metadata.certificate === undefined ? null : JSON.parse(metadata.certificate);
}

/** One line for the terminal. */
export function certificateLine({ splits, windowsCompared }: SplitCertificate): string {
  const { train, validation, test } = splits;
  const count = (one: { subjects: readonly string[] }) => one.subjects.length.toLocaleString("en");
  return `split certificate: ${count(train)} training, ${count(validation)} validation and ${
    count(test)
  } test ` +
    `subjects are disjoint; of ${
      windowsCompared.toLocaleString("en")
    } windows no pictures and no speech are ` +
    "in two splits";
}

/** All cells of a kind one after another, U8 with 128 for no change; where the scans begin is in the metadata. */
function encodeFingerprints({ basis, scans, tracks }: ScanFingerprints): Uint8Array {
  const tensors = trackKinds.map((kind) => {
    const { dimension } = trackRules[kind];
    const cells = tracks[kind].reduce((sum, track) => sum + track.cells, 0);
    const data = new Uint8Array(cells * dimension);
    let offset = 0;
    for (const { values } of tracks[kind]) {
      values.forEach((value, i) => data[offset + i] = value + 128);
      offset += values.length;
    }
    return [kind, { dtype: "U8" as const, shape: [cells, dimension], data }] as const;
  });
  const cellsOf = (kind: TrackKind) => JSON.stringify(tracks[kind].map(({ cells }) => cells));
  return encodeSafetensors(new Map(tensors), {
    basis: JSON.stringify(basis),
    scans: JSON.stringify(scans),
    pictures_cells: cellsOf("pictures"),
    speech_cells: cellsOf("speech"),
  });
}

function decodeFingerprints(bytes: Uint8Array): ScanFingerprints {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const tracksOf = (kind: TrackKind) => {
    const { data } = tensors.get(kind)!;
    const { dimension } = trackRules[kind];
    let offset = 0;
    return (JSON.parse(metadata[`${kind}_cells`]) as number[]).map((cells) => {
      const part = data.subarray(offset, offset += cells * dimension) as Uint8Array;
      return { cells, values: Int8Array.from(part, (value) => value - 128) };
    });
  };
  return {
    basis: JSON.parse(metadata.basis) as FingerprintBasis,
    scans: JSON.parse(metadata.scans),
    tracks: { pictures: tracksOf("pictures"), speech: tracksOf("speech") },
  };
}
