/** `evaluate`: what a run learned, on subjects it never saw. @module */

import { Command, Option } from "@commander-js/extra-typings";
import { join, resolve } from "node:path";
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
        "writes report.json, embeddings.safetensors and map.json to the run's evaluations folder. Refuses " +
        "subjects that the run was trained on.",
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
        permissions: () => ({ read: [dataset], write: [run] }),
        run: async (context) => {
          const report = await evaluateRun(run, dataset, options, context);
          const { retrievalTable } = await import("./evaluation_table.ts");
          context.stdout(options.json ? JSON.stringify(report) + "\n" : retrievalTable(report));
        },
      })
    );
}

/** Scores a run's checkpoint and records the evaluation with the run. */
export async function evaluateRun(
  run: string,
  dataset: string,
  options: Pick<EvaluateCommandOptions, "split" | "checkpoint" | "device">,
  context: Pick<CommandContext, "workingDirectory" | "signal" | "stderr" | "isTerminal">,
) {
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
  const printer = new ProgressPrinter({ write: context.stderr, terminal: context.isTerminal });
  try {
    await using session = await openExecutor(options.device);
    const total = reader.windows({ split: options.split }).length;
    const meter = new ProgressMeter("embed", "windows", { total });
    const report = await evaluate({
      executor: session.executor,
      config: folder.config,
      parameters: checkpoint.parameters,
      dataset: reader,
      split: options.split,
      step: checkpoint.step,
      trainSubjects: new Set(folder.record.trainSubjects),
      folder: join(folder.path, "evaluations", evaluationFolder(options.split, checkpoint.step)),
      signal: context.signal,
      onProgress: (done) => printer.show(meter.update(done)),
    });
    printer.clear();
    await recordEvaluation(folder.path, report);
    return report;
  } finally {
    reader.close();
  }
}
