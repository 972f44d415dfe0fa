/** `serve`: the dashboard. @module */

import { Command } from "@commander-js/extra-typings";
import { join, resolve } from "node:path";
import { workerUrl } from "../app_paths.ts";
import { datasetPaths } from "../data/dataset_schema.ts";
import { SonospeechError } from "../errors.ts";
import { collect, parsePort } from "./options.ts";
import type { CommandContext, CommandSeat, Place } from "./plan.ts";

interface ServeCommandOptions {
  runs: string;
  host: string;
  port: number;
  allowHost?: string[];
  operatorSecret?: string;
  viewerSecret?: string;
  basePath?: string;
  trustProxy?: string[];
  allowControl?: true;
  results?: string[];
}

/** The definition of `serve`. */
export function serveCommand({ programName, plan }: CommandSeat) {
  return new Command("serve")
    .summary("show runs in the browser")
    .description(
      "Serves the dashboard on 127.0.0.1 until it is stopped. It shows every run in the folder, live while it " +
        "trains, and windows of the datasets the runs were made from. Notes, tags and marks go to dashboard.json " +
        "in that folder, deleted runs to its folder trash; what a search asks with lies there as a hidden file until " +
        "it is answered; nothing else is written. With --allow-control it also starts, stops, continues and evaluates " +
        "runs, one at a time, each as a process of its own; who asked for it is logged in control.log in that folder. " +
        "Stopping the dashboard stops them, with a checkpoint.",
    )
    .requiredOption("--runs <dir>", "folder with run folders")
    .option(
      "--host <address>",
      "address to listen at; others than 127.0.0.1 need --operator-secret",
      "127.0.0.1",
    )
    .option("--port <n>", "port to listen at", parsePort, 8600)
    .option(
      "--data <dir>",
      "dataset, or folder of datasets, to search and, with --allow-control, to train on; may be repeated",
      collect,
    )
    .option(
      "--results <dir>",
      "folder of reproduce, or of several, to show reports of; may be repeated",
      collect,
    )
    .option("--allow-control", "let operators start, stop, continue and evaluate runs from the page")
    .option("--allow-host <host:port>", "further address it is reached at, as of a forwarded port", collect)
    .option("--operator-secret <file>", "file with the secret that lets people in who may change things")
    .option("--viewer-secret <file>", "file with the secret that lets people in who only look")
    .option("--base-path <path>", "path below which a reverse proxy shows it, as /sonospeech")
    .option("--trust-proxy <address>", "reverse proxy whose X-Forwarded- headers are believed", collect)
    .addHelpText(
      "after",
      `
Examples:
  ${programName} serve --runs runs
  ${programName} serve --runs runs --port 9000 --data data/fetal
  ${programName} serve --runs runs --data data --allow-control
  ${programName} serve --runs runs --host 192.168.1.5 --operator-secret ~/.sonospeech-secret
  ${programName} serve --runs runs --host 0.0.0.0 --allow-host sono:8600 --operator-secret ~/.sonospeech-secret

Passwords and pictures cross the network as they are: on one that is not yours alone, put a reverse proxy with
TLS in front and bind to 127.0.0.1 with --trust-proxy, --allow-host and --operator-secret.

--allow-control gives the dashboard's process one more permission, to run this program's Deno. What it starts has the
permissions of its own command and no more, but Deno cannot hold the dashboard itself to that: whoever could make the
dashboard run other code could then do what you can do. Leave it out where looking is enough.`,
    )
    .action(({ data = [], ...options }) =>
      plan({
        permissions: (place) => ({
          read: [
            ...data,
            ...options.results ?? [],
            ...datasetsOfRuns(options.runs, place),
            ...[options.operatorSecret ?? [], options.viewerSecret ?? []].flat(),
          ],
          write: [options.runs],
          // Searches speak words and decode sounds and pictures; a training is a process of its own.
          run: ["ffmpeg", "ffprobe", ...(options.allowControl ? [Deno.execPath()] : [])],
          net: [`${options.host.includes(":") ? `[${options.host}]` : options.host}:${options.port}`],
        }),
        run: (context) => runServe(options, data, context),
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

async function runServe(
  options: ServeCommandOptions,
  data: readonly string[],
  context: CommandContext,
): Promise<void> {
  const { serveDashboard } = await import("../../routes/serve.ts");
  const { launchProgram } = await import("./child_program.ts");
  const runsDirectory = resolve(context.workingDirectory, options.runs);
  if (!isFolder(runsDirectory)) {
    context.stderr(`There is no folder ${runsDirectory} yet: runs appear with it\n`);
  }
  const secretOf = (file: string | undefined) =>
    file === undefined ? undefined : readSecret(resolve(context.workingDirectory, file));
  const server = serveDashboard({
    runsDirectory,
    resultsDirectories: options.results?.map((path) => resolve(context.workingDirectory, path)),
    staticDirectory: context.app.staticDirectory,
    hostname: options.host,
    port: options.port,
    allowedHosts: options.allowHost,
    operatorSecret: secretOf(options.operatorSecret),
    viewerSecret: secretOf(options.viewerSecret),
    basePath: options.basePath,
    trustedProxies: options.trustProxy,
    mayWrite: true,
    mapWorkerUrl: workerUrl("routes/map_worker.ts", context.app),
    datasetPaths: data.map((path) => resolve(context.workingDirectory, path)),
    findWorkerUrl: workerUrl("routes/find_worker.ts", context.app),
    control: options.allowControl && {
      data: data.map((path) => resolve(context.workingDirectory, path)),
      datasetsOfRuns: datasetsOfRuns(options.runs, context),
      launch: (words) => launchProgram(words, context),
    },
    log: (message) => context.stderr(`${message}\n`),
  });
  context.stdout(`dashboard at ${server.url}\n`);
  const remark = unnamedAddressRemark(options.host, options.port, options.allowHost);
  if (remark) context.stderr(`${remark}\n`);
  context.signal.addEventListener("abort", () => void server.close(), { once: true });
  if (context.signal.aborted) await server.close();
  await server.finished;
}

/** What to do where the server listens at all addresses of the machine, and nobody said under which it is asked for. */
export function unnamedAddressRemark(
  host: string,
  port: number,
  allowHost: readonly string[] = [],
): string | null {
  if (!["0.0.0.0", "::"].includes(host) || allowHost.length > 0) return null;
  return `Others are refused until you say under which name or address they ask for it: --allow-host NAME:${port}`;
}

/** A secret is the file's text without blanks around it. @throws SonospeechError `usage` when others can read it. */
export function readSecret(path: string): string {
  const refuse = (must: string, received: unknown) =>
    new SonospeechError("usage", { action: "read the secret", must, received, hint: `chmod 600 ${path}` });
  let mode: number | null;
  try {
    mode = Deno.statSync(path).mode;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw refuse("its file must exist", path);
    throw error;
  }
  // Windows knows no such modes.
  if (mode !== null && Deno.build.os !== "windows" && (mode & 0o077) !== 0) {
    throw refuse(
      "only its owner may be able to read its file",
      `mode ${(mode & 0o777).toString(8)} of ${path}`,
    );
  }
  return Deno.readTextFileSync(path).trim();
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
