/** `export`: a run in formats that other programs read. @module */

import { Command, Option } from "@commander-js/extra-typings";
import { resolve } from "node:path";
import { openMeasurements, withMeasurements } from "./measurements.ts";
import type { CommandContext, CommandSeat } from "./plan.ts";
import { checkpointOption, datasetOfRun } from "./run_places.ts";
import { deviceOption } from "./train.ts";

const formats = ["onnx", "safetensors", "tfjs", "tensorboard", "jsonl"] as const;

interface ExportCommandOptions {
  format: (typeof formats)[number];
  out: string;
  dataset?: string;
  checkpoint: "best" | "newest";
  device: "auto" | "webgpu" | "wasm" | "cpu";
  json?: true;
}

/** The definition of `export`. */
export function exportCommand({ programName, plan }: CommandSeat) {
  return new Command("export")
    .summary("write a run in formats that other programs read")
    .description(
      "Writes a run's encoders as ONNX models or as safetensors with a PyTorch module, or as TensorFlow.js models, each with a model card and a " +
        "passport (data's hash, seeds, settings, metrics, agreement); or its metrics as TensorBoard events or lines " +
        "of JSON. No pictures, sounds or names leave with any of them.",
    )
    .argument("<run>", "run folder")
    .addOption(new Option("--format <format>", "what to write").choices(formats).makeOptionMandatory())
    .requiredOption("--out <dir>", "folder to write to, made if needed")
    .option("--dataset <dir>", "the run's dataset, where it was moved")
    .addOption(checkpointOption())
    .addOption(deviceOption())
    .option("--json", "print what was written as one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  ${programName} export runs/first --format onnx --out models/first
  ${programName} export runs/first --format safetensors --out models/first-torch
  ${programName} export runs/first --format tfjs --out site/model
  ${programName} export runs/first --format tensorboard --out logs/first`,
    )
    .action((run, options) => {
      const isModel = options.format !== "tensorboard" && options.format !== "jsonl";
      plan({
        permissions: (place) =>
          withMeasurements(place, {
            read: [
              run,
              ...(isModel
                ? [options.dataset ?? datasetOfRun(run, place)].filter((d) => d !== undefined)
                : []),
            ],
            write: [options.out],
          }),
        run: (context) => (isModel ? runModelExport : runMetricsExport)(run, options, context),
      });
    });
}

async function runModelExport(
  run: string,
  options: ExportCommandOptions,
  context: CommandContext,
): Promise<void> {
  const write = await writerOf(options.format);
  const { openTrainedRun } = await import("./trained_run_session.ts");
  const { openExecutor } = await import("./evaluation_session.ts");
  const folder = resolve(context.workingDirectory, options.out);
  const trained = await openTrainedRun(run, options, context);
  await using session = await openExecutor(options.device, { measurements: await openMeasurements(context) });
  const work = { run: trained, executor: session.executor, folder, signal: context.signal };
  const passport = await write(work);
  if (options.json) return context.stdout(JSON.stringify(passport) + "\n");
  const { formatTable } = await import("./evaluation_table.ts");
  context.stdout(formatTable([
    ["network", "file", "largest difference"],
    ...passport.networks.map(({ name, file, largestRelativeError }) => [
      name,
      file,
      largestRelativeError.toExponential(1),
    ]),
  ]));
  for (const { name, reason } of passport.leftOut) context.stderr(`${name} is left out: ${reason}\n`);
  context.stdout(`with README.md and passport.json in ${options.out}\n`);
}

async function writerOf(format: ExportCommandOptions["format"]) {
  if (format === "onnx") return (await import("../export/export_onnx.ts")).exportOnnx;
  if (format === "tfjs") return (await import("../export/export_tfjs.ts")).exportTfjs;
  return (await import("../export/export_safetensors.ts")).exportSafetensors;
}

async function runMetricsExport(
  run: string,
  { format, out, json }: ExportCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { exportMetrics } = await import("../export/export_metrics.ts");
  const { openRunFolder } = await import("../training/run_folder.ts");
  const at = (path: string) => resolve(context.workingDirectory, path);
  const folder = await openRunFolder(at(run));
  const passport = await exportMetrics(folder, format as "tensorboard" | "jsonl", at(out));
  context.stdout(
    json
      ? JSON.stringify(passport) + "\n"
      : `${passport.events} events in ${out}: ${
        passport.files.map(({ name }) => name).join(", ")
      }, passport.json\n`,
  );
}
