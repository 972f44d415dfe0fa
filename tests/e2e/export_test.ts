/**
 * A run taken elsewhere, as a user does it: models, embeddings, searches, metrics, and a training that starts from it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DatasetReader } from "../../lib/data/dataset_store.ts";
import { decodeSafetensors } from "../../lib/records/safetensors.ts";
import { findTorch, runPython } from "../helpers/python.ts";
import { relativeError, withOnnx } from "../helpers/onnx_runtime.ts";
import { readEventFile } from "../helpers/tfevents.ts";
import { ffmpeg } from "../lib/media/make_media.ts";

const script = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "run");
const decoder = new TextDecoder();

async function tell(cwd: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(script, { args, cwd }).output();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function run(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await tell(cwd, ...args);
  assert.equal(code, 0, `${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

const size = ["--subjects", "6", "--seconds", "12", "--frame-rate", "8", "--frame-size", "64x80"];
const device = ["--device", "wasm"];

Deno.test("a run is exported, embeds, is searched and starts another", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder, "phantom", "--out", "scans", ...size);
    await run(folder, "prepare", "scans", "--out", "data");
    const short = ["--set", "data.batchSize=4", "--set", "training.epochs=2", ...device];
    await run(folder, "train", "data", "--run", "runs/first", ...short);
    await run(folder, "evaluate", "runs/first", "data", ...device);

    await modelsAgree(folder);
    await metricsAreTheRuns(folder);
    await videosEmbedLikeTheirDataset(folder);
    await searchesFind(folder);

    const start = ["--start", "torch/model.safetensors"];
    const other = await tell(folder, "train", "data", "--run", "runs/second", ...start, ...short);
    assert.equal(other.code, 0, other.stderr);
    assert.match(other.stderr, /starting from 57 of 57 parameters \(pytorch names\)/);
    const record = JSON.parse(await Deno.readTextFile(`${folder}/runs/second/run.json`));
    assert.equal(record.start.names, "pytorch");
    const passport = JSON.parse(await Deno.readTextFile(`${folder}/torch/passport.json`));
    assert.deepEqual(record.start.trainedOn, passport.dataset.trainedOn);
    assert.equal((await tell(folder, "train", "data", "--run", "runs/second", ...start)).code, 2);
    await refusesHeldOutSubjects(folder);
    await remembersSubjectsOfItsStart(folder);
    await refusesOtherSpectrograms(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function modelsAgree(folder: string): Promise<void> {
  const passport = JSON.parse(
    await run(folder, "export", "runs/first", "--format", "onnx", "--out", "onnx", "--json", ...device),
  );
  assert.equal(passport.networks.length, 4);
  assert.deepEqual(passport.evaluations.map(({ split }: { split: string }) => split), ["test", "validation"]);
  assert.equal(passport.dataset.subjects.train.count, passport.dataset.trainedOn.length);
  const { tensors } = decodeSafetensors(await Deno.readFile(`${folder}/onnx/parity.safetensors`));
  const tensor = (name: string) => {
    const { shape, data } = tensors.get(name)!;
    return { shape, data: data as Float32Array };
  };
  for (const { name, file, input, output } of passport.networks) {
    await withOnnx(await Deno.readFile(`${folder}/onnx/${file}`), async (session) => {
      const found = (await session.run(new Map([[input, tensor(input)]]))).get(output)!;
      assert.ok(relativeError(found, tensor(name)) < 1e-5, name);
    });
  }
  assert.match(
    await run(folder, "export", "runs/first", "--format", "safetensors", "--out", "torch", ...device),
    /video_embedding +model\.safetensors +0\.0e\+0/,
  );
  const python = await findTorch();
  if (python) await runPython(python, `${folder}/torch/modeling_sonospeech.py`);
}

async function metricsAreTheRuns(folder: string): Promise<void> {
  await run(folder, "export", "runs/first", "--format", "jsonl", "--out", "log");
  await run(folder, "export", "runs/first", "--format", "tensorboard", "--out", "log");
  const lines = (await Deno.readTextFile(`${folder}/log/events.jsonl`)).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  const steps = lines.filter(({ kind }) => kind === "step");
  const [{ name }] = [...Deno.readDirSync(`${folder}/log`)].filter(({ name }) => name.includes("tfevents"));
  const scalars = readEventFile(await Deno.readFile(`${folder}/log/${name}`)).filter(({ scalars }) =>
    "loss/total" in scalars
  );
  assert.ok(steps.length > 1);
  assert.deepEqual(
    scalars.map(({ step, scalars }) => [step, scalars["loss/total"]]),
    steps.map(({ step, metrics }) => [step, Math.fround(metrics["loss.total"])]),
  );
}

async function videosEmbedLikeTheirDataset(folder: string): Promise<void> {
  await run(folder, "embed", "runs/first", "data", "--out", "embedded", ...device);
  const told = JSON.parse(
    await run(folder, "embed", "runs/first", "scans", "--out", "videos", "--json", ...device),
  );
  assert.equal(told.scans.length, 6);
  assert.deepEqual([...Deno.readDirSync(`${folder}/videos`)].map(({ name }) => name).sort(), [
    "embeddings.csv",
    "embeddings.parquet",
    "embeddings.safetensors",
    "passport.json",
  ]);
  const [a, b] = await Promise.all(
    ["embedded", "videos"].map(async (name) =>
      decodeSafetensors(await Deno.readFile(`${folder}/${name}/embeddings.safetensors`)).tensors
    ),
  );
  for (const name of ["video", "speech", "window_ids", "start_seconds"]) {
    assert.deepEqual(b.get(name), a.get(name));
  }
}

/** Queries taken out of the dataset must find their own window, or its like, first. */
async function searchesFind(folder: string): Promise<void> {
  const dataset = DatasetReader.open(`${folder}/data`);
  const [height, width] = dataset.config.frameSize;
  const { sampleRate } = dataset.config.spectrogram;
  const window = dataset.windows()[8];
  await Deno.writeFile(`${folder}/frame.gray`, dataset.readFrames(window.scanId, window.firstFrame + 3, 1));
  const raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", `${width}x${height}`];
  await ffmpeg(...raw, "-i", `${folder}/frame.gray`, "-update", "1", `${folder}/frame.png`);
  const { durationSeconds } = dataset.scans().find(({ id }) => id === window.scanId)!;
  const pcm = dataset.readPcm(window.scanId, 0, Math.floor(durationSeconds * sampleRate));
  await Deno.writeFile(`${folder}/sound.pcm`, new Uint8Array(pcm.buffer));
  await ffmpeg(
    "-f",
    "s16le",
    "-ar",
    `${sampleRate}`,
    "-ac",
    "1",
    "-i",
    `${folder}/sound.pcm`,
    `${folder}/sound.wav`,
  );
  dataset.close();

  const search = async (...args: string[]) =>
    JSON.parse(await run(folder, "search", "runs/first", "data", ...args, "--json", ...device));
  const seen = await search("--frame", "frame.png", "--among", "video", "--top", "2");
  assert.equal(seen.hits.length, 2);
  assert.equal(seen.hits[0].windowId, window.id);
  assert.ok(seen.hits[0].similarity > 0.95 && seen.hits[0].similarity > seen.medianSimilarity);
  assert.deepEqual([seen.query, seen.among, seen.searched], ["video", "video", 36]);
  const said = await search("--speech", "sound.wav");
  assert.deepEqual([said.query, said.among, said.hits.length], ["speech", "video", 10]);
  const spoken = await search("--text", "four chamber view of the heart", "--split", "test");
  assert.ok(spoken.hits.every(({ split }: { split: string }) => split === "test"));
  assert.ok(spoken.hits.every(({ similarity }: { similarity: number }) => Math.abs(similarity) <= 1));
  const table = await run(folder, "search", "runs/first", "data", "--frame", "frame.png", ...device);
  assert.match(
    table,
    /similarity +scan +split +time +label +file\n1 +-?\d\.\d{3} +s\d{4} +[a-z]+ +0:\d\d\.0–0:\d\d\.0/,
  );
}

/** Spectrograms of the same size but another kind would give answers that mean nothing. */
async function refusesOtherSpectrograms(folder: string): Promise<void> {
  await run(folder, "prepare", "scans", "--out", "linear", "--set", "spectrogram.scale=linear");
  for (
    const words of [
      ["search", "runs/first", "linear", "--text", "heart"],
      ["embed", "runs/first", "linear", "--out", "x"],
    ]
  ) {
    const { code, stderr } = await tell(folder, ...words);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /spectrograms must be as the run heard them.*mel/);
  }
  assert.equal((await tell(folder, "embed", "runs/first", "scans", "--out", "x", "--split", "test")).code, 2);
}

/** A run on new subjects that starts from the first one was trained on the first one's subjects, too. */
async function remembersSubjectsOfItsStart(folder: string): Promise<void> {
  await run(folder, "phantom", "--out", "others", "--seed", "9", ...size);
  await Deno.rename(`${folder}/others/manifest.csv`, `${folder}/others/list.csv`);
  const list = await Deno.readTextFile(`${folder}/others/list.csv`);
  await Deno.writeTextFile(`${folder}/others/list.csv`, list.replaceAll(/,s(\d{4}),/g, ",new$1,"));
  await run(folder, "prepare", "others/list.csv", "--out", "data3");
  const args = ["--run", "runs/fourth", "--start", "torch/model.safetensors", ...device];
  await run(folder, "train", "data3", ...args, "--set", "data.batchSize=4", "--set", "training.epochs=1");
  const { code, stderr } = await tell(folder, "evaluate", "runs/fourth", "data2", ...device);
  assert.equal(code, 3, stderr);
  assert.match(stderr, /no subject may have been trained on/);
}

/** The same subjects, of which some that were trained on are held out now. */
async function refusesHeldOutSubjects(folder: string): Promise<void> {
  await run(folder, "prepare", "scans", "--out", "data2", "--set", "seed=5");
  const args = ["train", "data2", "--run", "runs/third", "--start", "torch/model.safetensors"];
  const { code, stderr } = await tell(folder, ...args);
  assert.equal(code, 3, stderr);
  assert.match(stderr, /must not have been trained on subjects that this dataset holds out/);
}
