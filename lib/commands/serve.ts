/** `serve`: the dashboard. @module */

import { Command } from "@commander-js/extra-typings";
import { join, resolve } from "node:path";
import { datasetPaths } from "../data/dataset_schema.ts";
import { collect, parsePort } from "./options.ts";
import type { CommandContext, CommandSeat, Place } from "./plan.ts";

interface ServeCommandOptions {
  runs: string;
  port: number;
  allowHost?: string[];
}

/** The definition of `serve`. */
export function serveCommand({ programName, plan }: CommandSeat) {
  return new Command("serve")
    .summary("show runs in the browser")
    .description(
      "Serves the dashboard on 127.0.0.1 until it is stopped. It shows every run in the folder, live while it " +
        "trains, and windows of the datasets the runs were made from.",
    )
    .requiredOption("--runs <dir>", "folder with run folders")
    .option("--port <n>", "port of 127.0.0.1", parsePort, 8600)
    .option("--data <dir>", "dataset of runs that start later than the dashboard; may be repeated", collect)
    .option("--allow-host <host:port>", "further address it is reached at, as of a forwarded port", collect)
    .addHelpText(
      "after",
      `
Examples:
  ${programName} serve --runs runs
  ${programName} serve --runs runs --port 9000 --data data/fetal`,
    )
    .action(({ data = [], ...options }) =>
      plan({
        permissions: (place) => ({
          read: [options.runs, ...data, ...datasetsOfRuns(options.runs, place)],
          net: [`127.0.0.1:${options.port}`],
        }),
        run: (context) => runServe(options, context),
      })
    );
}

/**
 * The datasets that the folder's runs name. What is no dataset is left out, whatever a run says: a run folder that
 * somebody else made opens nothing else to the dashboard.
 */
function datasetsOfRuns(runs: string, { workingDirectory }: Place): string[] {
  const folder = resolve(workingDirectory, runs);
  const datasets = new Set<string>();
  try {
    for (const { name } of Deno.readDirSync(folder)) {
      try {
        const { dataset } = JSON.parse(Deno.readTextFileSync(join(folder, name, "run.json")));
        if (Deno.statSync(datasetPaths.manifest(dataset)).isFile) datasets.add(dataset);
      } catch {
        // Not a run, or not yet one, or its dataset was moved.
      }
    }
  } catch {
    // The folder need not exist yet.
  }
  return [...datasets];
}

async function runServe(options: ServeCommandOptions, context: CommandContext): Promise<void> {
  const { serveDashboard } = await import("../../routes/serve.ts");
  const runsDirectory = resolve(context.workingDirectory, options.runs);
  if (!isFolder(runsDirectory)) {
    context.stderr(`There is no folder ${runsDirectory} yet: runs appear with it\n`);
  }
  const server = serveDashboard({
    runsDirectory,
    staticDirectory: context.app.staticDirectory,
    port: options.port,
    allowedHosts: options.allowHost,
    log: (message) => context.stderr(`${message}\n`),
  });
  context.stdout(`dashboard at ${server.url}\n`);
  context.signal.addEventListener("abort", () => void server.close(), { once: true });
  if (context.signal.aborted) await server.close();
  await server.finished;
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
