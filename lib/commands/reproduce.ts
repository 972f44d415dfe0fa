/** `reproduce`: the paper's comparison, on scans whose truth is known or on the user's. @module */

import { Command } from "@commander-js/extra-typings";
import { join, resolve } from "node:path";
import { withMeasurements } from "./measurements.ts";
import { collect, parseCount } from "./options.ts";
import type { CommandContext, CommandSeat } from "./plan.ts";
import { deviceOption } from "./train.ts";

interface ReproduceCommandOptions {
  quick?: true;
  out: string;
  data?: string;
  labels?: string;
  set?: string[];
  seeds?: number;
  device: "auto" | "webgpu" | "wasm" | "cpu";
  workers?: number;
  dryRun?: true;
  json?: true;
}

/** The definition of `reproduce`. */
export function reproduceCommand({ programName, plan }: CommandSeat) {
  return new Command("reproduce")
    .summary("compare random, video only, the paper's losses, ours and labels, with controls")
    .description(
      "Trains an encoder for every row of the paper's comparison, fine-tunes each on standard planes and on gaze " +
        "with cross-validation by subject, adds probes, retrieval and affinity, and writes report.html and " +
        "report.json: every figure with its interval and what chance gives, every difference with its p-value. " +
        "Stopped, it goes on where it was; what is there already is not computed again. The quick comparison takes " +
        "about ten minutes on two cores, the whole one a night or more; how long is said beforehand.",
    )
    .option("--quick", "small scans, kind narration, one seed")
    .option("--out <dir>", "folder for everything it makes", "reproduce")
    .option(
      "--data <dataset>",
      "a prepared dataset instead of synthetic scans; its training split is trained on",
    )
    .option("--labels <file>", "CSV with scan,start_seconds,end_seconds,label for --data")
    .option("--seeds <n>", "trainings of every row", parseCount)
    .option("--set <path=value>", "one setting of every row's run; may be repeated", collect)
    .addOption(deviceOption())
    .option(
      "--workers <n>",
      "parts computed side by side (default: one for each core, one on a GPU)",
      parseCount,
    )
    .option("--dry-run", "say what would be done and how long it would take")
    .option("--json", "print the report as one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  ${programName} reproduce --quick
  ${programName} reproduce --out /data/comparison
  ${programName} reproduce --data data/fetal --labels planes.csv --set preset=small`,
    )
    .action((options) => {
      if (options.labels !== undefined && options.data === undefined) {
        throw new RangeError("--labels goes with --data");
      }
      plan({
        permissions: (place) =>
          withMeasurements(place, {
            read: [options.data, options.labels].filter((path) => path !== undefined),
            write: [options.out],
            run: options.data === undefined ? ["ffmpeg", "ffprobe"] : [],
          }),
        run: (context) => runReproduce(options, wordsOf(options, programName), context),
      });
    });
}

/** The command line that computes the same, without folders: they may name a patient. */
function wordsOf(
  { quick, data, labels, seeds, set = [] }: ReproduceCommandOptions,
  programName: string,
): string {
  return [
    `${programName} reproduce`,
    ...quick ? ["--quick"] : [],
    ...data === undefined ? [] : ["--data DATASET"],
    ...labels === undefined ? [] : ["--labels FILE"],
    ...seeds === undefined ? [] : [`--seeds ${seeds}`],
    ...set.map((text) => `--set ${quoted(text)}`),
  ].join(" ");
}

/** For a shell that may take brackets for patterns. */
function quoted(text: string): string {
  return /^[\w.,:=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

async function runReproduce(
  options: ReproduceCommandOptions,
  command: string,
  context: CommandContext,
): Promise<void> {
  const { studyOf, makeData, compare, writeReport } = await import("./reproduce_stages.ts");
  const { lockRunFolder } = await import("../training/run_folder.ts");
  const at = (path: string) => resolve(context.workingDirectory, path);
  const out = at(options.out);
  using _lock = await lockRunFolder(out, {
    action: "compare",
    must: "no other comparison may work in the same folder",
    hint: "wait for the other one or choose another --out folder",
  });
  const study = studyOf(options);
  const places = options.data === undefined
    ? await makeData(out, study.size, context)
    : { dataset: at(options.data), labels: options.labels === undefined ? undefined : at(options.labels) };
  const finished = await compare({ ...options, command, study, places, out }, context);
  if (finished === undefined) return;
  const text = await writeReport(out, finished);
  context.stdout(options.json ? JSON.stringify(finished.report) + "\n" : text);
  context.stderr(`The whole report: ${join(out, "report.html")}\n`);
}
