/**
 * The stages of `reproduce`, each of which goes on where it was stopped.
 *
 * @module
 */

import { join } from "node:path";
import project from "../../deno.json" with { type: "json" };
import { formatDuration, ProgressPrinter } from "../progress.ts";
import { writeFileAtomic, writeJsonAtomic } from "../records/atomic_file.ts";
import { secondsPerPicture } from "../reproduction/estimate.ts";
import { renderReport } from "../reproduction/report_html.ts";
import { renderReportText } from "../reproduction/report_text.ts";
import { type PlannedEvent, type ReportedEvent, reproduce } from "../reproduction/reproduce.ts";
import { rowSettings, studies, type Study, studyScans } from "../reproduction/study.ts";
import type { StudyPlaces } from "../reproduction/study_data.ts";
import type { DeviceChoice, ExecutorOptions } from "../tensor/device.ts";
import { openMeasurements } from "./measurements.ts";
import { openExecutor } from "./evaluation_session.ts";
import type { CommandContext } from "./plan.ts";
import { makeScans, prepareScans } from "./scan_stages.ts";

/** The study that the options ask for. @throws SonospeechError `config` when a setting is none. */
export function studyOf(options: { quick?: true; set?: readonly string[]; seeds?: number }): Study {
  const base = studies[options.quick ? "quick" : "full"];
  const study: Study = {
    ...base,
    settings: [...base.settings, ...options.set ?? []],
    seeds: options.seeds === undefined ? base.seeds : Array.from({ length: options.seeds }, (_, i) => i + 1),
  };
  study.rows.forEach((row) => rowSettings(study, row, 1));
  return study;
}

/** Makes synthetic scans and their dataset. */
export async function makeData(
  out: string,
  size: Study["size"],
  context: CommandContext,
): Promise<StudyPlaces> {
  const { phantom, prepare } = studyScans[size];
  const [scans, dataset] = [join(out, `scans-${size}`), join(out, `dataset-${size}`)];
  await makeScans(scans, phantom, context);
  await prepareScans(scans, dataset, prepare, context);
  return { dataset, truth: join(scans, "truth.jsonl") };
}

/** What to compare. */
export interface CompareOptions {
  study: Study;
  places: StudyPlaces;
  out: string;
  device: DeviceChoice;
  workers?: number;
  dryRun?: true;
  data?: string;
  /** How the user called it, without folders. */
  command: string;
}

/** Computes what is missing, telling how long it will take before it begins; nothing on a dry run. */
export async function compare(
  options: CompareOptions,
  context: CommandContext,
): Promise<ReportedEvent | undefined> {
  const { study, places, out, dryRun } = options;
  const atMost = options.workers ?? navigator.hardwareConcurrency;
  const threads = atMost > 1 ? 1 : undefined;
  const printer = new ProgressPrinter({ write: context.stderr, terminal: context.isTerminal });
  const measurements = await openMeasurements(context);
  const onNote = (note: string) => printer.note(note);
  const speed = await measureSpeed(study, options.device, { threads, measurements, onNote });
  const workers = options.workers ?? (speed.isHardware ? 1 : atMost);
  const notes = options.data === undefined
    ? syntheticNotes(study.size)
    : ["Scans of the user's own dataset."];
  const events = reproduce({
    study,
    places,
    out,
    device: speed.device,
    workers,
    threads,
    command: options.command,
    programVersion: project.version,
    notes,
    signal: context.signal,
  });
  try {
    for await (const event of events) {
      if (event.kind === "planned") {
        printer.note(announcement(event, speed.secondsPerPicture, workers));
        event.notes.forEach((note) => printer.note(note));
        if (dryRun) return undefined;
      }
      if (event.kind === "progress") printer.show(event.progress, event.cell);
      if (event.kind === "summarizing") printer.note("Drawing intervals and tests");
      if (event.kind === "finished") return event;
    }
  } finally {
    printer.clear();
  }
  throw new Error("Cannot go on: a comparison must end with a report");
}

/** With as many threads as each worker will have: those of several workers share the cores. */
async function measureSpeed(study: Study, device: DeviceChoice, options: ExecutorOptions) {
  await using session = await openExecutor(device, options);
  const { executor } = session;
  return {
    device: executor.device.kind, // all workers compute on one kind, whatever a trial would find while all run
    isHardware: executor.device.isHardware,
    secondsPerPicture: await secondsPerPicture(executor, rowSettings(study, "random", 1).model),
  };
}

function announcement({ cells, finished, cost }: PlannedEvent, seconds: number, workers: number): string {
  if (finished === cells) return `All ${cells} parts are there already.`;
  const there = finished === 0 ? "" : `, ${finished} of them there already`;
  const time = formatDuration((cost * seconds) / workers);
  return `${cells} parts to compute${there}: about ${time} with ${workers} side by side, ` +
    "by the speed of this machine just now. It can be stopped and goes on with the same command.";
}

function syntheticNotes(size: Study["size"]): string[] {
  const { subjects, secondsPerScan, relatedShare, lagSeconds, wordings, difficulty } =
    studyScans[size].phantom;
  const kinder = relatedShare === undefined
    ? ""
    : ` Narration is kinder than the standard: ${
      100 * relatedShare
    } % of the utterances are about what is seen, ` +
      `${lagSeconds!.map(Math.abs).join(" to ")} s away at most, in ${wordings} wordings of each plane.`;
  return [
    `Narrated synthetic scans of difficulty ${difficulty}: ${subjects} subjects, ${secondsPerScan} s each.${kinder}`,
  ];
}

/** Writes `answers.json`, `report.json` and `report.html`. @returns The table for the terminal. */
export async function writeReport(
  out: string,
  { report, answers }: Pick<ReportedEvent, "report" | "answers">,
): Promise<string> {
  const write = (name: string, text: string) =>
    writeFileAtomic(join(out, name), new TextEncoder().encode(text));
  await write("answers.json", JSON.stringify(answers) + "\n");
  await writeJsonAtomic(join(out, "report.json"), report);
  await write("report.html", renderReport(report));
  return renderReportText(report);
}
