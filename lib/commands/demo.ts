/** `demo`: everything once, on synthetic scans, in a few minutes. @module */

import { Command } from "@commander-js/extra-typings";
import { join, resolve } from "node:path";
import { withMeasurements } from "./measurements.ts";
import { collect, parseCount, parsePort, parseSeed } from "./options.ts";
import type { CommandContext, CommandSeat } from "./plan.ts";
import { deviceOption } from "./train.ts";

interface DemoCommandOptions {
  out: string;
  port: number;
  exit?: true;
  subjects?: number;
  seed: number;
  set?: string[];
  device: "auto" | "webgpu" | "wasm" | "cpu";
}

/** The definition of `demo`. */
export function demoCommand({ programName, plan }: CommandSeat) {
  return new Command("demo")
    .summary("make synthetic scans, prepare, train, evaluate and show it all")
    .description(
      "Makes narrated synthetic scans, prepares them, trains the smallest preset while it serves the dashboard, " +
        "evaluates on subjects it never saw and prints one table. A demo that was stopped goes on where it was.",
    )
    .option("--out <dir>", "folder for everything it makes", "demo")
    .option("--port <n>", "port of the dashboard", parsePort, 8600)
    .option(
      "--subjects <n>",
      "subjects to scan, 72 unless given; fewer take less time and teach less",
      parseCount,
    )
    .option("--seed <n>", "seed of the scans and of training", parseSeed, 1)
    .option("--set <path=value>", "one setting of the run; may be repeated", collect)
    .addOption(deviceOption())
    .option("--exit", "end when done instead of going on serving")
    .addHelpText(
      "after",
      `
Examples:
  ${programName} demo
  ${programName} demo --subjects 16 --out small-demo
  ${programName} demo --exit --out /tmp/demo --set training.epochs=4`,
    )
    .action((options) =>
      plan({
        permissions: (place) =>
          withMeasurements(place, {
            write: [options.out],
            run: ["ffmpeg", "ffprobe"],
            net: [`127.0.0.1:${options.port}`],
          }),
        run: (context) => runDemo(options, context),
      })
    );
}

async function runDemo(options: DemoCommandOptions, context: CommandContext): Promise<void> {
  const { startDashboard } = await import("./dashboard.ts");
  const { demoReport, demoScans, trainAndEvaluate } = await import("./demo_stages.ts");
  const { makeScans, prepareScans } = await import("./scan_stages.ts");
  const out = resolve(context.workingDirectory, options.out);
  const started = performance.now();
  const places = { scans: join(out, "scans"), dataset: join(out, "dataset"), runs: join(out, "runs") };
  await Deno.mkdir(places.runs, { recursive: true });
  await using _dashboard = await startDashboard(places.runs, options.port, context);
  const { subjects = demoScans.subjects, seed } = options;
  await makeScans(places.scans, { ...demoScans, subjects, seed }, context);
  await prepareScans(places.scans, places.dataset, [`seed=${options.seed}`], context);
  const results = await trainAndEvaluate(places, options, context);
  context.stdout(demoReport(results, { ...places, seconds: (performance.now() - started) / 1000 }));
  if (!options.exit) {
    context.stderr("The dashboard goes on being served; stop it with Ctrl-C.\n");
    await untilAborted(context.signal);
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
