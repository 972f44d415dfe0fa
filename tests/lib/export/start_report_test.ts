import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import type { ForeignWeights } from "../../../lib/export/foreign_weights.ts";
import { fitStart, startLines } from "../../../lib/export/start_report.ts";
import { smallRun, trainedRun } from "../../helpers/trained_run.ts";

const { config, parameters } = trainedRun();
const weights: ForeignWeights = {
  names: "sonospeech",
  tensors: new Map([...parameters].filter(([name]) => !name.startsWith("optimizer."))),
  sha256: "ab",
  trainedOn: null,
};

Deno.test("fitStart() takes everything of an equal network", () => {
  const { parameters: taken, report } = fitStart(config, weights);
  assert.deepEqual(taken, weights.tensors);
  assert.deepEqual([report.loaded, report.unused], [report.outcomes.length, []]);
  assert.deepEqual(startLines(report), [
    `starting from ${report.loaded} of ${report.loaded} parameters (sonospeech names)`,
    "  video: 20 of 20",
    "  speech: 20 of 20",
    "  correlation: 4 of 4",
    "  videoProjection: 4 of 4",
    "  speechProjection: 4 of 4",
    "  temperature: 1 of 1",
    "  order: 4 of 4",
  ]);
});

Deno.test("fitStart() tells field by field what does not fit, is missing or is of no use", () => {
  const model = { ...smallRun.model, embeddingDim: 4 };
  const other = resolveRunConfig({ file: { ...smallRun, model, losses: { orderWeight: 0 } } });
  const tensors = new Map(
    [...weights.tensors].filter(([name]) =>
      !name.startsWith("correlation.") && name !== "video.stage1.0.conv1.weight"
    ),
  );
  const { parameters: taken, report } = fitStart(other, { ...weights, tensors });
  assert.ok(!taken.has("videoProjection.out.bias") && taken.has("videoProjection.hidden.bias"));
  assert.deepEqual(report.outcomes.find(({ name }) => name === "videoProjection.out.bias"), {
    name: "videoProjection.out.bias",
    outcome: "otherShape",
    shape: [4],
    given: [8],
  });
  assert.deepEqual(report.unused, [
    "order.hidden.weight",
    "order.hidden.bias",
    "order.out.weight",
    "order.out.bias",
  ]);
  const text = startLines(report).join("\n");
  assert.match(text, /video: 19 of 20\n {4}video\.stage1\.0\.conv1\.weight: not in the file, drawn anew/);
  assert.match(text, /correlation: 0 of 4\n {2}videoProjection: 2 of 4/);
  assert.match(text, /videoProjection\.out\.weight: \[12,8\] does not fit \[12,4\], drawn anew/);
  assert.match(text, /of no use here: 4 \(as order\.hidden\.weight\)$/);
});

Deno.test("fitStart() refuses weights of which nothing fits", () => {
  const tensors = new Map([["video.else", { shape: [1], data: new Float32Array(1) }]]);
  assert.throws(() => fitStart(config, { ...weights, tensors }), {
    code: "input",
    message: /at least one must fit/,
  });
});
