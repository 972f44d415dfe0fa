/**
 * What becomes of every public recording; slower than the other tests.
 *
 * @module
 */

import assert from "node:assert/strict";
import { resolvePrepareConfig } from "../../../lib/config.ts";
import { DatasetReader, type QuarantineRecord } from "../../../lib/data/dataset_store.ts";
import { decodePcm } from "../../../lib/media/decode.ts";
import { findMasks } from "../../../lib/data/find_masks.ts";
import { prepareDataset } from "../../../lib/data/prepare.ts";
import { listScans } from "../../../lib/data/prepare_inputs.ts";
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
    "examples_rgb_color.dcm": "no video",
    "examples_ybr_color.dcm": "no audio",
  });
  assert.deepEqual(dataset.scans().map((scan) => [scan.sourceName, scan.windowCount]), [
    ["70ms-003_cal_light_theme.mp4", 2],
  ]);
  // A sound wave, its spectrogram, a tongue and a camera on the lips: the largest of what moves is no sector.
  const [{ mask, notes }] = dataset.scans();
  assert.deepEqual(mask!.doubts!.map((doubt) => doubt.match(/parts|notches|ragged/)?.[0]), [
    "parts",
    "notches",
    "ragged",
  ]);
  assert.ok(notes.some((note) => note.startsWith("its mask is doubtful: 2 parts of the picture move")));
  const [first, second] = dataset.windows();
  // The sentence is spoken from about 1.6 s to 4.2 s.
  assert.ok(first.voicedFractionWebrtc < 0.5 && second.voicedFractionWebrtc > 0.8);
  dataset.close();
});

realTest("findMasks() doubts masks where a public clip does not show one whole sector", async () => {
  const doubtsOf = async (file: string) => {
    const { masks } = await findMasks((await listScans([`${root}/${file}`])).items, { scanner: "" });
    return masks[0].template.doubts.length;
  };
  for (const file of ["tal/70ms-003_cal_light_theme.mp4", "taote/1435042108797341701.mp4"]) {
    assert.ok(await doubtsOf(file) > 0, file);
  }
  for (const file of ["itkpocus/clarius-ocular-short.mp4", "taote/1457933751766421505.mp4"]) {
    assert.equal(await doubtsOf(file), 0, file);
  }
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

realTest(
  "prepareDataset() keeps the word times of the tongue recordings' TextGrid within one frame",
  async (folder) => {
    const at = (name: string) => `${root}/uti_satkit/${name}`;
    // Times of the TextGrid, of the raw pictures and of the raw sound are on one clock, which starts with the sound.
    const facts = await Deno.readTextFile(at("File156US.txt"));
    const fact = (name: string) => Number(new RegExp(`${name}=([\\d.]+)`).exec(facts)![1]);
    const [rate, firstSeconds] = [fact("FramesPerSec"), fact("TimeInSecsOfFirstFrame")];
    const frame = 1 / rate;
    const word = /xmin = ([\d.]+)\s+xmax = ([\d.]+)\s+text = "gap"/.exec(
      await Deno.readTextFile(at("File156.TextGrid")),
    )!;
    const [wordStart, wordEnd] = [Number(word[1]), Number(word[2])];
    const windowSeconds = 1.4;
    const framesPerWindow = Math.round(windowSeconds * rate);
    const set = [`windowSeconds=${windowSeconds}`, `framesPerWindow=${framesPerWindow}`, "crop=none"];
    const { dataset } = await prepare([at("File156_asis.mp4")], `${folder}/out`, set);
    const [scan] = dataset.scans();

    // Sound: from the beep before the word to the axis's end, against the raw sound of the same times.
    const { sampleRate } = dataset.config.spectrogram;
    const raw = await rawSound(at("File156.wav"), sampleRate);
    const from = 1.6;
    const count = Math.floor(
      (Math.min(wordEnd, scan.axisStartSeconds + scan.durationSeconds) - from) * sampleRate,
    );
    const heard = Float64Array.from(
      dataset.readPcm(scan.id, Math.round((from - scan.axisStartSeconds) * sampleRate), count),
    );
    const truth = raw.subarray(Math.round(from * sampleRate), Math.round(from * sampleRate) + count);
    const soundLag = bestLag(truth, heard, Math.round(3 * frame * sampleRate)) / sampleRate;
    assert.ok(Math.abs(soundLag) <= frame, `sound ${(1000 * soundLag).toFixed(1)} ms`);

    // Pictures: how bright they are, over the time around the word, against the raw pictures.
    const size = fact("NumVectors") * fact("PixPerVector");
    const ult = await Deno.readFile(at("File156.ult"));
    const rawLevels = Array.from(
      { length: Math.floor(ult.length / size) },
      (_, k) => meanOf(ult.subarray(k * size, (k + 1) * size)),
    );
    const pixels = dataset.config.frameSize[0] * dataset.config.frameSize[1];
    const shown = dataset.readFrames(scan.id, 0, framesPerWindow);
    const levels = Array.from(
      { length: framesPerWindow },
      (_, n) => meanOf(shown.subarray(n * pixels, (n + 1) * pixels)),
    );
    const secondsOf = (n: number) => scan.axisStartSeconds + (n * windowSeconds) / framesPerWindow;
    const places = levels.flatMap((_, n) =>
      secondsOf(n) > wordStart - 0.6 && secondsOf(n) < wordEnd ? [n] : []
    );
    const lags = Array.from({ length: 41 }, (_, i) => (i - 20) * 0.25);
    const agreement = lags.map((lag) =>
      correlation(
        places.map((n) => levels[n]),
        places.map((n) => interpolated(rawLevels, (secondsOf(n) - firstSeconds) * rate + lag)),
      )
    );
    const best = lags[agreement.indexOf(Math.max(...agreement))];
    assert.ok(Math.max(...agreement) > 0.8, `agreement ${Math.max(...agreement)}`);
    assert.ok(Math.abs(best) <= 1, `pictures ${best} frames`);
    dataset.close();
  },
);

async function rawSound(path: string, sampleRate: number): Promise<Float64Array> {
  const chunks: number[] = [];
  await decodePcm({
    path,
    streamIndex: 0,
    startSeconds: 0,
    sampleRate,
    onSamples: (samples) => void chunks.push(...samples),
  });
  return Float64Array.from(chunks);
}

function meanOf(values: Uint8Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function interpolated(values: readonly number[], place: number): number {
  const low = Math.min(values.length - 2, Math.max(0, Math.floor(place)));
  return values[low] + (values[low + 1] - values[low]) * (place - low);
}

/** Of how both change from one to the next, so that a slow drift does not count. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const change = (values: readonly number[]) => values.slice(1).map((value, i) => value - values[i]);
  const [x, y] = [change(a), change(b)];
  const dot = (p: readonly number[], q: readonly number[]) =>
    p.reduce((sum, value, i) => sum + value * q[i], 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

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
