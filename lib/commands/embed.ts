/** `embed`: windows become embeddings that other programs read. @module */

import { Command, Option } from "@commander-js/extra-typings";
import { join, resolve } from "node:path";
import { datasetPaths } from "../data/dataset_schema.ts";
import type { DatasetReader } from "../data/dataset_store.ts";
import { splits } from "../data/split.ts";
import { SonospeechError } from "../errors.ts";
import { openMeasurements, withMeasurements } from "./measurements.ts";
import { collect } from "./options.ts";
import type { CommandContext, CommandSeat, Place } from "./plan.ts";
import { filesOutside } from "./prepare.ts";
import { checkpointOption, datasetOfRun } from "./run_places.ts";
import { deviceOption } from "./train.ts";

interface EmbedCommandOptions {
  out: string;
  split?: (typeof splits)[number];
  dataset?: string;
  mask?: string[];
  checkpoint: "best" | "newest";
  device: "auto" | "webgpu" | "wasm" | "cpu";
  json?: true;
}

/** The definition of `embed`. */
export function embedCommand({ programName, plan }: CommandSeat) {
  return new Command("embed")
    .summary("write the embeddings of a dataset or of videos")
    .description(
      "Embeds every window of a prepared dataset, or of videos, folders and manifests as prepare takes them, which are " +
        "prepared first as the run's dataset was, with its masks, and forgotten afterwards. Writes embeddings.safetensors, " +
        "embeddings.csv and embeddings.parquet (window ids, scan ids, times, values) and passport.json.",
    )
    .argument("<run>", "run folder")
    .argument("<input...>", "one folder made by prepare, or videos, folders or CSV manifests")
    .requiredOption("--out <dir>", "folder to write to, made if needed")
    .addOption(new Option("--split <split>", "only this part of a dataset").choices(splits))
    .option("--dataset <dir>", "the run's dataset, where it was moved")
    .option("--mask <file>", "mask for videos that the dataset's masks are not for; may be repeated", collect)
    .addOption(checkpointOption())
    .addOption(deviceOption())
    .option("--json", "print what was embedded as one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  ${programName} embed runs/first data/fetal --out embeddings
  ${programName} embed runs/first data/fetal --out embeddings/test --split test
  ${programName} embed runs/first new/scan.mp4 --out embeddings/new`,
    )
    .action((run, inputs, options) =>
      plan({
        permissions: async (place) =>
          withMeasurements(place, {
            read: [
              run,
              ...[options.dataset ?? datasetOfRun(run, place)].filter((dataset) => dataset !== undefined),
              ...inputs,
              ...(options.mask ?? []),
              ...(isDataset(inputs, place) ? [] : await filesOutside(inputs, place)),
            ],
            write: [options.out],
            run: isDataset(inputs, place) ? [] : ["ffmpeg", "ffprobe"],
          }),
        run: (context) => runEmbed(run, inputs, options, context),
      })
    );
}

/** Whether the inputs are one prepared dataset. */
function isDataset(inputs: readonly string[], { workingDirectory }: Place): boolean {
  try {
    return inputs.length === 1 &&
      Deno.statSync(datasetPaths.manifest(resolve(workingDirectory, inputs[0]))).isFile;
  } catch {
    return false;
  }
}

async function runEmbed(
  run: string,
  inputs: readonly string[],
  options: EmbedCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { DatasetReader } = await import("../data/dataset_store.ts");
  const { openTrainedRun } = await import("./trained_run_session.ts");
  const at = (path: string) => resolve(context.workingDirectory, path);
  const trained = await openTrainedRun(run, options, context);
  if (isDataset(inputs, context)) {
    if (options.mask !== undefined) {
      throw new SonospeechError("usage", {
        action: "embed",
        must: "--mask is for videos: a prepared dataset has its masks",
        received: options.mask.join(", "),
      });
    }
    return await writeEmbeddings(trained, DatasetReader.open(at(inputs[0])), true, options, context);
  }
  if (options.split !== undefined) {
    throw new SonospeechError("usage", {
      action: "embed",
      must: "--split is for a prepared dataset: videos have no splits",
      received: options.split,
    });
  }
  const { prepareInto } = await import("./prepare_aside.ts");
  const folder = join(at(options.out), `.prepared-${Deno.pid}`);
  try {
    const likeness = { config: trained.prepare, scans: trained.masked, masks: options.mask?.map(at) };
    await prepareInto(folder, inputs.map(at), likeness, context);
    await writeEmbeddings(trained, DatasetReader.open(folder), false, options, context);
  } finally {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

async function writeEmbeddings(
  run: Awaited<ReturnType<typeof import("./trained_run_session.ts").openTrainedRun>>,
  dataset: DatasetReader,
  tellSplit: boolean,
  { out, split, device, json }: EmbedCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { exportEmbeddings } = await import("../export/export_embeddings.ts");
  const { ProgressMeter, ProgressPrinter } = await import("../progress.ts");
  const { openExecutor } = await import("./evaluation_session.ts");
  const printer = new ProgressPrinter({ write: context.stderr, terminal: context.isTerminal });
  try {
    await using session = await openExecutor(device, { measurements: await openMeasurements(context) });
    const windows = dataset.windows({ split });
    const meter = new ProgressMeter("embed", "windows", { total: windows.length });
    const { embedded } = await exportEmbeddings({
      run,
      executor: session.executor,
      folder: resolve(context.workingDirectory, out),
      source: dataset,
      windows,
      tellSplit,
      signal: context.signal,
      onProgress: (done) => printer.show(meter.update(done)),
    });
    printer.clear();
    const counts = Map.groupBy(windows, ({ scanId }) => scanId);
    const scans = dataset.scans().filter(({ id }) => counts.has(id))
      .map(({ id, sourceName }) => ({ scan: id, file: sourceName, windows: counts.get(id)!.length }));
    if (json) return context.stdout(JSON.stringify({ ...embedded, scans }) + "\n");
    const { formatTable } = await import("./evaluation_table.ts");
    context.stdout(formatTable([
      ["scan", "windows", "file"],
      ...scans.map(({ scan, file, windows }) => [scan, String(windows), file]),
    ]));
    context.stdout(
      `${embedded.windows} windows, ${embedded.dimension} numbers each for video and speech, in ${out}\n`,
    );
  } finally {
    dataset.close();
  }
}
