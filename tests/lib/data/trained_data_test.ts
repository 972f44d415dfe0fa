import assert from "node:assert/strict";
import { certifySplit } from "../../../lib/data/split_certificate.ts";
import { refuseTrainedData, type TrainedOn } from "../../../lib/data/trained_data.ts";
import {
  readCertificate,
  readTrainFingerprints,
  saveCertificate,
} from "../../../lib/training/run_certificate.ts";
import { type RecordedScan, recordedScans } from "../../helpers/recorded_scans.ts";

const scans: RecordedScan[] = [{ split: "train" }, { split: "validation" }, { split: "test" }];
const dataset = recordedScans(scans);

/** Certifies the dataset and gives what a run folder keeps of it. */
async function withRun(test: (trainedOn: TrainedOn) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    assert.equal(await readCertificate(folder), null);
    await assert.rejects(readTrainFingerprints(folder), { code: "store" });
    const certified = await certifySplit(dataset);
    await saveCertificate(folder, certified);
    assert.deepEqual(await readCertificate(folder), certified.certificate);
    assert.deepEqual(await readTrainFingerprints(folder), certified.trainFingerprints);
    const certificate = await readCertificate(folder);
    await test({ certificate, trainFingerprints: () => readTrainFingerprints(folder) });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Another dataset whose only test scan is made so. */
function other(scan: Omit<RecordedScan, "split">) {
  const foreign: RecordedScan = { split: "test", subject: "stranger", pictures: 91, speech: 91, ...scan };
  return recordedScans([foreign], "other");
}

Deno.test("refuseTrainedData() lets the certified dataset and foreign recordings pass", () =>
  withRun(async (trainedOn) => {
    await refuseTrainedData(dataset, "test", { certificate: trainedOn.certificate });
    await refuseTrainedData(dataset, "validation", trainedOn);
    await refuseTrainedData(other({}), "test", trainedOn);
  }));

Deno.test("refuseTrainedData() refuses copies of training scans in another dataset, whoever they are said to be", () =>
  withRun(async (trainedOn) => {
    for (const scan of [{ pictures: 1, noise: 5 }, { speech: 1, startSeconds: 1.4 }]) {
      const kind = "pictures" in scan ? "pictures" : "speech";
      await assert.rejects(refuseTrainedData(other(scan), "test", trainedOn), {
        code: "input",
        message: new RegExp(`may have been trained on, but there are ${kind} of training scan s0001 at`),
      });
    }
    await refuseTrainedData(other({ pictures: 3, speech: 3 }), "test", trainedOn);
  }));

Deno.test("refuseTrainedData() refuses trained subjects by digest and whatever it cannot answer for", () =>
  withRun(async ({ certificate, trainFingerprints }) => {
    const refused = (run: TrainedOn, message: RegExp, source = other({})) =>
      assert.rejects(refuseTrainedData(source, "test", run), { code: "input", message });
    await refused({ certificate, trainFingerprints }, /no subject may.*1 of 1/, other({ subject: "p0" }));
    await refused({ certificate: null, trainFingerprints }, /must have a split certificate/);
    await refused({ certificate: { ...certificate!, version: 0 } }, /must be of version 1, received 0/);
    await refused({ certificate }, /fingerprints of the run's training scans must be there/);
    const changed = recordedScans([...scans, { split: "test" }]);
    await refused({ certificate, trainFingerprints }, /must cover the split, received "1 subjects/, changed);
    const linear = other({});
    const config = {
      ...linear.config,
      spectrogram: { ...linear.config.spectrogram, scale: "linear" as const },
    };
    await refused({ certificate, trainFingerprints }, /spectrograms must be like/, { ...linear, config });
  }));
