import assert from "node:assert/strict";
import { resolvePrepareConfig } from "../../../lib/config.ts";
import { DatasetReader } from "../../../lib/data/dataset_store.ts";
import { DatasetWriter, type ScanFacts } from "../../../lib/data/dataset_writer.ts";
import { type ErrorCode, SonospeechError } from "../../../lib/errors.ts";

const config = resolvePrepareConfig({
  file: {
    windowSeconds: 1,
    framesPerWindow: 4,
    frameSize: [2, 3],
    spectrogram: { bands: 2, sampleRate: 8000, hopSeconds: 0.5 },
  },
});

const withCode = (code: ErrorCode) => (error: unknown) =>
  error instanceof SonospeechError && error.code === code;

/** Writes a scan of `windowCount` windows: frame n is full of n, column c of −c, sample s is s. */
async function writeScan(writer: DatasetWriter, subject: string, windowCount: number): Promise<string> {
  const { id } = writer.register({ source: `of ${subject}`, sourceName: `${subject}.mp4`, subject });
  const files = await writer.beginScan(id);
  files.frames.append(Uint8Array.from({ length: windowCount * 4 * 6 }, (_, i) => Math.floor(i / 6)));
  files.pcm.append(Int16Array.from({ length: windowCount * 8000 }, (_, i) => i));
  files.log_spectrogram.append(Float16Array.from({ length: windowCount * 4 }, (_, i) => -Math.floor(i / 2)));
  const window = { voicedFractionEnergy: 0.25, voicedFractionWebrtc: 0.75 };
  const facts: ScanFacts = {
    contentHash: `hash ${id}`,
    durationSeconds: windowCount + 0.5,
    axisStartSeconds: 0.25,
    picture: { width: 6, height: 4 },
    crop: { x: 0, y: 0, width: 3, height: 2 },
    notes: ["a note"],
    windows: Array.from({ length: windowCount }, () => window),
  };
  await writer.commitScan(id, files, facts);
  return id;
}

/** A dataset with subjects a, b, c of 3, 2 and 1 windows, and one input put aside. */
async function makeDataset(): Promise<string> {
  const path = await Deno.makeTempDir();
  const writer = await DatasetWriter.open(path, config);
  await writeScan(writer, "a", 3);
  await writeScan(writer, "b", 2);
  const bad = writer.register({ source: "bad", sourceName: "bad.avi", subject: "d" });
  await writer.quarantineScan(bad.id, { reason: "no audio", detail: "there is no sound in it" });
  await writeScan(writer, "c", 1);
  await writer.finish();
  writer.close();
  return path;
}

Deno.test("DatasetReader gives back the facts that DatasetWriter was given", async () => {
  const path = await makeDataset();
  const dataset = DatasetReader.open(path);
  assert.deepEqual(dataset.config, config);
  assert.deepEqual(dataset.scans().map((scan) => [scan.id, scan.subject, scan.windowCount]), [
    ["s0001", "a", 3],
    ["s0002", "b", 2],
    ["s0004", "c", 1],
  ]);
  const { split: _, ...scan } = dataset.scans()[0];
  assert.deepEqual(scan, {
    id: "s0001",
    subject: "a",
    durationSeconds: 3.5,
    windowCount: 3,
    frameCount: 12,
    columnCount: 6,
    sampleCount: 24000,
    contentHash: "hash s0001",
    sourceName: "a.mp4",
    axisStartSeconds: 0.25,
    picture: { width: 6, height: 4 },
    crop: { x: 0, y: 0, width: 3, height: 2 },
    hasGaze: false,
    notes: ["a note"],
  });
  const { split: __, ...window } = dataset.windows({ scanId: "s0002" })[1];
  assert.deepEqual(window, {
    id: 200001,
    scanId: "s0002",
    subject: "b",
    index: 1,
    startSeconds: 1,
    firstFrame: 4,
    frameCount: 4,
    voicedFractionEnergy: 0.25,
    voicedFractionWebrtc: 0.75,
  });
  assert.deepEqual(dataset.quarantine(), [
    {
      scanId: "s0003",
      subject: "d",
      sourceName: "bad.avi",
      reason: "no audio",
      detail: "there is no sound in it",
    },
  ]);
  dataset.close();
  await Deno.remove(path, { recursive: true });
});

Deno.test("DatasetReader has each of three subjects in its own split, windows along", async () => {
  const path = await makeDataset();
  const dataset = DatasetReader.open(path);
  const summary = dataset.summary();
  assert.deepEqual(summary.subjects, { train: 1, validation: 1, test: 1 });
  assert.equal(summary.windows, 6);
  assert.equal(summary.hours, 6 / 3600);
  assert.equal(summary.speechShareWebrtc, 0.75);
  assert.deepEqual(summary.quarantineReasons, { "no audio": 1 });
  for (const split of ["train", "validation", "test"] as const) {
    const scan = dataset.scans().find((scan) => scan.split === split)!;
    assert.deepEqual(dataset.windows({ split }), dataset.windows({ scanId: scan.id }));
    assert.equal(summary.windowsPerSplit[split], scan.windowCount);
  }
  const certificate = JSON.parse(await Deno.readTextFile(`${path}/split.json`));
  assert.deepEqual(certificate.splits.test.subjects, [
    dataset.scans().find((scan) => scan.split === "test")!.subject,
  ]);
  await Deno.remove(path, { recursive: true });
});

Deno.test("DatasetReader reads the rows asked for and fills up outside the scan", async () => {
  const path = await makeDataset();
  const dataset = DatasetReader.open(path);
  assert.deepEqual([...dataset.readFrames("s0001", 4, 2)], [4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5]);
  assert.throws(() => dataset.readFrames("s0001", 11, 2), withCode("store"));
  const floor = Math.fround(Math.log(1e-10));
  assert.deepEqual([...dataset.readLogSpectrogram("s0001", -1, 3)], [floor, floor, -0, -0, -1, -1]);
  assert.deepEqual([...dataset.readLogSpectrogram("s0001", 5, 2)], [-5, -5, floor, floor]);
  assert.deepEqual([...dataset.readLogSpectrogram("s0001", 100, 1)], [floor, floor]);
  assert.deepEqual([...dataset.readPcm("s0004", -2, 4)], [0, 0, 0, 1]);
  assert.deepEqual([...dataset.readPcm("s0004", 7999, 2)], [7999, 0]);
  assert.throws(() => dataset.readPcm("s0003", 0, 1), withCode("store"));
  dataset.close();
  await Deno.remove(path, { recursive: true });
});

Deno.test("DatasetReader.id is the same for equal content and another for other content", async () => {
  const [one, two] = [await makeDataset(), await makeDataset()];
  assert.equal(DatasetReader.open(one).id, DatasetReader.open(two).id);
  const writer = await DatasetWriter.open(two, config);
  await writeScan(writer, "e", 1);
  await writer.finish();
  writer.close();
  assert.notEqual(DatasetReader.open(one).id, DatasetReader.open(two).id);
  for (const path of [one, two]) await Deno.remove(path, { recursive: true });
});

Deno.test("DatasetReader.open() refuses no dataset, an incomplete one and another version", async () => {
  const path = await Deno.makeTempDir();
  assert.throws(() => DatasetReader.open(path), withCode("store"));
  const writer = await DatasetWriter.open(path, config);
  await writeScan(writer, "a", 1);
  writer.close();
  assert.throws(() => DatasetReader.open(path), withCode("store"));
  await Deno.writeTextFile(`${path}/dataset.json`, JSON.stringify({ formatVersion: 99, config }));
  assert.throws(() => DatasetReader.open(path), withCode("store"));
  await Deno.remove(path, { recursive: true });
});

Deno.test("DatasetReader.open() refuses a damaged index", async () => {
  const path = await makeDataset();
  await Deno.writeFile(`${path}/index.sqlite`, new Uint8Array(4000).fill(7));
  assert.throws(() => DatasetReader.open(path), { code: "store", message: /its index must be readable/ });
});

Deno.test("DatasetWriter.open() refuses a second writer, other settings and a foreign folder", async () => {
  const path = await makeDataset();
  const first = await DatasetWriter.open(path, config);
  await assert.rejects(DatasetWriter.open(path, config), withCode("locked"));
  first.close();
  const other = resolvePrepareConfig({ file: config, set: ["spectrogram.bands=3"] });
  await assert.rejects(DatasetWriter.open(path, other), (error: SonospeechError) => {
    assert.equal(error.code, "config");
    assert.match(error.message, /spectrogram\.bands was 2 and now is 3/);
    return true;
  });
  await Deno.remove(path, { recursive: true });
  await Deno.mkdir(`${path}/precious`, { recursive: true });
  await assert.rejects(DatasetWriter.open(path, config), withCode("store"));
  await Deno.remove(path, { recursive: true });
});

Deno.test("DatasetWriter.open() removes what a cut-off run left and keeps what was finished", async () => {
  const path = await makeDataset();
  await Deno.mkdir(`${path}/scans/s0009.partial`);
  await Deno.mkdir(`${path}/scans/s0009`);
  const writer = await DatasetWriter.open(path, config);
  writer.close();
  const left = [...Deno.readDirSync(`${path}/scans`)].map((entry) => entry.name).sort();
  assert.deepEqual(left, ["s0001", "s0002", "s0004"]);
  await Deno.remove(path, { recursive: true });
});

Deno.test("DatasetWriter.finish() keeps a subject's split unless the manifest asks for another", async () => {
  const path = await makeDataset();
  const before = DatasetReader.open(path).scans().map(({ subject, split }) => [subject, split]);
  const writer = await DatasetWriter.open(path, config);
  for (const subject of ["e", "f", "g", "h", "i", "j"]) await writeScan(writer, subject, 1);
  await writer.finish();
  const after = new Map(
    DatasetReader.open(path).scans().map(({ subject, split }) => [subject, split] as const),
  );
  for (const [subject, split] of before) assert.equal(after.get(subject), split);
  writer.registerAll([{ source: "of a", sourceName: "a.mp4", subject: "a", split: "test" }]);
  await writer.finish();
  assert.equal(DatasetReader.open(path).scans()[0].split, "test");
  const another = { source: "new", sourceName: "n.mp4", subject: "a", split: "train" as const };
  assert.throws(() => writer.registerAll([another]), withCode("input"));
  await writer.finish();
  assert.equal(DatasetReader.open(path).scans()[0].split, "test");
  writer.close();
  await Deno.remove(path, { recursive: true });
});
