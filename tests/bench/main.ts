/**
 * `./run bench`: measures the program beside its peers. README.md in this folder says what is measured, how, and what
 * came out.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { Interruption } from "../../lib/commands/plan.ts";
import { exitCodes, SonospeechError } from "../../lib/errors.ts";
import { formatDuration } from "../../lib/progress.ts";
import { describeAdapters } from "../../lib/tensor/device.ts";
import type { ModelSpec } from "./bench_models.ts";
import type { OwnProcessName } from "./engine.ts";
import { type BenchOptions, parseBenchOptions } from "./options.ts";
import type { BenchContext, Machine, Part } from "./part.ts";
import { parts } from "./parts.ts";
import { Pacer } from "./pacer.ts";
import type { Audience } from "./viewers_process.ts";
import { type Finding, findingText, machineText, type Report, reportJson, writeReport } from "./report.ts";
import { findTorchPython } from "./torch.ts";

async function describeMachine({ python }: BenchOptions): Promise<Machine> {
  const [adapter] = await describeAdapters();
  const found = await findTorchPython(python ? [python] : undefined);
  return {
    cores: navigator.hardwareConcurrency,
    adapter: adapter ? `${adapter.name}${adapter.isHardware ? "" : " (software)"}` : "none",
    hasHardwareAdapter: adapter?.isHardware ?? false,
    ...found,
  };
}

/** The commit of the checkout that the program runs from. */
async function describeCommit(): Promise<string | undefined> {
  const args = ["describe", "--always", "--dirty", "--abbrev=7", "--exclude=*"];
  const command = new Deno.Command("git", { args, cwd: folder, stderr: "null" });
  const output = await command.output().catch(() => undefined);
  return output?.success ? new TextDecoder().decode(output.stdout).trim() : undefined;
}

const folder = fileURLToPath(
  new URL(import.meta.url.endsWith("/tests/bench/main.ts") ? "." : "../tests/bench", import.meta.url),
);

async function runPart(part: Part, context: Omit<BenchContext, "scratch">): Promise<Finding> {
  const scratch = await Deno.makeTempDir({ prefix: "sonospeech-bench-" });
  const start = performance.now();
  try {
    const result = await part.run({ ...context, scratch });
    return { part, result, seconds: (performance.now() - start) / 1000 };
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Runs the parts that were asked for and prints each as it comes. @returns the exit code. */
async function bench(options: BenchOptions, signal: AbortSignal): Promise<number> {
  const chosen = parts.filter(({ name, isDefault }) => options.only?.includes(name) ?? isDefault);
  const machine = await describeMachine(options);
  const pacer = new Pacer(chosen.map((part) => ({ name: part.name, seconds: part.seconds(options) })));
  const say = (text: string) => options.json ? pacer.note(text) : console.log(text);
  pacer.note(
    `About ${formatDuration(pacer.totalSeconds)} on two cores without a GPU; nothing else should run.`,
  );
  if (!options.json) console.log(machineText(machine));
  const findings: Finding[] = [];
  try {
    for (const part of chosen) {
      const progress = (share: number, what?: string) => pacer.show(part.name, share, what);
      progress(0);
      const finding = await runPart(part, { options, machine, signal, progress });
      findings.push(finding);
      pacer.finish(part.name);
      if (!options.json) say(`\n${findingText(finding)}`);
    }
  } finally {
    pacer.clear();
  }
  const report: Report = {
    machine,
    date: new Date().toISOString().slice(0, 10),
    commit: await describeCommit(),
    findings,
  };
  if (options.json) console.log(JSON.stringify(reportJson(report), null, 2));
  if (options.write) { for (const path of await writeReport(report, folder)) pacer.note(`Wrote ${path}`); }
  return findings.every(({ result }) => result.passed ?? true) ? 0 : 1;
}

function interruptionSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => {
      const interruption = new Interruption(name);
      if (controller.signal.aborted) Deno.exit(interruption.exitCode);
      controller.abort(interruption);
    });
  }
  return controller.signal;
}

async function main(words: readonly string[]): Promise<number> {
  if (words[0] === "engine") {
    const { serveEngine } = await import("./engine_process.ts");
    await serveEngine(words[1] as OwnProcessName, JSON.parse(words[2]) as ModelSpec);
    return 0;
  }
  if (words[0] === "viewers") {
    const { lookOn } = await import("./viewers_process.ts");
    await lookOn(JSON.parse(words[1]) as Audience);
    return 0; // And exits, though connections are open.
  }
  const signal = interruptionSignal();
  try {
    const line = parseBenchOptions(words, parts);
    if ("help" in line) console.log(line.help.trimEnd());
    return "help" in line ? 0 : await bench(line.options, signal);
  } catch (error) {
    if (signal.reason instanceof Interruption) {
      console.error(signal.reason.message);
      return signal.reason.exitCode;
    }
    if (!(error instanceof SonospeechError)) throw error;
    console.error(error.message + (error.hint ? `\nHint: ${error.hint}` : ""));
    return exitCodes[error.code];
  }
}

Deno.exit(await main(Deno.args));
