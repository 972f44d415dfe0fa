/** `prepare`: scans with speech become a dataset. @module */

import { Command } from "@commander-js/extra-typings";
import { relative, resolve } from "node:path";
import { exitCodes } from "../errors.ts";
import type { DatasetSummary } from "../data/dataset_store.ts";
import { formatDuration, ProgressPrinter } from "../progress.ts";
import { collect, parseNumber } from "./options.ts";
import type { CommandContext, CommandSeat, Place } from "./plan.ts";

interface PrepareCommandOptions {
  out: string;
  config?: string;
  set?: string[];
  jobs: number;
  json?: true;
}

/** The definition of `prepare`. */
export function prepareCommand({ programName, plan }: CommandSeat) {
  return new Command("prepare")
    .summary("turn scans with speech into a dataset")
    .description(
      "Reads videos with speech and writes windows of frames, sound and spectrograms. Inputs are video files, " +
        "folders, or CSV manifests (columns scan, subject, video, speech, speech_offset_seconds, split). Files that " +
        "cannot be used are listed with the reason and the rest goes on. Again, it does only what is new.",
    )
    .argument("<input...>", "videos, folders or CSV manifests")
    .requiredOption("--out <dir>", "folder of the dataset, made or continued")
    .option("--config <file>", "JSON with settings that differ from the preset's")
    .option("--set <path=value>", "one setting, as preset=small; may be repeated", collect)
    .option("--jobs <n>", "scans prepared side by side", parseJobs, navigator.hardwareConcurrency)
    .option("--json", "print every event but progress as one line of JSON")
    .addHelpText(
      "after",
      `
Examples:
  ${programName} prepare scans --out data/fetal
  ${programName} prepare scans/manifest.csv more/*.mp4 --out data/fetal --set preset=small
  ${programName} prepare scans --out data/six --set windowSeconds=6

Exits with ${exitCodes.input} when not one scan could be used.`,
    )
    .action((inputs, options) =>
      plan({
        permissions: async (place) => ({
          read: [
            ...inputs,
            ...await filesOutside(inputs, place),
            ...(options.config === undefined ? [] : [options.config]),
          ],
          write: [options.out],
          run: ["ffmpeg", "ffprobe"],
        }),
        run: (context) => runPrepare(inputs, options, context),
      })
    );
}

function parseJobs(text: string): number {
  const jobs = parseNumber(text);
  if (Number.isInteger(jobs) && jobs >= 1) return jobs;
  throw new RangeError(`a whole number from 1 must be given, received "${text}"`);
}

/** The files that manifests name outside the inputs, and the sound files beside videos. */
async function filesOutside(inputs: readonly string[], { workingDirectory }: Place): Promise<string[]> {
  const { listScans } = await import("../data/prepare_inputs.ts");
  const roots = inputs.map((input) => resolve(workingDirectory, input));
  const { items } = await listScans(roots);
  const files = items.flatMap(({ video, speech }) => speech === undefined ? [video] : [video, speech]);
  return files.filter((file) => roots.every((root) => relative(root, file).startsWith("..")));
}

async function runPrepare(
  inputs: readonly string[],
  options: PrepareCommandOptions,
  context: CommandContext,
): Promise<number> {
  const { resolvePrepareConfig } = await import("../config.ts");
  const { prepareDataset } = await import("../data/prepare.ts");
  const { readChanges } = await import("./config_changes.ts");
  const at = (path: string) => resolve(context.workingDirectory, path);
  const config = resolvePrepareConfig(
    await readChanges(options.config && at(options.config), options.set ?? []),
  );
  const printer = new ProgressPrinter({ write: context.stderr, terminal: context.isTerminal });
  const work = { signal: context.signal, concurrency: options.jobs };
  let scans = 0;
  try {
    for await (const event of prepareDataset(inputs.map(at), at(options.out), config, work)) {
      if (event.kind === "summary") scans = event.summary.scans;
      if (event.kind === "progress") printer.show(event.progress);
      else if (options.json) context.stdout(JSON.stringify(event) + "\n");
      else if (event.kind === "warning") printer.note(event.message);
      else if (event.kind === "quarantined") {
        printer.note(`${event.record.sourceName}: ${event.record.reason}, ${event.record.detail}`);
      } else if (event.kind === "summary") {
        printer.clear();
        context.stdout(summaryText(event.summary, options.out));
      }
    }
  } finally {
    printer.clear();
  }
  return scans > 0 ? 0 : exitCodes.input;
}

/** What became of the inputs, for reading. */
export function summaryText(summary: DatasetSummary, out: string): string {
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const { train, validation, test } = summary.subjects;
  const reasons = Object.entries(summary.quarantineReasons).map(([reason, count]) => `${count} ${reason}`);
  return [
    `dataset      ${out}`,
    `scans        ${summary.scans}`,
    `windows      ${summary.windows} (${formatDuration(3600 * summary.hours)})`,
    `subjects     ${train} train, ${validation} validation, ${test} test`,
    `speech       ${percent(summary.speechShareWebrtc)} by WebRTC's detector, ` +
    `${percent(summary.speechShareEnergy)} by energy`,
    `quarantined  ${summary.quarantined}${reasons.length > 0 ? `: ${reasons.join(", ")}` : ""}`,
    "",
  ].join("\n");
}
