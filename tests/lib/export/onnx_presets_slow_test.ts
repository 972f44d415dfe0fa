/** ONNX models of every preset's encoders at full size, on windows of a prepared dataset, against our own executor. */

import assert from "node:assert/strict";
import { type Preset, resolvePrepareConfig, resolveRunConfig } from "../../../lib/config.ts";
import { DatasetReader } from "../../../lib/data/dataset_store.ts";
import { InputReader } from "../../../lib/data/inputs.ts";
import { prepareDataset } from "../../../lib/data/prepare.ts";
import { encoderNetworks } from "../../../lib/export/encoder_networks.ts";
import { onnxModel } from "../../../lib/export/onnx_model.ts";
import { runOnce } from "../../../lib/export/parity.ts";
import { generatePhantom } from "../../../lib/phantom/phantom.ts";
import type { Tensor } from "../../../lib/tensor/executor.ts";
import { inWasm } from "../../helpers/fine_tuning.ts";
import { relativeError, withOnnx } from "../../helpers/onnx_runtime.ts";
import { grownParametersOf } from "../../helpers/trained_run.ts";

const rows = 3;

/** Frames and speech of the first windows of a dataset prepared as the preset has it. */
async function windowsOf(folder: string, preset: Preset): Promise<Record<"frames" | "speech", Tensor>> {
  const prepare = resolvePrepareConfig({ file: { preset } });
  for await (const _ of prepareDataset([`${folder}/scans`], `${folder}/${preset}`, prepare));
  const dataset = DatasetReader.open(`${folder}/${preset}`);
  try {
    const { model, data } = resolveRunConfig({ file: { preset } });
    const inputs = new InputReader(dataset, model, data.speechSeconds);
    const tensor = ([height, width]: readonly [number, number]) => ({
      shape: [rows, height, width, 1],
      data: new Float32Array(rows * height * width),
    });
    const [frames, speech] = [tensor(model.frameSize), tensor(model.speechSize)];
    dataset.windows().slice(0, rows).forEach(({ scanId, firstFrame, startSeconds }, row) => {
      inputs.frame(scanId, firstFrame, frames.data, row * frames.data.length / rows);
      inputs.speech(scanId, startSeconds, speech.data, row * speech.data.length / rows);
    });
    return { frames, speech };
  } finally {
    dataset.close();
  }
}

/** A tensor of one channel, channels first. */
const oneChannel = ({ shape: [count, height, width], data }: Tensor): Tensor => ({
  shape: [count, 1, height, width],
  data,
});

function firstRow({ shape, data }: Tensor): Tensor {
  return { shape: [1, ...shape.slice(1)], data: data.slice(0, data.length / shape[0]) };
}

for (const preset of ["tiny", "small", "paper"] as const) {
  Deno.test(`onnxModel() of the ${preset} encoders agrees to 1e-4 on prepared windows, one and three rows`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const scans = { subjects: 2, secondsPerScan: 6, frameRate: 10, frameSize: [224, 288] } as const;
      for await (const _ of generatePhantom(`${folder}/scans`, scans));
      const windows = await windowsOf(folder, preset);
      const networks = encoderNetworks(resolveRunConfig({ file: { preset } }).model);
      const parameters = grownParametersOf(networks);
      await inWasm(async (executor) => {
        for (const { name, input, output, build } of networks) {
          const feed = windows[input];
          const expected = await runOnce(executor, build(rows)[output], parameters, new Map([[input, feed]]));
          assert.ok(Math.max(...expected.data) > Math.min(...expected.data), `${name} tells windows apart`);
          await withOnnx(onnxModel({ name, build, parameters }), async (session) => {
            const all = (await session.run(new Map([[input, oneChannel(feed)]]))).get(output)!;
            const one = (await session.run(new Map([[input, oneChannel(firstRow(feed))]]))).get(output)!;
            const errors = [relativeError(all, expected), relativeError(one, firstRow(expected))];
            console.log(`${preset} ${name}: ${errors.map((error) => error.toExponential(1)).join(", ")}`);
            assert.ok(errors.every((error) => error < 1e-4), `${name}: ${errors}`);
          });
        }
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
