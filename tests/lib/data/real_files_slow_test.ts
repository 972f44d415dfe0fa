/**
 * What becomes of every public recording; slower than the other tests.
 *
 * @module
 */

import assert from "node:assert/strict";
import { resolvePrepareConfig } from "../../../lib/config.ts";
import { DatasetReader, type QuarantineRecord } from "../../../lib/data/dataset_store.ts";
import { prepareDataset } from "../../../lib/data/prepare.ts";
import { SonospeechError } from "../../../lib/errors.ts";
import { sharedData, sharedDataFolder } from "../shared_data.ts";

const root = sharedData("joined_patient_digit.csv") && sharedDataFolder;
const suffix = root ? "" : " (skipped: the public recordings are not here)";

function realTest(name: string, fn: (folder: string) => Promise<void>): void {
  Deno.test({
    name: name + suffix,
    ignore: !root,
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        await fn(folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

interface Outcome {
  dataset: DatasetReader;
  /** Reason by the file's name. */
  aside: Record<string, string>;
}

async function prepare(inputs: string[], out: string, set: string[] = []): Promise<Outcome> {
  const records: QuarantineRecord[] = [];
  for await (const event of prepareDataset(inputs, out, resolvePrepareConfig({ set }))) {
    if (event.kind === "quarantined") records.push(event.record);
  }
  const aside = Object.fromEntries(records.map(({ sourceName, reason }) => [sourceName, reason]));
  return { dataset: DatasetReader.open(out), aside };
}

realTest("prepareDataset() takes or puts aside each public scan for the right reason", async (folder) => {
  const names = ["uti_satkit", "taote", "tal", "timtrack", "itkpocus", "dicom"];
  const { dataset, aside } = await prepare(names.map((name) => `${root}/${name}`), `${folder}/out`);
  assert.deepEqual(aside, {
    "File156.ult": "unsupported format",
    "File156_asis.mp4": "too short",
    "File156_trim.mp4": "too short",
    "1412524263630946310.mp4": "no audio",
    "1422632248591912967.mp4": "no audio",
    "1426301294831149068.mp4": "no audio",
    "1435042108797341701.mp4": "no audio",
    "1457933751766421505.mp4": "no audio",
    "1503482531773046785.mp4": "no audio",
    "1594356219107573761.mp4": "digital silence",
    "1608892018629152768.mp4": "no audio",
    "gastroc_jumping_timtrack.avi": "no audio",
    "butterfly-ocular-phantom.mp4": "no audio",
    "clarius-ocular-short.mp4": "no audio",
    "OBXXXX1A_rle_2frame.dcm": "unsupported format",
    "examples_rgb_color.dcm": "unsupported format",
    "examples_ybr_color.dcm": "unsupported format",
  });
  assert.deepEqual(dataset.scans().map((scan) => [scan.sourceName, scan.windowCount]), [
    ["70ms-003_cal_light_theme.mp4", 2],
  ]);
  const [first, second] = dataset.windows();
  // The sentence is spoken from about 1.6 s to 4.2 s.
  assert.ok(first.voicedFractionWebrtc < 0.5 && second.voicedFractionWebrtc > 0.8);
  dataset.close();
});

realTest("prepareDataset() honours the start offset of the tongue recordings", async (folder) => {
  const files = ["File156_asis.mp4", "File156_trim.mp4"].map((name) => `${root}/uti_satkit/${name}`);
  const set = ["windowSeconds=1.4", "crop=none", "framesPerWindow=14"];
  const { dataset } = await prepare(files, `${folder}/out`, set);
  for (const scan of dataset.scans()) assert.ok(Math.abs(scan.durationSeconds - 1.494) < 0.005);
  // One file has its pictures start at 0.595 s, in the other the sound was cut there: the same moments must meet.
  const [asis, trim] = ["s0001", "s0002"].map((id) => Float64Array.from(dataset.readPcm(id, 0, 30000)));
  assert.ok(Math.abs(bestLag(asis, trim, 480)) <= 24, `${bestLag(asis, trim, 480)}`);
  const [asisFrames, trimFrames] = ["s0001", "s0002"].map((id) => dataset.readFrames(id, 0, 14));
  const difference = asisFrames.reduce((sum, level, i) => sum + Math.abs(level - trimFrames[i]), 0);
  assert.ok(difference / asisFrames.length < 1, `${difference / asisFrames.length}`);
  dataset.close();
});

/** The shift of `b` against `a` in samples at which they agree best. */
function bestLag(a: Float64Array, b: Float64Array, most: number): number {
  let [best, bestLag] = [-Infinity, 0];
  for (let lag = -most; lag <= most; lag += 4) {
    let sum = 0;
    for (let n = most; n < a.length - most; n++) sum += a[n] * b[n + lag];
    if (sum > best) [best, bestLag] = [sum, lag];
  }
  return bestLag;
}

realTest("prepareDataset() pairs lung videos with spoken digits by a manifest", async (folder) => {
  // As it stands the list asks for a patient in two splits, which must not be.
  await assert.rejects(
    prepare([`${root}/joined_patient_digit.csv`], `${folder}/refused`),
    (error) =>
      error instanceof SonospeechError && /line 4, column split: a subject must be/.test(error.message),
  );
  const text = await Deno.readTextFile(`${root}/joined_patient_digit.csv`);
  const pairs = text.trim().split("\n").slice(1).map((line) => line.split(","));
  const rows = pairs.map(([video, speech, , patient]) =>
    `"${root}/${video}","${root}/${speech}",patient ${patient}`
  );
  const kept = rows.filter((row) => /_L[12]/.test(row));
  await Deno.writeTextFile(`${folder}/pairs.csv`, ["video,speech,subject", ...kept].join("\n"));
  const { dataset, aside } = await prepare([`${folder}/pairs.csv`], `${folder}/out`, ["windowSeconds=0.3"]);
  const short = Object.values(aside).filter((reason) => reason === "too short").length;
  assert.equal(dataset.scans().length + short, kept.length);
  assert.ok(dataset.scans().length >= 0.6 * kept.length, `${dataset.scans().length} of ${kept.length}`);
  const subjects = dataset.summary().subjects;
  assert.ok(subjects.train > subjects.test && subjects.test >= 1 && subjects.validation >= 1);
  // A spoken digit with its edges cut tightly is nearly all voice.
  assert.ok(dataset.summary().speechShareWebrtc > 0.6, `${dataset.summary().speechShareWebrtc}`);
  dataset.close();
});

realTest(
  "prepareDataset() finds no sound in the lung videos and no pictures in the recordings",
  async (folder) => {
    const { dataset, aside } = await prepare([`${root}/blues`, `${root}/speech`], `${folder}/out`);
    const counts: Record<string, number> = {};
    for (const [name, reason] of Object.entries(aside)) {
      const kind = `${name.split(".").pop()}: ${reason}`;
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    assert.deepEqual(counts, { "mp4: no audio": 60, "wav: no video": 154, "flac: no video": 1 });
    assert.equal(dataset.windows().length, 0);
  },
);
