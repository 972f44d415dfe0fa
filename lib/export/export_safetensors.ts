/**
 * A run's weights under PyTorch's names, with the module that loads them.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { frameOrderClasses } from "../losses/frame_order.ts";
import { encoderTable, featureWidth } from "../models/encoder_table.ts";
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from "../records/safetensors.ts";
import type { Tensor, Tensors } from "../tensor/executor.ts";
import { encoderNetworks } from "./encoder_networks.ts";
import { ExportFolder } from "./export_folder.ts";
import { type ExportOptions, samplesFile, trainedNetworks, writePapers } from "./export_onnx.ts";
import moduleText from "./modeling_sonospeech.py" with { type: "text" };
import { encodeParitySamples, paritySamples, requireParity, runOnce } from "./parity.ts";
import type { ExportedNetwork, Passport } from "./passport.ts";
import { describePreprocessing } from "./preprocessing.ts";
import { fromTorch, torchParts, toTorch } from "./torch_names.ts";
import type { TrainedRun } from "./trained_run.ts";

/** File of the weights. */
export const weightsFile = "model.safetensors";

/**
 * Writes `model.safetensors`, `config.json`, `modeling_sonospeech.py`, `parity.safetensors`, `README.md` and
 * `passport.json`.
 *
 * The weights are read back, given their own names again and compared with the run on noise. PyTorch itself is asked by
 * `python3 modeling_sonospeech.py`.
 *
 * @throws SonospeechError `input` when nothing was trained or the file does not hold what the run computes with.
 */
export async function exportSafetensors(options: ExportOptions): Promise<Passport> {
  const { run, executor } = options;
  const { networks, leftOut } = trainedNetworks(encoderNetworks(run.config.model), run.parameters);
  const samples = await paritySamples(networks, run.parameters, executor);
  options.signal?.throwIfAborted();
  const folder = await ExportFolder.open(options.folder);
  const written = await folder.write(weightsFile, encodeWeights(run));
  const parameters = fromTorch(floats(decodeSafetensors(written).tensors));
  const exported: ExportedNetwork[] = [];
  for (const { name, description, input, output, build } of networks) {
    const feeds = new Map([[input, samples.inputs.get(input)!]]);
    const found = await runOnce(executor, build(samples.rows)[output], parameters, feeds);
    const largestRelativeError = requireParity(
      `${name} to ${weightsFile}`,
      found,
      samples.outputs.get(name)!,
    );
    exported.push({ name, description, file: weightsFile, input, output, largestRelativeError });
  }
  await folder.write("config.json", JSON.stringify(torchConfig(run), null, 2) + "\n");
  await folder.write("modeling_sonospeech.py", moduleText);
  await folder.write(samplesFile, encodeParitySamples(samples));
  const facts = { format: "safetensors", networks: exported, leftOut, rows: samples.rows } as const;
  return await writePapers(folder, options, facts);
}

function encodeWeights({ parameters, record, step }: TrainedRun): Uint8Array {
  const tensors = [...toTorch(parameters)].map(([name, { shape, data }]) =>
    [name, { dtype: "F32", shape, data } satisfies SafetensorsTensor] as const
  );
  const metadata = { format: "pt", dataset: record.datasetId, step: String(step) };
  return encodeSafetensors(new Map(tensors.sort(([a], [b]) => a < b ? -1 : 1)), metadata);
}

function floats(tensors: ReadonlyMap<string, SafetensorsTensor>): Map<string, Tensor> {
  return new Map(
    [...tensors].map(([name, { shape, data }]) => [name, { shape, data: data as Float32Array }]),
  );
}

/** What the module needs to build the network, under Python's kind of names. */
export function torchConfig(run: TrainedRun): Record<string, unknown> {
  const { model } = run.config;
  const { stemWidth, stages } = encoderTable(model.encoder, model.widthMultiplier);
  return {
    model_type: "sonospeech",
    architectures: ["SonospeechModel"],
    torch_dtype: "float32",
    parts: torchParts(run.parameters),
    encoder: model.encoder,
    stem_width: stemWidth,
    stages: stages.map(({ outWidth, squeezeHidden, ...stage }) => ({
      ...stage,
      out_width: outWidth,
      squeeze_hidden: squeezeHidden,
    })),
    feature_width: featureWidth(model.encoder, model.widthMultiplier),
    batch_norm_momentum: model.batchNormMomentum,
    projection_hidden: model.projectionHidden,
    embedding_dim: model.embeddingDim,
    head_hidden: model.headHidden,
    order_classes: frameOrderClasses.length,
    has_temperature: hasTemperature(run.parameters),
    minimum_temperature: run.config.losses.minimumTemperature,
    ...inputConfig(run, model),
  };
}

const hasTemperature = (parameters: Tensors) => parameters.has("temperature.log");

function inputConfig(run: TrainedRun, model: RunConfig["model"]): Record<string, unknown> {
  const { windowSeconds, frames, speech } = describePreprocessing(run);
  return {
    window_seconds: windowSeconds,
    frame_size: model.frameSize,
    stored_frame_size: frames.storedSize,
    speech_size: model.speechSize,
    speech: {
      sample_rate: speech.sampleRate,
      win_length: speech.winLength,
      hop_length: speech.hopLength,
      hop_seconds: speech.hopSeconds,
      n_fft: speech.nFft,
      scale: speech.scale,
      bands: speech.bands,
      speech_seconds: speech.speechSeconds,
      heard_columns: speech.heardColumns,
      mean_columns: speech.meanColumns,
    },
  };
}
