import assert from "node:assert/strict";
import { fromTorch, torchParts, toTorch } from "../../../lib/export/torch_names.ts";
import type { Tensor } from "../../../lib/tensor/executor.ts";
import { resolveRunConfig } from "../../../lib/config.ts";
import { smallRun, trainedRun } from "../../helpers/trained_run.ts";

const counting = (shape: number[]): Tensor => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
});

Deno.test("toTorch() turns filters, matrices and moments", () => {
  const out = toTorch(
    new Map([
      ["video.stage1.0.conv1.weight", counting([2, 3, 4, 5])],
      ["video.stage1.0.normShortcut.moments", counting([2, 3])],
      ["video.stage1.0.normShortcut.gamma", counting([3])],
      ["speechProjection.hidden.weight", counting([2, 3])],
      ["speechProjection.hidden.bias", counting([3])],
      ["temperature.log", counting([])],
    ]),
  );
  const filter = out.get("video_encoder.stage1.0.conv1.weight")!;
  assert.deepEqual(filter.shape, [5, 4, 2, 3]);
  // Out channel k, in channel c, row y, column x.
  const at = (k: number, c: number, y: number, x: number) => filter.data[((k * 4 + c) * 2 + y) * 3 + x];
  for (const [k, c, y, x] of [[0, 0, 0, 0], [4, 3, 1, 2], [2, 1, 0, 1], [3, 0, 1, 0]]) {
    assert.equal(at(k, c, y, x), ((y * 3 + x) * 4 + c) * 5 + k);
  }
  const rest = Object.fromEntries(
    [...out].slice(1).map(([name, { shape, data }]) => [name, [shape, [...data]]]),
  );
  assert.deepEqual(rest, {
    "video_encoder.stage1.0.norm_shortcut.running_mean": [[3], [0, 1, 2]],
    "video_encoder.stage1.0.norm_shortcut.running_var": [[3], [3, 4, 5]],
    "video_encoder.stage1.0.norm_shortcut.weight": [[3], [0, 1, 2]],
    "speech_projection.hidden.weight": [[3, 2], [0, 3, 1, 4, 2, 5]],
    "speech_projection.hidden.bias": [[3], [0, 1, 2]],
    log_temperature: [[], [0]],
  });
});

Deno.test("fromTorch() undoes toTorch() for every encoder, value by value", () => {
  for (const encoder of ["plain", "resnet18", "seResNeXt50"] as const) {
    const config = resolveRunConfig({ file: { ...smallRun, model: { ...smallRun.model, encoder } } });
    const { parameters } = trainedRun(config);
    const back = fromTorch(toTorch(parameters));
    const kept = [...parameters.keys()].filter((name) => !name.startsWith("optimizer."));
    assert.deepEqual([...back.keys()].sort(), kept.sort());
    for (const name of kept) assert.deepEqual(back.get(name), parameters.get(name), name);
  }
});

Deno.test("fromTorch() leaves out what it has no name for, and moments of which half is missing", () => {
  const tensors = new Map([
    ["fc.weight", counting([2, 2])],
    ["video_encoder.stem.norm1.running_mean", counting([2])],
    ["video_encoder.stem.norm1.num_batches_tracked", counting([])],
    ["video_encoder.stem.norm1.bias", counting([2])],
  ]);
  assert.deepEqual([...fromTorch(tensors).keys()], ["video.stem.norm1.beta"]);
});

Deno.test("torchParts() names what was trained", () => {
  assert.deepEqual(torchParts(trainedRun().parameters), [
    "video_encoder",
    "speech_encoder",
    "video_projection",
    "speech_projection",
    "correlation_head",
    "order_head",
  ]);
  const losses = { contrastiveWeight: 0, correlationWeight: 0 };
  const orderOnly = trainedRun(resolveRunConfig({ file: { ...smallRun, losses } }));
  assert.deepEqual(torchParts(orderOnly.parameters), ["video_encoder", "order_head"]);
});
