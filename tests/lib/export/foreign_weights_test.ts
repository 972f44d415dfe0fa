import assert from "node:assert/strict";
import { readForeignWeights } from "../../../lib/export/foreign_weights.ts";
import { toTorch } from "../../../lib/export/torch_names.ts";
import { fromTorchvision } from "../../../lib/export/torchvision_names.ts";
import { resolveRunConfig } from "../../../lib/config.ts";
import { encodeSafetensors, type SafetensorsTensor } from "../../../lib/records/safetensors.ts";
import type { Tensor } from "../../../lib/tensor/executor.ts";
import { smallRun, trainedRun } from "../../helpers/trained_run.ts";

async function withFile(
  name: string,
  bytes: Uint8Array,
  check: (path: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/models`);
    await Deno.writeFile(`${folder}/models/${name}`, bytes);
    await check(`${folder}/models/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function encode(tensors: ReadonlyMap<string, Tensor>): Uint8Array {
  const entries = [...tensors].map(([name, { shape, data }]) =>
    [name, { dtype: "F32", shape, data }] as const
  );
  return encodeSafetensors(new Map<string, SafetensorsTensor>(entries));
}

const { parameters } = trainedRun();
const kept = new Map([...parameters].filter(([name]) => !name.startsWith("optimizer.")));

Deno.test("readForeignWeights() refuses pickles by their names, unread, with the way out", async () => {
  for (const name of ["w.pt", "w.PTH", "pytorch_model.bin", "last.ckpt", "w.pkl", "w.pickle"]) {
    await assert.rejects(readForeignWeights(`/nowhere/${name}`), (error) => {
      assert.ok(error instanceof Error && "hint" in error && "code" in error);
      assert.equal(error.code, "input");
      assert.match(error.message, /a pickle can run any program when it is opened/);
      assert.match(String(error.hint), /weights_only=True.*save_file/);
      return !error.message.includes("/nowhere");
    });
  }
});

Deno.test("readForeignWeights() refuses pickles by their bytes, whatever their name", async () => {
  const text = new TextEncoder();
  const files: Record<string, Uint8Array> = {
    "a zip archive": Uint8Array.of(0x50, 0x4b, 3, 4, ...text.encode("archive/data.pkl")),
    "a pickle": Uint8Array.of(0x80, 2, ...text.encode("}q\x00X\x04\x00\x00weig")),
    "another format": text.encode("\x89HDF\r\n\x1a\n and more"),
  };
  for (const [what, bytes] of Object.entries(files)) {
    await withFile(
      "w.safetensors",
      bytes,
      (path) =>
        assert.rejects(readForeignWeights(path), { code: "input", message: new RegExp(`received "${what}`) }),
    );
  }
  await withFile(
    "w.safetensors",
    new Uint8Array(),
    (path) => assert.rejects(readForeignWeights(path), /must be a safetensors file/),
  );
});

Deno.test("readForeignWeights() reads a file whose header's length looks like a pickle", async () => {
  const tensors = new Map<string, SafetensorsTensor>([
    ["video.x", { dtype: "F32", shape: [1], data: Float32Array.of(7) }],
  ]);
  const bytes = [...Array(600).keys()].map((length) => encodeSafetensors(tensors, { a: "x".repeat(length) }))
    .find((file) => file[0] === 0x80 && file[1] === 0x02)!;
  await withFile("w.safetensors", bytes, async (path) => {
    assert.equal((await readForeignWeights(path)).tensors.get("video.x")!.data[0], 7);
  });
});

Deno.test("readForeignWeights() takes a run's checkpoint without the optimizer's state", () =>
  withFile("best.safetensors", encode(parameters), async (path) => {
    await Deno.writeTextFile(
      path.replace("models/best.safetensors", "certificate.json"),
      JSON.stringify({ splits: { train: { subjects: ["bb"] } } }),
    );
    await Deno.writeTextFile(
      path.replace("models/best.safetensors", "run.json"),
      JSON.stringify({ start: { trainedOn: ["bb", "aa"] } }),
    );
    const weights = await readForeignWeights(path);
    assert.equal(weights.names, "sonospeech");
    assert.deepEqual(weights.tensors, kept);
    assert.deepEqual(weights.trainedOn, ["aa", "bb"], "of the run and of what it started from");
    assert.match(weights.sha256, /^[0-9a-f]{64}$/);
  }));

Deno.test("readForeignWeights() takes an export's weights, and its passport's word for the subjects", () =>
  withFile("model.safetensors", encode(toTorch(parameters)), async (path) => {
    assert.equal((await readForeignWeights(path)).trainedOn, null);
    const passport = path.replace("model.safetensors", "passport.json");
    await Deno.writeTextFile(passport, JSON.stringify({ dataset: { trainedOn: ["bb", "cc"] } }));
    const weights = await readForeignWeights(path);
    assert.equal(weights.names, "pytorch");
    assert.deepEqual(new Map([...weights.tensors].sort()), new Map([...kept].sort()));
    assert.deepEqual(weights.trainedOn, ["bb", "cc"]);
  }));

/** Our ResNet-18's video encoder under torchvision's names, its first filters split over three colours. */
function asTorchvision(ours: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const out = new Map<string, Tensor>([["fc.weight", { shape: [2, 2], data: new Float32Array(4) }]]);
  for (const [name, tensor] of toTorch(ours)) {
    if (!name.startsWith("video_encoder.")) continue;
    const theirs = name.slice("video_encoder.".length)
      .replace("stem.conv1", "conv1").replace("stem.norm1", "bn1")
      .replace(/^stage/, "layer").replace(/norm(\d)/, "bn$1")
      .replace("conv_shortcut", "downsample.0").replace("norm_shortcut", "downsample.1");
    if (theirs !== "conv1.weight") out.set(theirs, tensor);
    else {
      const [count, , height, width] = tensor.shape;
      const size = height * width;
      const shares = [0.25, 0.5, 0.25];
      const data = Float32Array.from(
        { length: count * 3 * size },
        (_, i) =>
          shares[Math.floor(i / size) % 3] * tensor.data[Math.floor(i / (3 * size)) * size + i % size],
      );
      out.set(theirs, { shape: [count, 3, height, width], data });
    }
  }
  return out;
}

Deno.test("readForeignWeights() takes torchvision's ResNet-18 for the video encoder, colours summed", async () => {
  const model = { ...smallRun.model, encoder: "resnet18" } as const;
  const ours = trainedRun(resolveRunConfig({ file: { ...smallRun, model } })).parameters;
  await withFile("resnet18.safetensors", encode(asTorchvision(ours)), async (path) => {
    const { names, tensors } = await readForeignWeights(path);
    assert.equal(names, "torchvision");
    const video = new Map([...ours].filter(([name]) => name.startsWith("video.")));
    assert.deepEqual([...tensors.keys()].sort(), [...video.keys()].sort());
    for (const [name, { shape, data }] of video) {
      assert.deepEqual(tensors.get(name)!.shape, shape, name);
      tensors.get(name)!.data.forEach((value, i) => assert.ok(Math.abs(value - data[i]) < 1e-6, name));
    }
  });
});

Deno.test("fromTorchvision() sums filters over colours", () => {
  const data = Float32Array.of(1, 2, 10, 20, 100, 200, 3, 4, 30, 40, 300, 400);
  const out = fromTorchvision(new Map([["conv1.weight", { shape: [2, 3, 1, 2], data }]]));
  // HWIO: columns, then the two filters.
  assert.deepEqual([...out], [
    ["video.stem.conv1.weight", { shape: [1, 2, 1, 2], data: Float32Array.of(111, 333, 222, 444) }],
  ]);
});

Deno.test("readForeignWeights() refuses names that nobody knows and values that are not finite", async () => {
  const tensor = (value: number): Tensor => ({ shape: [1], data: Float32Array.of(value) });
  await withFile(
    "w.safetensors",
    encode(new Map([["bert.weight", tensor(1)]])),
    (path) => assert.rejects(readForeignWeights(path), /names must be those.*received "bert\.weight"/),
  );
  await withFile(
    "w.safetensors",
    encode(new Map([["video.x", tensor(NaN)]])),
    (path) => assert.rejects(readForeignWeights(path), /every value must be finite.*video\.x/),
  );
});
