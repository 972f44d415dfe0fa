/** `evaluate`: what a run learned, on subjects it never saw. @module */

import { Command, Option } from "@commander-js/extra-typings";
import { join, resolve } from "node:path";
import { openMeasurements, withMeasurements } from "./measurements.ts";
import type { CommandContext, CommandSeat } from "./plan.ts";
import { deviceOption } from "./train.ts";

interface EvaluateCommandOptions {
  split: "validation" | "test";
  checkpoint: "best" | "newest";
  device: "auto" | "webgpu" | "wasm" | "cpu";
  json?: true;
}

/** The definition of `evaluate`. */
export function evaluateCommand({ programName, plan }: CommandSeat) {
  return new Command("evaluate")
    .summary("score a run on held-out subjects")
    .description(
      "Embeds the windows of subjects that were not trained on, scores retrieval both ways beside chance and " +
        "writes report.json, embeddings.safetensors and map.json to the run's folder evaluations, or " +
        "evaluations_elsewhere where the dataset is another. Refuses " +
        "subjects that the run was trained on, copies of their scans in other datasets, and runs without a split " +
        "certificate.",
    )
    .argument("<run>", "run folder")
    .argument("<dataset>", "folder made by prepare")
    .addOption(
      new Option("--split <split>").choices(["validation", "test"] as const).default("test" as const),
    )
    .addOption(
      new Option("--checkpoint <which>", "best on validation, or newest").choices(["best", "newest"] as const)
        .default("best" as const),
    )
    .addOption(deviceOption())
    .option("--json", "print the report as one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  ${programName} evaluate runs/first data/fetal
  ${programName} evaluate runs/first data/other-hospital --json`,
    )
    .action((run, dataset, options) =>
      plan({
        permissions: (place) => withMeasurements(place, { read: [dataset], write: [run] }),
        run: async (context) => {
          const report = await evaluateRun(run, dataset, options, context);
          const { retrievalTable } = await import("./evaluation_table.ts");
          if (options.json) return context.stdout(JSON.stringify(report) + "\n");
          const which = options.checkpoint === "best" ? "best on validation" : "newest";
          context.stdout(
            `checkpoint of step ${report.step}, the ${which}; ${report.split}\n${retrievalTable(report)}`,
          );
        },
      })
    );
}

/** Scores a run's checkpoint and records the evaluation with the run. */
export async function evaluateRun(
  run: string,
  dataset: string,
  options: Pick<EvaluateCommandOptions, "split" | "checkpoint" | "device">,
  context: Pick<CommandContext, "workingDirectory" | "cacheDirectory" | "signal" | "stderr" | "isTerminal">,
) {
  const { readTrainFingerprints } = await import("../training/run_certificate.ts");
  const { openRunFolder } = await import("../training/run_folder.ts");
  const { DatasetReader } = await import("../data/dataset_store.ts");
  const { evaluate } = await import("../evaluation/evaluate.ts");
  const { ProgressMeter, ProgressPrinter } = await import("../progress.ts");
  const { evaluationFolder, loadCheckpoint, openExecutor, recordEvaluation } = await import(
    "./evaluation_session.ts"
  );
  const folder = await openRunFolder(resolve(context.workingDirectory, run));
  const checkpoint = await loadCheckpoint(folder.path, options.checkpoint);
  const reader = DatasetReader.open(resolve(context.workingDirectory, dataset));
  // Window ids and numbers of other data would pass for those of the run's own.
  const isOwn = reader.id === folder.record.datasetId;
  const place = isOwn ? ["evaluations"] : ["evaluations_elsewhere", reader.id.slice(0, 8)];
  const printer = new ProgressPrinter({ write: context.stderr, terminal: context.isTerminal });
  try {
    await using session = await openExecutor(options.device, {
      measurements: await openMeasurements(context),
    });
    const total = reader.windows({ split: options.split }).length;
    const meter = new ProgressMeter("embed", "windows", { total });
    const report = await evaluate({
      executor: session.executor,
      config: folder.config,
      parameters: checkpoint.parameters,
      dataset: reader,
      split: options.split,
      step: checkpoint.step,
      trainedOn: {
        certificate: checkpoint.certificate,
        startSubjects: folder.record.start?.trainedOn ?? [],
        trainFingerprints: () => readTrainFingerprints(folder.path),
      },
      folder: join(folder.path, ...place, evaluationFolder(options.split, checkpoint.step)),
      signal: context.signal,
      onProgress: (done) => printer.show(meter.update(done)),
    });
    printer.clear();
    if (isOwn) await recordEvaluation(folder.path, report);
    return report;
  } finally {
    reader.close();
  }
}
