import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { readForeignWeights } from "../../../lib/export/foreign_weights.ts";
import { importWeights } from "../../../lib/export/import_weights.ts";
import { toTorch } from "../../../lib/export/torch_names.ts";
import { encodeSafetensors } from "../../../lib/records/safetensors.ts";
import type { Tensors } from "../../../lib/tensor/executor.ts";
import { smallRun, trainedRun } from "../../helpers/trained_run.ts";

const config = resolveRunConfig({ file: smallRun });

const encode = (tensors: Tensors) =>
  encodeSafetensors(
    new Map([...tensors].map(([name, { shape, data }]) => [name, { dtype: "F32", shape, data } as const])),
  );

async function withWeights(bytes: Uint8Array, check: (folder: string, path: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/given`);
    await Deno.writeFile(`${folder}/given/w.safetensors`, bytes);
    await check(folder, `${folder}/given/w.safetensors`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const { parameters } = trainedRun();

Deno.test("importWeights() reports without writing, and writes what fits with whom it was trained on", () =>
  withWeights(encode(toTorch(parameters)), async (folder, path) => {
    const passport = { dataset: { trainedOn: ["aa", "bb"] } };
    await Deno.writeTextFile(`${folder}/given/passport.json`, JSON.stringify(passport));
    const { report, trainedOn } = await importWeights(path, config);
    assert.deepEqual([report.names, report.loaded, trainedOn], ["pytorch", report.outcomes.length, [
      "aa",
      "bb",
    ]]);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["given"]);

    await importWeights(path, config, `${folder}/out`);
    const read = await readForeignWeights(`${folder}/out/start.safetensors`);
    assert.deepEqual(
      [read.names, read.trainedOn],
      ["sonospeech", ["aa", "bb"]],
      "a training sees whom to hold in",
    );
    assert.equal(read.tensors.size, report.loaded);
    for (const [name, { data }] of read.tensors) assert.deepEqual(data, parameters.get(name)!.data, name);
    const written = JSON.parse(await Deno.readTextFile(`${folder}/out/passport.json`));
    assert.deepEqual(written.report, JSON.parse(JSON.stringify(report)));
  }));

Deno.test("importWeights() leaves out what has another shape and says so", () =>
  withWeights(encode(parameters), async (folder, path) => {
    const wider = resolveRunConfig({ file: { model: { ...smallRun.model, projectionHidden: 16 } } });
    const { report, trainedOn } = await importWeights(path, wider, `${folder}/out`);
    assert.ok(report.loaded > 0 && report.loaded < report.outcomes.length);
    assert.ok(report.outcomes.some(({ outcome }) => outcome === "otherShape"));
    assert.equal(trainedOn, null);
    const read = await readForeignWeights(`${folder}/out/start.safetensors`);
    assert.deepEqual([read.tensors.size, read.trainedOn], [report.loaded, null]);
  }));

Deno.test("importWeights() refuses pickles by name and by their first bytes, and writes nothing", () =>
  withWeights(Uint8Array.of(0x80, 2, 0x7d, 0x71, 0, 0x2e, 0, 0, 0, 0), async (folder, path) => {
    await assert.rejects(importWeights(path, config, `${folder}/out`), /a pickle can run any program/);
    await Deno.copyFile(path, `${folder}/given/w.pt`);
    await assert.rejects(importWeights(`${folder}/given/w.pt`, config, `${folder}/out`), /received "\.pt"/);
    await Deno.writeFile(path, Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0, 0));
    await assert.rejects(importWeights(path, config, `${folder}/out`), /a zip archive, as PyTorch saves/);
    await assert.rejects(Deno.stat(`${folder}/out`), Deno.errors.NotFound);
  }));
