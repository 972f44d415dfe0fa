import assert from "node:assert/strict";
import { exportSafetensors, torchConfig } from "../../../lib/export/export_safetensors.ts";
import { decodeSafetensors } from "../../../lib/records/safetensors.ts";
import { inWasm } from "../../helpers/fine_tuning.ts";
import { trainedRun } from "../../helpers/trained_run.ts";

const run = trainedRun();

Deno.test("exportSafetensors() writes weights, module, settings, samples, card and passport", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const passport = await inWasm((executor) => exportSafetensors({ run, executor, folder }));
    const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.deepEqual(files, [
      "README.md",
      "config.json",
      "model.safetensors",
      "modeling_sonospeech.py",
      "parity.safetensors",
      "passport.json",
    ]);
    assert.equal(passport.format, "safetensors");
    assert.deepEqual(passport.networks.map(({ largestRelativeError }) => largestRelativeError), [0, 0, 0, 0]);
    assert.deepEqual(passport.dataset.subjects.validation, { count: 1, digests: ["cc"] });

    const { tensors, metadata } = decodeSafetensors(await Deno.readFile(`${folder}/model.safetensors`));
    assert.deepEqual(metadata, { format: "pt", dataset: "d1", step: "40" });
    assert.ok([...tensors.keys()].every((name) => !/optimizer|gamma|moments/.test(name)));
    assert.deepEqual(tensors.get("video_encoder.stage1.0.conv1.weight")!.shape, [4, 1, 3, 3]);
    assert.deepEqual(tensors.get("order_head.out.weight")!.shape, [12, 6]);

    const config = JSON.parse(await Deno.readTextFile(`${folder}/config.json`));
    assert.deepEqual(config, JSON.parse(JSON.stringify(torchConfig(run))));
    const card = await Deno.readTextFile(`${folder}/README.md`);
    assert.match(card, /^---\nlibrary_name: pytorch\n/);
    assert.match(card, /SonospeechModel\.from_pretrained/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("exportSafetensors() refuses weights that compute nothing finite", async () => {
  const parameters = new Map(
    [...run.parameters].map(([name, { shape, data }]) => [name, { shape, data: data.map(() => NaN) }]),
  );
  const folder = await Deno.makeTempDir();
  try {
    await assert.rejects(
      inWasm((executor) => exportSafetensors({ run: { ...run, parameters }, executor, folder })),
      { code: "input", message: /model\.safetensors: what was written must compute the same/ },
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("torchConfig() describes the network by its table", () => {
  const config = torchConfig(run) as { stages: { out_width: number }[]; speech: { heard_columns: number } };
  assert.deepEqual(config.stages.map(({ out_width }) => out_width), [4, 8, 16, 32, 48]);
  assert.equal(config.speech.heard_columns, 300);
});
