/**
 * A run's networks as ONNX models, with all that one needs to use them.
 *
 * @module
 */

import project from "../../deno.json" with { type: "json" };
import { SonospeechError } from "../errors.ts";
import type { Executor, Tensors } from "../tensor/executor.ts";
import { encoderNetworks, type ExportableNetwork, isTrained } from "./encoder_networks.ts";
import { ExportFolder } from "./export_folder.ts";
import { modelCard } from "./model_card.ts";
import { onnxModel } from "./onnx_model.ts";
import { readOnnx } from "./onnx_reader.ts";
import { encodeParitySamples, type ParitySamples, paritySamples, requireParity, runOnce } from "./parity.ts";
import { type ExportedNetwork, makePassport, type Passport } from "./passport.ts";
import { type ChannelsAxis, describePreprocessing } from "./preprocessing.ts";
import type { TrainedRun } from "./trained_run.ts";

/** What to export, and where to. */
export interface ExportOptions {
  /** The run. */
  run: TrainedRun;
  /** Computes the samples. */
  executor: Executor;
  /** The folder to fill. */
  folder: string;
  /** Stops the work between two networks. */
  signal?: AbortSignal;
}

/** Networks other than the run's encoders. */
export interface OnnxExportOptions extends ExportOptions {
  /** The run's encoders, each with and without its projection head, when left out. */
  networks?: readonly ExportableNetwork[];
  /** Values of their parameters; the run's when left out. */
  parameters?: Tensors;
}

/** File of the samples of an export. */
export const samplesFile = "parity.safetensors";

/**
 * Writes `NETWORK.onnx` for every network that was trained, `parity.safetensors`, `README.md` and `passport.json`.
 *
 * Every file is read back and compared with the run on noise before the passport says so.
 *
 * @throws SonospeechError `input` when nothing was trained or a file does not compute what the run computes.
 */
export async function exportOnnx(options: OnnxExportOptions): Promise<Passport> {
  const { run, executor } = options;
  const parameters = options.parameters ?? run.parameters;
  const { networks, leftOut } = trainedNetworks(
    options.networks ?? encoderNetworks(run.config.model),
    parameters,
  );
  const samples = await paritySamples(networks, parameters, executor);
  const folder = await ExportFolder.open(options.folder);
  const exported: ExportedNetwork[] = [];
  for (const network of networks) {
    options.signal?.throwIfAborted();
    const { name, description, input, output, facts, build } = network;
    const file = `${name}.onnx`;
    const metadata = metadataOf(run, network);
    const bytes = onnxModel({ name, build, parameters, description, metadata });
    const largestRelativeError = await checkModel(
      executor,
      await folder.write(file, bytes),
      network,
      samples,
    );
    exported.push({ name, description, file, input, output, facts, largestRelativeError });
  }
  await folder.write(samplesFile, encodeParitySamples(samples));
  return await writePapers(folder, options, {
    format: "onnx",
    networks: exported,
    leftOut,
    rows: samples.rows,
  });
}

/** Splits networks into those whose parameters are there and the others. */
export function trainedNetworks(
  all: readonly ExportableNetwork[],
  parameters: Tensors,
): { networks: ExportableNetwork[]; leftOut: Passport["leftOut"] } {
  const networks = all.filter((network) => isTrained(network, parameters));
  const leftOut = all.filter((network) => !networks.includes(network))
    .map(({ name }) => ({ name, reason: "the run's losses never trained it" }));
  if (networks.length > 0) return { networks, leftOut };
  throw new SonospeechError("input", {
    action: "export the run",
    must: `it must have trained one of ${all.map(({ name }) => name).join(", ")}`,
    received: "none",
  });
}

/** Writes the model card and the passport. */
export async function writePapers(
  folder: ExportFolder,
  { run, executor }: ExportOptions,
  facts: Pick<Passport, "format" | "networks" | "leftOut"> & { rows: number },
): Promise<Passport> {
  const device = executor.device;
  const passport = makePassport({ ...facts, run, device, samples: samplesFile, files: folder.files });
  await folder.write("README.md", modelCard(passport));
  const complete = { ...passport, files: [...folder.files] };
  await folder.write("passport.json", JSON.stringify(complete, null, 2) + "\n");
  return complete;
}

async function checkModel(
  executor: Executor,
  written: Uint8Array,
  { name, input, output }: ExportableNetwork,
  samples: ParitySamples,
): Promise<number> {
  const read = readOnnx(written, samples.rows);
  const { shape: [rows, height, width], data } = samples.inputs.get(input)!;
  const feeds = new Map([[input, { shape: [rows, 1, height, width], data }]]);
  const found = await runOnce(executor, read.outputs[output], read.parameters, feeds);
  return requireParity(`${name}.onnx`, found, samples.outputs.get(name)!);
}

/** Texts inside the model, so that it can be used without the files beside it. */
export function metadataOf(
  run: TrainedRun,
  { input, facts }: ExportableNetwork,
  channels: ChannelsAxis = "first",
): Record<string, string> {
  const { windowSeconds, ...inputs } = describePreprocessing(run, channels);
  return {
    "sonospeech.version": project.version,
    "sonospeech.step": String(run.step),
    "sonospeech.dataset": run.record.datasetId,
    "sonospeech.config": JSON.stringify(run.config),
    "sonospeech.preprocessing": JSON.stringify({ windowSeconds, input, ...inputs[input] }),
    ...(facts ? { "sonospeech.facts": JSON.stringify(facts) } : {}),
  };
}
