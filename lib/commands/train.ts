/** `train`: a prepared dataset becomes a dual encoder. @module */

import { Command, Option } from "@commander-js/extra-typings";
import { join, resolve } from "node:path";
import { provenanceFiles } from "../export/provenance.ts";
import { openMeasurements, withMeasurements } from "./measurements.ts";
import { collect, parsePort } from "./options.ts";
import type { CommandContext, CommandSeat } from "./plan.ts";

const devices = ["auto", "webgpu", "wasm", "cpu"] as const;

/** The `--device` option. */
export function deviceOption() {
  return new Option(
    "--device <device>",
    "what computes; auto takes what a short trial finds faster, a GPU or wasm",
  )
    .choices(devices).default("auto" as const);
}

interface TrainCommandOptions {
  run: string;
  config?: string;
  set?: string[];
  device: (typeof devices)[number];
  start?: string;
  port?: number;
  json?: true;
  skipGates?: true;
}

/** The definition of `train`. */
export function trainCommand({ programName, plan }: CommandSeat) {
  return new Command("train")
    .summary("train a dual encoder, or go on with a run")
    .description(
      "Trains on a prepared dataset, writes checkpoints and metrics to the run folder and evaluates on validation " +
        "subjects. First certifies that no subject and no copy of a scan is in two splits, and refuses otherwise. Before a long training it " +
        "tries whether one batch can be learned by heart and whether shuffled pairs teach nothing. A run folder that already holds a run goes on from its newest checkpoint. Ctrl-C or SIGTERM " +
        "writes a checkpoint first.",
    )
    .argument("<dataset>", "folder made by prepare")
    .requiredOption("--run <dir>", "run folder, made or continued")
    .option("--config <file>", "JSON with settings that differ from the preset's")
    .option("--set <path=value>", "one setting, as optimizer.learningRate=3e-4; may be repeated", collect)
    .option("--start <file>", "safetensors with weights that a new run starts from, as far as they fit")
    .addOption(deviceOption())
    .option("--port <n>", "serve the dashboard at this port of 127.0.0.1 while training", parsePort)
    .option("--skip-gates", "start a long training without the controls that should fail first")
    .option("--json", "print every event as one line of JSON")
    .addHelpText(
      "after",
      `
Examples:
  ${programName} train data/fetal --run runs/first
  ${programName} train data/fetal --run runs/small --set preset=small --set training.epochs=60 --port 8600
  ${programName} train data/fetal --run runs/first        (goes on where it stopped)
  ${programName} train data/fetal --run runs/second --start models/first-torch/model.safetensors`,
    )
    .action((dataset, options) =>
      plan({
        permissions: (place) =>
          withMeasurements(place, {
            read: [
              dataset,
              ...(options.config === undefined ? [] : [options.config]),
              ...(options.start === undefined ? [] : [options.start, ...provenanceFiles(options.start)]),
              // The dashboard shows the other runs of the folder, too.
              ...(options.port === undefined ? [] : [join(options.run, "..")]),
            ],
            write: [options.run],
            net: options.port === undefined ? [] : [`127.0.0.1:${options.port}`],
          }),
        run: (context) => runTrain(dataset, options, context),
      })
    );
}

async function runTrain(
  dataset: string,
  options: TrainCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { readChanges } = await import("./config_changes.ts");
  const { runTraining } = await import("./training_session.ts");
  const { RunReporter } = await import("./run_reporter.ts");
  const { startDashboard } = await import("./dashboard.ts");
  const at = (path: string) => resolve(context.workingDirectory, path);
  const run = at(options.run);
  const changes = await readChanges(options.config && at(options.config), options.set ?? []);
  await using _dashboard = options.port === undefined
    ? null
    : await startDashboard(resolve(run, ".."), options.port, context);
  const reporter = new RunReporter(context);
  const { reportStart } = await import("./training_start.ts");
  for await (
    const event of runTraining({
      dataset: at(dataset),
      run,
      changes,
      device: options.device,
      measurements: await openMeasurements(context),
      start: options.start && at(options.start),
      onStart: (report, isKnown) => reportStart(report, isKnown, options.json ?? false, context),
      skipGates: options.skipGates,
      signal: context.signal,
      onNote: (note) => reporter.note(note),
      onCertify: options.json ? undefined : (done, total) => reporter.certifying(done, total),
    })
  ) {
    if (options.json) context.stdout(JSON.stringify(event) + "\n");
    else reporter.show(event);
  }
}
