/**
 * A run's networks as TensorFlow.js graph models, for browsers.
 *
 * @module
 */

import { encoderNetworks } from "./encoder_networks.ts";
import { ExportFolder } from "./export_folder.ts";
import {
  metadataOf,
  type OnnxExportOptions,
  samplesFile,
  trainedNetworks,
  writePapers,
} from "./export_onnx.ts";
import { encodeParitySamples, paritySamples, requireParity, runOnce } from "./parity.ts";
import type { ExportedNetwork, Passport } from "./passport.ts";
import { tfjsModel } from "./tfjs_model.ts";
import { readTfjs } from "./tfjs_reader.ts";

/**
 * Writes `NETWORK.json` and `NETWORK.bin` for every network that was trained, `parity.safetensors`, `README.md` and
 * `passport.json`.
 *
 * Every pair of files is read back and compared with the run on noise before the passport says so.
 *
 * @throws SonospeechError `input` when nothing was trained or a file does not compute what the run computes.
 */
export async function exportTfjs(options: OnnxExportOptions): Promise<Passport> {
  const { run, executor } = options;
  const parameters = options.parameters ?? run.parameters;
  const all = options.networks ?? encoderNetworks(run.config.model);
  const { networks, leftOut } = trainedNetworks(all, parameters);
  const samples = await paritySamples(networks, parameters, executor);
  const folder = await ExportFolder.open(options.folder);
  const exported: ExportedNetwork[] = [];
  for (const network of networks) {
    options.signal?.throwIfAborted();
    const { name, description, input, output, facts, build } = network;
    const [file, weightsFile] = [`${name}.json`, `${name}.bin`];
    const metadata = metadataOf(run, network, "last");
    const { json, weights } = tfjsModel({ build, parameters, weightsFile, metadata });
    const writtenWeights = await folder.write(weightsFile, weights);
    const written = new TextDecoder().decode(await folder.write(file, JSON.stringify(json)));
    const read = readTfjs(written, writtenWeights, samples.rows);
    const feeds = new Map([[input, samples.inputs.get(input)!]]);
    const found = await runOnce(executor, read.outputs[output], read.parameters, feeds);
    const largestRelativeError = requireParity(file, found, samples.outputs.get(name)!);
    exported.push({ name, description, file, input, output, facts, largestRelativeError });
  }
  await folder.write(samplesFile, encodeParitySamples(samples, "last"));
  const facts = { format: "tfjs", networks: exported, leftOut, rows: samples.rows } as const;
  return await writePapers(folder, options, facts);
}
