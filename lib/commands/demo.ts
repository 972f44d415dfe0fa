/** `demo`: everything once, on synthetic scans, in a few minutes. @module */

import { Command } from "@commander-js/extra-typings";
import { join, resolve } from "node:path";
import { collect, parsePort, parseSeed } from "./options.ts";
import type { CommandContext, CommandSeat } from "./plan.ts";
import { deviceOption } from "./train.ts";

interface DemoCommandOptions {
  out: string;
  port: number;
  exit?: true;
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
    .option("--seed <n>", "seed of the scans and of training", parseSeed, 1)
    .option("--set <path=value>", "one setting of the run; may be repeated", collect)
    .addOption(deviceOption())
    .option("--exit", "end when done instead of going on serving")
    .addHelpText(
      "after",
      `
Examples:
  ${programName} demo
  ${programName} demo --exit --out /tmp/demo --set training.epochs=4`,
    )
    .action((options) =>
      plan({
        permissions: () => ({
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
  const { demoReport, labelScans, makeScans, prepareScans, trainAndEvaluate } = await import(
    "./demo_stages.ts"
  );
  const out = resolve(context.workingDirectory, options.out);
  const started = performance.now();
  const places = { scans: join(out, "scans"), dataset: join(out, "dataset"), runs: join(out, "runs") };
  await Deno.mkdir(places.runs, { recursive: true });
  await using _dashboard = await startDashboard(places.runs, options.port, context);
  await makeScans(places.scans, options.seed, context);
  await prepareScans(places.scans, places.dataset, options.seed, context);
  await labelScans(places.scans, places.dataset);
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
