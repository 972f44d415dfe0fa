/**
 * Refuses to evaluate on what was trained on.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import type { WindowRecord } from "./dataset_store.ts";
import type { WindowSource } from "./inputs.ts";
import {
  describeDuplicates,
  findNearDuplicates,
  fingerprintBasis,
  type ScanFingerprints,
} from "./scan_fingerprints.ts";
import { certificateVersion, type CertifyOptions, type SplitCertificate } from "./split_certificate.ts";
import { type Split, subjectDigest } from "./split.ts";

/** What a run says of the data it was trained on. */
export interface TrainedOn {
  /** The certificate that the checkpoint carries; null when it carries none. */
  certificate: SplitCertificate | null;
  /** Digests of the subjects that the weights it started from were trained on. */
  startSubjects?: readonly string[];
  /** Reads the fingerprints of the training scans; asked for only where the dataset is not the certified one. */
  trainFingerprints?: () => Promise<ScanFingerprints>;
}

/** What is refused, and what helps. */
type Refuse = (must: string, received: unknown, hint: string) => never;

const again = "train it again: training certifies the split first";
const others = "evaluate on the dataset of the run, or on other subjects";

/**
 * Refuses to evaluate where something of the split was trained on, or nobody can say that it was not.
 *
 * On the certified dataset the certificate answers. On any other one the split's subjects are compared with the
 * training subjects' digests, its pictures and speech with the training scans' fingerprints.
 *
 * @throws SonospeechError `input` when there is no certificate or it does not cover the split, or when a subject, a
 * picture or speech of the split was trained on.
 */
export async function refuseTrainedData(
  dataset: WindowSource,
  split: Split,
  trainedOn: TrainedOn,
  options: CertifyOptions = {},
): Promise<void> {
  const refuse: Refuse = (must, received, hint) => {
    throw new SonospeechError("input", { action: `evaluate on the ${split} split`, must, received, hint });
  };
  const { certificate } = trainedOn;
  if (certificate === null) return refuse("the run must have a split certificate", "none", again);
  if (certificate.version !== certificateVersion) {
    refuse(`its split certificate must be of version ${certificateVersion}`, certificate.version, again);
  }
  const windows = dataset.windows({ split });
  const digests = [...new Set(windows.map(({ subject }) => subject))].map(subjectDigest);
  const trained = new Set([...certificate.splits.train.subjects, ...trainedOn.startSubjects ?? []]);
  const shared = digests.filter((digest) => trained.has(digest)).length;
  if (shared > 0) {
    refuse(
      "no subject may have been trained on",
      `${shared} of ${digests.length} subjects that were`,
      others,
    );
  }
  if (dataset.id === certificate.datasetId) {
    const covered = new Set(certificate.splits[split].subjects);
    const missing = digests.filter((digest) => !covered.has(digest)).length;
    if (missing > 0) {
      refuse("its split certificate must cover the split", `${missing} subjects it does not`, again);
    }
  } else {
    await refuseCopies(dataset, windows, trainedOn, refuse, options);
  }
}

async function refuseCopies(
  dataset: WindowSource,
  windows: readonly WindowRecord[],
  { trainFingerprints }: TrainedOn,
  refuse: Refuse,
  { signal, onProgress }: CertifyOptions,
): Promise<void> {
  const known = await trainFingerprints?.();
  if (!known) return refuse("the fingerprints of the run's training scans must be there", "none", again);
  const [basis, wanted] = [fingerprintBasis(dataset), known.basis].map((one) => JSON.stringify(one));
  if (basis !== wanted) {
    const hint = "prepare it with the settings of the run's dataset";
    refuse(`the dataset's spectrograms must be like the run's, ${wanted}`, basis, hint);
  }
  const total = new Set(windows.map(({ scanId }) => scanId)).size;
  let done = 0;
  const onScan = () => onProgress?.(++done, total);
  const found = await findNearDuplicates(known, dataset, windows, { signal, onScan });
  if (found.length === 0) return;
  const pairs = describeDuplicates(found, (scan) => `training scan ${scan}`, (scan) => scan);
  refuse(`no pictures and no speech may have been trained on, but there are ${pairs}`, undefined, others);
}
