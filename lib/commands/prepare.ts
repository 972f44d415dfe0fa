/** `prepare`: scans with speech become a dataset. @module */

import { Command, Option } from "@commander-js/extra-typings";
import { relative, resolve } from "node:path";
import { exitCodes } from "../errors.ts";
import type { DatasetSummary } from "../data/dataset_store.ts";
import { formatDuration, ProgressPrinter } from "../progress.ts";
import { collect, parseCount } from "./options.ts";
import type { CommandContext, CommandSeat, Place } from "./plan.ts";
import { showPrepareEvent } from "./prepare_lines.ts";

interface PrepareCommandOptions {
  out: string;
  config?: string;
  set?: string[];
  mask?: string[];
  requireConfirmedMask?: true;
  burntIn?: "warn" | "refuse";
  pseudonymKey?: string;
  jobs: number;
  json?: true;
}

/** The definition of `prepare`. */
export function prepareCommand({ programName, plan }: CommandSeat) {
  return new Command("prepare")
    .summary("turn scans with speech into a dataset")
    .description(
      "Reads videos with speech and writes windows of frames, sound and spectrograms. Inputs are video and DICOM files, " +
        "folders, or CSV manifests (columns scan, subject, video, speech, speech_offset_seconds, labels, gaze, " +
        "gaze_offset_seconds, gaze_box, mask, bleep, split). Files that cannot be used are listed with the reason and the rest " +
        "goes on. Again, it does only what is new.",
    )
    .argument("<input...>", "videos, folders or CSV manifests")
    .requiredOption("--out <dir>", "folder of the dataset, made or continued")
    .option("--config <file>", "JSON with settings that differ from the preset's")
    .option("--set <path=value>", "one setting, as preset=small; may be repeated", collect)
    .option("--mask <file>", "mask of a scanner's pictures, as mask writes it; may be repeated", collect)
    .option("--require-confirmed-mask", "put scans aside that no confirmed mask fits")
    .addOption(
      new Option("--burnt-in <what>", "what to do about text burnt into what is kept").choices(
        ["warn", "refuse"] as const,
      ),
    )
    .option("--pseudonym-key <file>", "keep pseudonyms instead of names; the key is made if it is not there")
    .option("--jobs <n>", "scans prepared side by side", parseCount, navigator.hardwareConcurrency)
    .option("--json", "print every event but progress as one line of JSON")
    .addHelpText(
      "after",
      `
Examples:
  ${programName} prepare scans --out data/fetal
  ${programName} prepare scans/manifest.csv more/*.mp4 --out data/fetal --set preset=small
  ${programName} prepare scans --out data/six --set windowSeconds=6
  ${programName} prepare scans --out data/safe --mask masks/mask-1024x768.json --require-confirmed-mask \\
    --burnt-in refuse --pseudonym-key ~/private/pseudonyms.key

Exits with ${exitCodes.input} when not one scan could be used.`,
    )
    .action((inputs, options) =>
      plan({
        permissions: async (place) => ({
          read: [
            ...inputs,
            ...await filesOutside(inputs, place),
            ...(options.config === undefined ? [] : [options.config]),
            ...(options.mask ?? []),
          ],
          write: [options.out, ...(options.pseudonymKey === undefined ? [] : [options.pseudonymKey])],
          run: ["ffmpeg", "ffprobe"],
        }),
        run: (context) => runPrepare(inputs, options, context),
      })
    );
}

/** The files that manifests name outside the inputs, and the sound files beside videos. */
export async function filesOutside(
  inputs: readonly string[],
  { workingDirectory }: Place,
): Promise<string[]> {
  const { listScans } = await import("../data/prepare_inputs.ts");
  const roots = inputs.map((input) => resolve(workingDirectory, input));
  const { items } = await listScans(roots);
  const files = items.flatMap(({ video, speech, labels, gaze, mask, bleep }) =>
    [video, speech, labels, gaze, mask, bleep].filter((file) => file !== undefined)
  );
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
    await readChanges(options.config && at(options.config), [...options.set ?? [], ...gateSettings(options)]),
  );
  const printer = new ProgressPrinter({ write: context.stderr, terminal: context.isTerminal });
  const work = {
    signal: context.signal,
    concurrency: options.jobs,
    masks: options.mask?.map(at),
    pseudonymKey: options.pseudonymKey && at(options.pseudonymKey),
  };
  let scans = 0;
  try {
    for await (const event of prepareDataset(inputs.map(at), at(options.out), config, work)) {
      if (event.kind === "summary") scans = event.summary.scans;
      if (options.json && event.kind !== "progress") context.stdout(JSON.stringify(event) + "\n");
      else showPrepareEvent(event, printer);
      if (event.kind === "summary" && !options.json) {
        printer.clear();
        context.stdout(summaryText(event.summary, options.out));
      }
    }
  } finally {
    printer.clear();
  }
  return scans > 0 ? 0 : exitCodes.input;
}

/** Options of the gate that are settings of the dataset, as `--set` texts. */
function gateSettings({ requireConfirmedMask, burntIn }: PrepareCommandOptions): string[] {
  return [
    ...(requireConfirmedMask ? ["deidentification.requireConfirmedMask=true"] : []),
    ...(burntIn === undefined ? [] : [`deidentification.burntIn=${burntIn}`]),
  ];
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
    `masks        ${maskText(summary.masks)}`,
    ...(summary.bleeped.scans > 0
      ? [`taken out    ${summary.bleeped.seconds.toFixed(2)} s of speech of ${summary.bleeped.scans} scans`]
      : []),
    `to look at   ${out}/qc.html`,
    ...(summary.labelledScans + summary.gazeScans > 0
      ? [`annotated    labels on ${summary.labelledScans} scans, gaze on ${summary.gazeScans}`]
      : []),
    "",
  ].join("\n");
}

const maskKinds = {
  confirmed: "confirmed",
  template: "not confirmed",
  found: "found by itself",
  doubtful: "doubtful",
  none: "without",
};

function maskText(masks: DatasetSummary["masks"]): string {
  const kinds = Object.entries(maskKinds) as [keyof typeof maskKinds, string][];
  return kinds.filter(([kind]) => masks[kind] > 0).map(([kind, text]) => `${masks[kind]} ${text}`).join(
    ", ",
  ) || "none";
}
