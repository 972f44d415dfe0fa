/** Graph models of full-size encoders on windows of a real recording, in TensorFlow.js against our own executor. */

import assert from "node:assert/strict";
import { resolvePrepareConfig, resolveRunConfig } from "../../../lib/config.ts";
import { DatasetReader } from "../../../lib/data/dataset_store.ts";
import { InputReader } from "../../../lib/data/inputs.ts";
import { prepareDataset } from "../../../lib/data/prepare.ts";
import { encoderNetworks } from "../../../lib/export/encoder_networks.ts";
import { runOnce } from "../../../lib/export/parity.ts";
import { tfjsModel } from "../../../lib/export/tfjs_model.ts";
import type { Tensor } from "../../../lib/tensor/executor.ts";
import { inWasm } from "../../helpers/fine_tuning.ts";
import { relativeError } from "../../helpers/onnx_runtime.ts";
import { runTfjs } from "../../helpers/tfjs_runtime.ts";
import { grownParametersOf } from "../../helpers/trained_run.ts";
import { sharedData } from "../shared_data.ts";

const recording = sharedData("tal/70ms-003_cal_light_theme.mp4");
const suffix = recording ? "" : " (skipped: the public recordings are not here)";

// Plain loops in a script take minutes for larger presets.
for (const preset of ["tiny"] as const) {
  Deno.test({
    name: `tfjsModel() of the ${preset} encoders agrees to 1e-4 on windows of a recording${suffix}`,
    ignore: !recording,
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        const prepare = resolvePrepareConfig({ file: { preset } });
        for await (const _ of prepareDataset([recording!], folder, prepare));
        const dataset = DatasetReader.open(folder);
        const windows = dataset.windows();
        assert.equal(windows.length, 2);
        const { model, data } = resolveRunConfig({ file: { preset } });
        const reader = new InputReader(dataset, model, Math.min(2, data.speechSeconds));
        const networks = encoderNetworks(model);
        const parameters = grownParametersOf(networks);
        for (const { name, input, output, build } of networks) {
          const [height, width] = input === "frames" ? model.frameSize : model.speechSize;
          const feed: Tensor = { shape: [2, height, width, 1], data: new Float32Array(2 * height * width) };
          windows.forEach(({ scanId, firstFrame, startSeconds }, row) => {
            if (input === "frames") reader.frame(scanId, firstFrame, feed.data, row * height * width);
            else reader.speech(scanId, startSeconds, feed.data, row * height * width);
          });
          const feeds = new Map([[input, feed]]);
          const expected = await inWasm((executor) => runOnce(executor, build(2)[output], parameters, feeds));
          const { json, weights } = tfjsModel({ build, parameters, weightsFile: "w.bin" });
          const error = relativeError((await runTfjs(json, weights, feeds)).get(output)!, expected);
          console.log(`${preset} ${name}: ${error.toExponential(1)}`);
          assert.ok(error < 1e-4, `${name}: ${error}`);
        }
        dataset.close();
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
