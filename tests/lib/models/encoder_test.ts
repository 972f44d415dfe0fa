import assert from "node:assert/strict";
import { resolveRunConfig, type RunConfig } from "../../../lib/config.ts";
import { encodeMap } from "../../../lib/models/encoder.ts";
import { type EncoderName, encoderTable, featureWidth } from "../../../lib/models/encoder_table.ts";
import { createNetworkContext } from "../../../lib/models/network_context.ts";
import { speechFeatureMap, speechInput } from "../../../lib/models/speech_encoder.ts";
import { framesInput, videoFeatureMap } from "../../../lib/models/video_encoder.ts";
import { input, type Node, parametersOf } from "../../../lib/tensor/graph.ts";
import { initializeParameters, parameterCount } from "../../../lib/tensor/parameters.ts";
import { checkGradients, normals } from "../losses/float64.ts";

const network = () => createNetworkContext({ mode: "train", batchNormMomentum: 0.9 });

function build(name: EncoderName, [height, width]: [number, number], widthMultiplier = 1): Node {
  return encodeMap(network(), encoderTable(name, widthMultiplier), input("x", [2, height, width, 1]));
}

function modelOf(preset: string): RunConfig["model"] {
  return resolveRunConfig({ file: { preset } }).model;
}

Deno.test("encodeMap() has the sizes of each architecture", () => {
  assert.deepEqual(build("plain", [64, 64]).shape, [2, 2, 2, 192]);
  assert.deepEqual(build("resnet18", [112, 144]).shape, [2, 4, 5, 512]);
  assert.deepEqual(build("resnet18", [224, 224]).shape, [2, 7, 7, 512]);
  // The dilated form keeps 28 × 36 in its last stages.
  assert.deepEqual(build("seResNeXt50", [224, 288]).shape, [2, 28, 36, 1024]);
});

Deno.test("encodeMap() plain has the parameters of its five convolutions", () => {
  const norms = 2 * (16 + 32 + 64 + 128 + 192);
  const convolutions = 9 * (1 * 16 + 16 * 32 + 32 * 64 + 64 * 128 + 128 * 192);
  assert.equal(parameterCount([build("plain", [64, 64])]), convolutions + norms);
});

Deno.test("encodeMap() resnet18 has torchvision's parameters but for its classifier and two input channels", () => {
  const torchvision = 11_689_512;
  const classifier = 512 * 1000 + 1000;
  const colours = 2 * 7 * 7 * 64;
  assert.equal(parameterCount([build("resnet18", [64, 64])]), torchvision - classifier - colours);
});

Deno.test("encodeMap() seResNeXt50 has 6.76 M parameters, as its table says", () => {
  const stem = 7 * 7 * 64 + 2 * 64;
  const stage = (entering: number, inner: number, leaving: number, hidden: number, repeats: number) => {
    const block = (from: number) =>
      from * inner + 9 * (inner / 16) * inner + inner * leaving + 2 * (inner + inner + leaving) +
      leaving * hidden + hidden + hidden * leaving + leaving;
    const shortcut = entering * leaving + 2 * leaving;
    return shortcut + block(entering) + (repeats - 1) * block(leaving);
  };
  const expected = stem + stage(64, 64, 128, 8, 3) + stage(128, 128, 256, 16, 4) +
    stage(256, 256, 512, 32, 6) +
    stage(512, 512, 1024, 64, 3);
  assert.equal(parameterCount([build("seResNeXt50", [64, 64])]), expected);
  assert.equal(expected, 6_759_448);
});

Deno.test("encoderTable() multiplies widths and keeps grouped ones multiples of the cardinality", () => {
  assert.equal(featureWidth("plain", 0.5), 96);
  assert.equal(featureWidth("resnet18", 2), 1024);
  for (const multiplier of [0.1, 0.3, 0.5, 1.7]) {
    for (
      const { width, outWidth, cardinality, squeezeHidden } of encoderTable("seResNeXt50", multiplier).stages
    ) {
      assert.ok(width > 0 && width % cardinality === 0 && outWidth % cardinality === 0 && squeezeHidden > 0);
    }
  }
  assert.equal(build("seResNeXt50", [32, 32], 0.3).shape[3], featureWidth("seResNeXt50", 0.3));
});

Deno.test("the presets' encoders take the config's sizes, with weights of their own and equal names", () => {
  for (const preset of ["tiny", "small", "paper"]) {
    const model = modelOf(preset);
    const context = network();
    const video = videoFeatureMap(context, model, framesInput(model, 2));
    const speech = speechFeatureMap(context, model, speechInput(model, 2));
    assert.equal(video.shape[3], featureWidth(model.encoder, model.widthMultiplier));
    const names = [...parametersOf([video]).keys()];
    assert.ok(names.includes("video.stage1.0.conv1.weight"));
    const expected = names.map((name) => name.replace(/^video\./, "speech."));
    assert.deepEqual([...parametersOf([speech]).keys()], expected);
  }
});

Deno.test("encodeMap() has the gradients of central differences, block by block", () => {
  for (
    const [block, extra] of [
      ["basic", { cardinality: 1, squeezeHidden: 0 }],
      ["squeezeExcitedBottleneck", { cardinality: 2, squeezeHidden: 2 }],
    ] as const
  ) {
    const table = {
      stemWidth: 3,
      stages: [{ block, repeats: 2, width: 4, outWidth: 6, stride: 2, dilation: 2, ...extra }],
    };
    const map = encodeMap(network(), table, input("x", [2, 12, 12, 1]));
    const parameters = initializeParameters([map], 5);
    const given = Object.fromEntries([...parameters].map(([name, { data }]) => [name, data]));
    const wrt = [...parametersOf([map]).values()];
    checkGradients(map, wrt, { ...given, x: normals("x", 288) }, { step: 1e-6, tolerance: 1e-5, samples: 3 });
  }
});
