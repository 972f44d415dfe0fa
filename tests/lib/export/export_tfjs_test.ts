import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { planeClassifierNetwork, saliencyNetwork } from "../../../lib/export/encoder_networks.ts";
import type { OnnxExportOptions } from "../../../lib/export/export_onnx.ts";
import { exportTfjs } from "../../../lib/export/export_tfjs.ts";
import type { TfModelJson } from "../../../lib/export/tfjs_model.ts";
import { readTfjs } from "../../../lib/export/tfjs_reader.ts";
import { requireParity } from "../../../lib/export/parity.ts";
import { InputReader } from "../../../lib/data/inputs.ts";
import { decodeSafetensors } from "../../../lib/records/safetensors.ts";
import type { Tensor } from "../../../lib/tensor/executor.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";
import { inWasm } from "../../helpers/fine_tuning.ts";
import { relativeError } from "../../helpers/onnx_runtime.ts";
import { runTfjs } from "../../helpers/tfjs_runtime.ts";
import { grownParametersOf, smallRun, trainedRun } from "../../helpers/trained_run.ts";

/** Exports into a folder of its own. */
async function withExport(
  options: Partial<OnnxExportOptions>,
  check: (folder: string, passport: Awaited<ReturnType<typeof exportTfjs>>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await inWasm(async (executor) => {
      await check(folder, await exportTfjs({ run: trainedRun(), executor, folder, ...options }));
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function modelIn(folder: string, file: string): Promise<{ json: TfModelJson; weights: Uint8Array }> {
  const json = JSON.parse(await Deno.readTextFile(`${folder}/${file}`)) as TfModelJson;
  return { json, weights: await Deno.readFile(`${folder}/${json.weightsManifest[0].paths[0]}`) };
}

/** Compares every network of an export with its samples. */
async function compareAll(
  folder: string,
  { networks }: Awaited<ReturnType<typeof exportTfjs>>,
): Promise<void> {
  const { tensors } = decodeSafetensors(await Deno.readFile(`${folder}/parity.safetensors`));
  const sample = (name: string) => tensors.get(name) as unknown as Tensor;
  for (const { name, file, input, output } of networks) {
    const { json, weights } = await modelIn(folder, file);
    assert.deepEqual(Object.keys(json.signature.inputs), [input]);
    const results = await runTfjs(json, weights, new Map([[input, sample(input)]]));
    const error = relativeError(results.get(output)!, sample(name));
    assert.ok(error < 1e-5, `${name}: ${error}`);
  }
}

Deno.test("exportTfjs() writes what TensorFlow.js computes like the run, with card, passport and hashes", () =>
  withExport({}, async (folder, passport) => {
    await compareAll(folder, passport);
    assert.deepEqual(passport.networks.map(({ file }) => file), [
      "video_encoder.json",
      "video_embedding.json",
      "speech_encoder.json",
      "speech_embedding.json",
    ]);
    assert.deepEqual(passport.preprocessing.frames.shape, [-1, 16, 20, 1]);
    const { json } = await modelIn(folder, "video_encoder.json");
    const told = JSON.parse(json.userDefinedMetadata!["sonospeech.preprocessing"]);
    assert.deepEqual([told.input, told.shape], ["frames", [-1, 16, 20, 1]]);
    const card = await Deno.readTextFile(`${folder}/README.md`);
    assert.match(card, /loadGraphModel\("video_encoder\.json"\)/);
    assert.match(card, /`frames` is float32 `\[batch, 16, 20, 1\]`/);
    assert.doesNotMatch(card + JSON.stringify(passport), /anna/);
    assert.ok(passport.files.some(({ name }) => name === "video_encoder.bin"));
  }));

Deno.test("exportTfjs() agrees with the run on windows of a dataset, one row at a time", () =>
  withExport({}, async (folder, passport) => {
    const run = trainedRun();
    const source = fakeWindows({ scans: 2, windowsPerScan: 2 });
    const reader = new InputReader(source, run.config.model, 1);
    const sizes = { frames: run.config.model.frameSize, speech: run.config.model.speechSize };
    for (const { file, input, output } of passport.networks) {
      const { json, weights } = await modelIn(folder, file);
      const [height, width] = sizes[input];
      const data = new Float32Array(height * width);
      const { scanId, firstFrame, startSeconds } = source.windows()[1];
      if (input === "frames") reader.frame(scanId, firstFrame, data, 0);
      else reader.speech(scanId, startSeconds, data, 0);
      const feeds = new Map([[input, { shape: [1, height, width, 1], data }]]);
      const results = await runTfjs(json, weights, feeds);
      const read = readTfjs(JSON.stringify(json), weights, 1);
      const expected = await inWasm(async (executor) => {
        const program = await executor.compileInference({ y: read.outputs[output] }, read.parameters);
        const { y } = Object.fromEntries(await program.run(feeds));
        program.dispose();
        return y;
      });
      assert.ok(relativeError(results.get(output)!, expected) < 1e-5, file);
    }
  }));

Deno.test("exportTfjs() computes any number of rows, none included", () =>
  withExport({}, async (folder, passport) => {
    const { tensors } = decodeSafetensors(await Deno.readFile(`${folder}/parity.safetensors`));
    for (const { name, file, input, output } of passport.networks) {
      const { json, weights } = await modelIn(folder, file);
      const { shape: [, ...rest], data } = tensors.get(input) as unknown as Tensor;
      const size = rest.reduce((product, side) => product * side, 1);
      const expected = (tensors.get(name) as unknown as Tensor).shape[1];
      for (const rows of [0, 1, 3]) {
        const values = new Float32Array(rows * size);
        for (let row = 0; row < rows; row++) values.set(data.subarray(0, size), row * size);
        const feeds = new Map([[input, { shape: [rows, ...rest], data: values }]]);
        const result = (await runTfjs(json, weights, feeds)).get(output)!;
        assert.deepEqual(result.shape, [rows, expected], `${name}, ${rows} rows`);
        assert.ok(result.data.every(Number.isFinite));
      }
    }
  }));

Deno.test("exportTfjs() takes residual encoders with groups and gates, classifiers and saliency networks", async () => {
  const { model } = resolveRunConfig({
    file: { ...smallRun, model: { ...smallRun.model, encoder: "seResNeXt50", widthMultiplier: 0.125 } },
  });
  const networks = [planeClassifierNetwork(model, ["a", "b", "c"]), saliencyNetwork(model, [4, 5])];
  await withExport({ networks, parameters: grownParametersOf(networks) }, async (folder, passport) => {
    assert.equal(passport.networks.length, 2);
    await compareAll(folder, passport);
    const text = await Deno.readTextFile(`${folder}/plane_classifier.json`);
    assert.ok(text.includes('"Split"'), "groups are convolutions of their own");
  });
});

Deno.test("readTfjs() and requireParity() tell a file that was changed", () =>
  withExport({}, async (folder) => {
    const { json, weights } = await modelIn(folder, "video_encoder.json");
    const { tensors } = decodeSafetensors(await Deno.readFile(`${folder}/parity.safetensors`));
    const feeds = new Map([["frames", tensors.get("frames") as unknown as Tensor]]);
    const compute = (bytes: Uint8Array) =>
      inWasm(async (executor) => {
        const read = readTfjs(JSON.stringify(json), bytes, 2);
        const program = await executor.compileInference({ y: read.outputs.features }, read.parameters);
        const { y } = Object.fromEntries(await program.run(feeds));
        program.dispose();
        return y;
      });
    const expected = tensors.get("video_encoder") as unknown as Tensor;
    assert.ok(requireParity("it", await compute(weights), expected) < 1e-5);
    const floats = new Float32Array(Uint8Array.from(weights).buffer);
    const first = json.weightsManifest[0].weights[0];
    assert.equal(first.dtype, "float32");
    floats[0] += 1;
    const changed = await compute(new Uint8Array(floats.buffer));
    assert.throws(() => requireParity("it", changed, expected), /to 0\.0001 of the largest value/);
  }));
