/** `service`: files for systemd and for reverse proxies. @module */

import { Command } from "@commander-js/extra-typings";
import { join, resolve } from "node:path";
import type { ServiceSettings } from "../service/service_settings.ts";
import { parsePort } from "./options.ts";
import type { CommandContext, CommandSeat } from "./plan.ts";

/** The definition of `service`. */
export function serviceCommand({ programName, plan }: CommandSeat) {
  return new Command("service")
    .summary("write files for systemd, nginx and Caddy")
    .description(
      "Writes units of systemd for the dashboard and for trainings, which allow the program as little as it can do " +
        "with, settings of nginx and of Caddy that put TLS in front, and INSTALL.txt, which says what to do with them. " +
        "Changes nothing of the system. How long a training has to stop follows from how long the disk takes for as " +
        "many bytes as a checkpoint has, which are written for a try to the runs' folder, or where it does not exist " +
        "yet, to --out.",
    )
    .option("--out <dir>", "folder for the files", "service")
    .option("--program <file>", "where the packed file will lie", "/usr/local/bin/sonospeech")
    .option("--runs <dir>", "folder with run folders", "/var/lib/sonospeech/runs")
    .option("--data <dir>", "dataset to train on", "/var/lib/sonospeech/data")
    .option("--user <name>", "the system's user and group to run as", "sonospeech")
    .option("--secret <file>", "where the operator's secret will lie", "/etc/sonospeech/operator-secret")
    .option("--port <n>", "port of 127.0.0.1 between proxy and dashboard", parsePort, 8600)
    .option("--host-name <name>", "name under which people reach the proxy", "sonospeech.example")
    .option("--tls-port <n>", "port of the proxy", parsePort, 443)
    .option("--base-path <path>", "path below which the proxy shows the dashboard", "/sonospeech")
    .option("--certificate <file>", "the proxy's certificate", "/etc/ssl/certs/sonospeech.pem")
    .option("--key <file>", "the certificate's key", "/etc/ssl/private/sonospeech.key")
    .addHelpText(
      "after",
      `
Examples:
  ${programName} service --host-name sono.hospital.example
  ${programName} service --out files --runs /srv/sono/runs --data /srv/sono/fetal --user sono`,
    )
    .action(({ out, ...settings }) =>
      plan({
        permissions: () => ({ write: [out, settings.runs] }),
        run: (context) => runService(out, settings, context),
      })
    );
}

async function runService(out: string, settings: ServiceSettings, context: CommandContext): Promise<void> {
  const { checkServiceSettings } = await import("../service/service_settings.ts");
  checkServiceSettings(settings);
  const { serviceFiles } = await import("../service/service_files.ts");
  const { writeFileAtomic } = await import("../records/atomic_file.ts");
  const folder = resolve(context.workingDirectory, out);
  await Deno.mkdir(folder, { recursive: true });
  const hasRuns = await Deno.stat(settings.runs).then(({ isDirectory }) => isDirectory, () => false);
  const [place, shownPlace] = hasRuns ? [settings.runs, settings.runs] : [folder, out];
  const measured = await measure(place, shownPlace, context);
  for (const [name, text] of serviceFiles(settings, measured)) {
    await writeFileAtomic(join(folder, name), new TextEncoder().encode(text));
    context.stdout(`${join(out, name)}\n`);
  }
}

/** Measures how long a checkpoint takes in a folder, and tells how far that is. */
async function measure(place: string, shownPlace: string, context: CommandContext) {
  const { largestCheckpointBytes, measureCheckpoint } = await import("../service/checkpoint_time.ts");
  const { ProgressMeter, ProgressPrinter } = await import("../progress.ts");
  const printer = new ProgressPrinter({ write: context.stderr, terminal: context.isTerminal });
  printer.note(`Measuring how long a checkpoint takes in ${shownPlace}; nothing is left there`);
  const sizeBytes = largestCheckpointBytes();
  const megabytes = (bytes: number) => Math.round(bytes / 1e6);
  const meter = new ProgressMeter("write", "MB", { total: megabytes(sizeBytes) });
  try {
    return await measureCheckpoint(place, sizeBytes, {
      signal: context.signal,
      onWritten: (bytes) => printer.show(meter.update(megabytes(bytes))),
    });
  } finally {
    printer.clear();
  }
}
