import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { buildDualEncoder, buildEmbeddingGraph } from "../../../lib/models/dual_encoder.ts";
import { buildTrainingGraph } from "../../../lib/models/train_graph.ts";
import { speechInput } from "../../../lib/models/speech_encoder.ts";
import { framesInput } from "../../../lib/models/video_encoder.ts";
import { inputsOf, parametersOf } from "../../../lib/tensor/graph.ts";
import { initializeParameters } from "../../../lib/tensor/parameters.ts";
import { assertClose, evaluate, normals } from "../losses/float64.ts";

const config = resolveRunConfig({
  file: { model: { frameSize: [16, 16], speechSize: [16, 24], widthMultiplier: 0.125, embeddingDim: 8 } },
});

Deno.test("buildEmbeddingGraph() takes frames and speech to embeddings and features", () => {
  const graph = buildEmbeddingGraph(config.model, 3);
  assert.deepEqual(graph.video.shape, [3, 8]);
  assert.deepEqual(graph.speech.shape, [3, 8]);
  assert.deepEqual(graph.videoFeatures.shape, [3, 24]);
  assert.deepEqual(graph.speechFeatures.shape, [3, 24]);
  const inputs = [...inputsOf(Object.values(graph))].map(([name, { shape }]) => [name, shape]);
  assert.deepEqual(inputs, [["frames", [3, 16, 16, 1]], ["speech", [3, 16, 24, 1]]]);
});

Deno.test("buildEmbeddingGraph() gives rows of unit length that do not depend on the other rows", () => {
  const graph = buildEmbeddingGraph(config.model, 2);
  const parameters = initializeParameters(Object.values(graph), 7);
  const given = Object.fromEntries([...parameters].map(([name, { data }]) => [name, data]));
  const frames = normals("frames", 512);
  const speech = normals("speech", 768);
  const other = [...frames.slice(0, 256), ...normals("others", 256)];
  const [first] = evaluate([graph.video], { ...given, frames });
  const [second] = evaluate([graph.video], { ...given, frames: other });
  assertClose(second.slice(0, 8), first.slice(0, 8));
  assert.notDeepEqual(second.slice(8), first.slice(8));
  const [sound] = evaluate([graph.speech], { ...given, speech });
  for (const row of [first.slice(0, 8), first.slice(8), sound.slice(0, 8)]) {
    assertClose([Math.hypot(...row)], [1], 1e-5);
  }
});

Deno.test("buildEmbeddingGraph() needs nothing but what buildTrainingGraph() trained, shape by shape", () => {
  const training = buildTrainingGraph(config);
  const trained = parametersOf([training.objective, ...training.stateUpdates.map(({ value }) => value)]);
  const needed = parametersOf(Object.values(buildEmbeddingGraph(config.model, 4)));
  assert.ok(needed.size > 0);
  for (const [name, node] of needed) assert.deepEqual(trained.get(name)?.shape, node.shape, name);
});

Deno.test("buildDualEncoder() shares its parameters between calls", () => {
  const encoder = buildDualEncoder(config.model, "train");
  const frames = framesInput(config.model, 2);
  const features = [encoder.videoFeatures(frames), encoder.videoFeatures(frames)];
  assert.equal(parametersOf(features).size, 5 * 3);
  const speech = encoder.speechFeatures(speechInput(config.model, 2));
  const logits = features.map((video) => encoder.correlationLogits(video, speech));
  assert.deepEqual(logits[0].shape, [2, 2]);
  assert.deepEqual([...parametersOf(logits).keys()].filter((name) => name.startsWith("correlation")), [
    "correlation.hidden.weight",
    "correlation.hidden.bias",
    "correlation.out.weight",
    "correlation.out.bias",
  ]);
});
