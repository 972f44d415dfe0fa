import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import {
  encoderNetworks,
  planeClassifierNetwork,
  saliencyNetwork,
} from "../../../lib/export/encoder_networks.ts";
import { exportOnnx, type OnnxExportOptions } from "../../../lib/export/export_onnx.ts";
import { readOnnx } from "../../../lib/export/onnx_reader.ts";
import { requireParity } from "../../../lib/export/parity.ts";
import { decodeSafetensors } from "../../../lib/records/safetensors.ts";
import type { Tensor } from "../../../lib/tensor/executor.ts";
import { inWasm } from "../../helpers/fine_tuning.ts";
import { relativeError, withOnnx } from "../../helpers/onnx_runtime.ts";
import { grownParametersOf, smallRun, trainedRun } from "../../helpers/trained_run.ts";

/** Exports into a folder of its own. */
async function withExport(
  options: Partial<OnnxExportOptions>,
  check: (folder: string, passport: Awaited<ReturnType<typeof exportOnnx>>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await inWasm(async (executor) => {
      await check(folder, await exportOnnx({ run: trainedRun(), executor, folder, ...options }));
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function samplesIn(folder: string): Promise<Map<string, Tensor>> {
  const { tensors } = decodeSafetensors(await Deno.readFile(`${folder}/parity.safetensors`));
  return new Map(
    [...tensors].map(([name, { shape, data }]) => [name, { shape, data: data as Float32Array }]),
  );
}

/** Row `row` of a tensor as a batch of one. */
function rowOf({ shape, data }: Tensor, row: number): Tensor {
  const size = data.length / shape[0];
  return { shape: [1, ...shape.slice(1)], data: data.slice(row * size, (row + 1) * size) };
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("exportOnnx() writes both encoders with and without heads, which ONNX Runtime runs like the run", () =>
  withExport({}, async (folder, passport) => {
    const files = ["speech_embedding", "speech_encoder", "video_embedding", "video_encoder"];
    assert.deepEqual(names(folder), [
      "README.md",
      "parity.safetensors",
      "passport.json",
      ...files.map((file) => `${file}.onnx`),
    ]);
    const samples = await samplesIn(folder);
    for (const { name, file, input, output } of passport.networks) {
      await withOnnx(await Deno.readFile(`${folder}/${file}`), async (session) => {
        assert.deepEqual([session.inputNames, session.outputNames], [[input], [output]]);
        const [given, expected] = [samples.get(input)!, samples.get(name)!];
        const both = (await session.run(new Map([[input, given]]))).get(output)!;
        assert.ok(relativeError(both, expected) < 1e-5);
        const one = (await session.run(new Map([[input, rowOf(given, 1)]]))).get(output)!;
        assert.ok(relativeError(one, rowOf(expected, 1)) < 1e-5);
      });
    }
  }));

Deno.test("exportOnnx() writes a passport with hashes, seeds, settings, metrics and agreement, and no path", () =>
  withExport({}, async (folder, passport) => {
    const text = await Deno.readTextFile(`${folder}/passport.json`);
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(passport)));
    assert.doesNotMatch(text + await Deno.readTextFile(`${folder}/README.md`), /anna/);
    assert.deepEqual(passport.seeds, { run: 1, split: 1 });
    assert.deepEqual(passport.dataset.subjects.train, { count: 2, digests: ["aa", "bb"] });
    assert.deepEqual([passport.dataset.contentHash, passport.dataset.trainedOn], ["d1", ["aa", "bb"]]);
    assert.deepEqual(passport.run, { createdAt: "2026-11-20", step: 40, trainedOn: "wasm", start: null });
    assert.deepEqual(passport.config, trainedRun().config);
    assert.equal(passport.evaluations[0].metrics["retrieval.videoToSpeech.recallAt1"], 0.51234);
    assert.equal(passport.parity.device.kind, "wasm");
    assert.ok(passport.networks.every(({ largestRelativeError: e }) => e < 1e-5));
    assert.deepEqual(
      passport.files.map(({ name }) => name).sort(),
      [
        "README.md",
        "parity.safetensors",
        ...passport.networks.map(({ file }) => file),
      ].sort(),
    );
    for (const { name, sha256, sizeBytes } of passport.files) {
      const bytes = await Deno.readFile(`${folder}/${name}`);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
      assert.deepEqual([digest, bytes.length], [sha256, sizeBytes], name);
    }
  }));

Deno.test("exportOnnx() writes a card that says what the passport says", () =>
  withExport({}, async (folder) => {
    const card = await Deno.readTextFile(`${folder}/README.md`);
    assert.match(card, /^---\nlibrary_name: onnx\n/);
    assert.match(card, /\| retrieval\.videoToSpeech\.recallAt1 \| 0\.5123 \| 0\.4 to 0\.6 \| 0\.1429 \|/);
    assert.match(card, /Subjects: 2 train, 1 validation, 0 test/);
    assert.match(card, /`frames` is float32 `\[batch, 1, 16, 20\]`/);
    assert.match(card, /`speech` is float32 `\[batch, 1, 16, 24\]`/);
    assert.match(card, /40 steps of preset `tiny`, seed 1/);
  }));

Deno.test("exportOnnx() says when weights were never evaluated", () =>
  withExport({ run: { ...trainedRun(), evaluations: [] } }, async (folder) => {
    assert.match(await Deno.readTextFile(`${folder}/README.md`), /were not evaluated on held-out subjects/);
  }));

Deno.test("exportOnnx() puts preprocessing, settings and the data's hash into every model", () =>
  withExport({}, async (folder, passport) => {
    for (const { file, input } of passport.networks) {
      const { metadata } = readOnnx(await Deno.readFile(`${folder}/${file}`), 1);
      const preprocessing = JSON.parse(metadata["sonospeech.preprocessing"]);
      assert.equal(preprocessing.input, input);
      assert.deepEqual(preprocessing.shape, [-1, 1, ...(input === "frames" ? [16, 20] : [16, 24])]);
      assert.deepEqual(
        JSON.parse(metadata["sonospeech.config"]),
        JSON.parse(JSON.stringify(passport.config)),
      );
      assert.deepEqual([metadata["sonospeech.dataset"], metadata["sonospeech.step"]], ["d1", "40"]);
    }
  }));

Deno.test("exportOnnx() writes the same bytes again", () =>
  withExport({}, async (_, first) => {
    await withExport({}, (_, second) => {
      assert.deepEqual(second.files, first.files);
      return Promise.resolve();
    });
  }));

Deno.test("exportOnnx() leaves out, with the reason, what the losses never trained", async () => {
  const losses = { contrastiveWeight: 0, correlationWeight: 0 };
  const run = trainedRun(resolveRunConfig({ file: { ...smallRun, losses } }));
  await withExport({ run }, (_, passport) => {
    assert.deepEqual(passport.networks.map(({ name }) => name), ["video_encoder"]);
    assert.deepEqual(passport.leftOut.map(({ name }) => name), [
      "video_embedding",
      "speech_encoder",
      "speech_embedding",
    ]);
    return Promise.resolve();
  });
});

Deno.test("exportOnnx() refuses a run that trained nothing of it, and values that are not finite", async () => {
  await assert.rejects(withExport({ parameters: new Map() }, () => Promise.resolve()), {
    code: "input",
    message: /must have trained one of video_encoder, video_embedding, speech_encoder, speech_embedding/,
  });
  const broken = new Map(
    [...trainedRun().parameters].map((
      [name, { shape, data }],
    ) => [name, { shape, data: data.map(() => NaN) }]),
  );
  await assert.rejects(withExport({ parameters: broken }, () => Promise.resolve()), /must compute the same/);
});

Deno.test("exportOnnx() writes the plane classifier and the saliency network of given parameters", async () => {
  const { config } = trainedRun();
  const networks = [
    planeClassifierNetwork(config.model, ["4CH", "femur", "background"]),
    saliencyNetwork(config.model, [7, 9]),
  ];
  const parameters = grownParametersOf(networks);
  await withExport({ networks, parameters }, async (folder, passport) => {
    const samples = await samplesIn(folder);
    for (const { file, name, output } of passport.networks) {
      const bytes = await Deno.readFile(`${folder}/${file}`);
      await withOnnx(bytes, async (session) => {
        const found = (await session.run(new Map([["frames", samples.get("frames")!]]))).get(output)!;
        assert.ok(relativeError(found, samples.get(name)!) < 1e-5, name);
        assert.deepEqual(found.shape, [2, name === "saliency" ? 63 : 3]);
      });
      const facts = JSON.parse(readOnnx(bytes, 1).metadata["sonospeech.facts"]);
      const expected = { classes: ["4CH", "femur", "background"], mapSize: [7, 9] };
      assert.deepEqual(
        facts,
        name === "saliency" ? { mapSize: expected.mapSize } : { classes: expected.classes },
      );
    }
  });
});

Deno.test("encoderNetworks() of every encoder are read back as what they were written from", () =>
  inWasm(async (executor) => {
    for (const encoder of ["plain", "resnet18", "seResNeXt50"] as const) {
      const model = { ...smallRun.model, encoder, frameSize: [32, 40], speechSize: [32, 32] };
      const config = resolveRunConfig({ file: { ...smallRun, model } });
      const networks = encoderNetworks(config.model);
      const parameters = grownParametersOf(networks);
      const folder = await Deno.makeTempDir();
      const run = { ...trainedRun(), config };
      const { networks: exported } = await exportOnnx({ run, executor, folder, networks, parameters });
      assert.equal(exported.length, 4);
      assert.ok(exported.every(({ largestRelativeError: e }) => e < 1e-5), encoder);
      await Deno.remove(folder, { recursive: true });
    }
  }));

Deno.test("requireParity() gives the largest difference as a share of the largest value, and refuses more", () => {
  const tensor = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });
  assert.equal(requireParity("x", tensor(4, -2), tensor(4, -2)), 0);
  assert.ok(Math.abs(requireParity("x", tensor(8, 2.0004), tensor(8, 2)) - 5e-5) < 1e-7);
  assert.throws(() => requireParity("x.onnx", tensor(8, 2.01), tensor(8, 2)), {
    code: "input",
    message: /Cannot export x\.onnx/,
  });
  assert.throws(() => requireParity("x", tensor(8), tensor(8, 2)), /received null|Infinity/);
});
