/**
 * What the benchmark found, as text, as JSON and in README.md.
 *
 * @module
 */

import { barPlot } from "./bar_plot.ts";
import { isReached, type Json, type Machine, type Part, type PartResult, targetText } from "./part.ts";
import { replaceSection, slugOf } from "./readme_section.ts";

/** A part with what came of it. */
export interface Finding {
  part: Part;
  result: PartResult;
  seconds: number;
}

/** Everything that a run found out. */
export interface Report {
  machine: Machine;
  /** The day, as 2026-11-27. */
  date: string;
  /** The checkout's commit, marked where files have changed since; undefined outside of one. */
  commit?: string;
  findings: readonly Finding[];
}

/** One line about the machine. */
export function machineText({ cores, adapter, torch }: Machine): string {
  const pytorch = torch ? torch.version + (torch.cuda ? ` on ${torch.cuda}` : "") : "none";
  return `${cores} cores, adapter ${adapter}, PyTorch ${pytorch}`;
}

/** A part's table under its name. */
export function findingText({ part, result }: Finding): string {
  const targets = (result.targets ?? []).map(targetText);
  return [`== ${part.name}: ${part.title}`, result.text, ...(targets.length > 0 ? ["", ...targets] : [])]
    .join("\n");
}

/** Everything as text. */
export function reportText(report: Report): string {
  return [machineText(report.machine), ...report.findings.map(findingText)].join("\n\n");
}

/** Everything for programs. */
export function reportJson({ machine, date, commit, findings }: Report): Json {
  const { cores, adapter, hasHardwareAdapter, torch } = machine;
  return {
    date,
    commit,
    machine: { cores, adapter, hasHardwareAdapter, torch: torch && { ...torch } },
    parts: Object.fromEntries(findings.map(({ part, result, seconds }): [string, Json] => [part.name, {
      seconds,
      passed: result.passed ?? true,
      targets: (result.targets ?? []).map((target): Json => ({ ...target, reached: isReached(target) })),
      data: result.data,
    }])),
  };
}

/** The device's name: the adapter that computes, or the processor. */
function deviceOf({ cores, adapter }: Machine): string {
  return `${adapter}, ${cores} cores`;
}

/** Writes the device's section of README.md and its plot. @returns The paths. */
export async function writeReport(report: Report, folder: string): Promise<string[]> {
  const device = deviceOf(report.machine);
  const slug = slugOf(device);
  const groups = report.findings.flatMap(({ result }) => result.bars ?? []);
  const plot = groups.length > 0 ? `${folder}/bench_${slug}.svg` : undefined;
  const at = `${report.date}, commit ${report.commit ?? "unknown"}`;
  if (plot) await Deno.writeTextFile(plot, barPlot(`${device}, ${at}`, groups));
  const section = [
    `### ${device}`,
    `${at}.`,
    ...(plot ? [`![Times on ${device}](bench_${slug}.svg)`] : []),
    "```text\n" + reportText(report) + "\n```",
  ].join("\n\n");
  const readme = `${folder}/README.md`;
  await Deno.writeTextFile(readme, replaceSection(await Deno.readTextFile(readme), slug, section));
  return plot ? [readme, plot] : [readme];
}
