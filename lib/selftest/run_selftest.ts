/**
 * The self-test: every check, one after the other, and what they come to.
 *
 * @module
 */

import { join } from "node:path";
import type { AppPaths } from "../app_paths.ts";
import { checkAccess } from "./access_check.ts";
import { checkContents, type Part } from "./contents_check.ts";
import { checkDevices } from "./device_check.ts";
import { checkDisk } from "./disk_check.ts";
import { checkNetwork, ownCommands } from "./network_check.ts";
import { checkPermissions, type CommandPermissions } from "./permission_check.ts";
import { ProgramStarter } from "./program_starter.ts";
import { type Outcome, outcomeOf, type SecurityCheck } from "./security_check.ts";
import { checkServer } from "./server_check.ts";

/** What to test. */
export interface SelftestOptions {
  app: AppPaths;
  /** Folder for what the checks write; it is removed at the end. */
  folder: string;
  /** The packed file that unpacked the program. */
  executable?: string;
  programVersion: string;
  signal: AbortSignal;
  /** Hears the title of each check before it is made, with how many are done and how many there are. */
  onCheck?: (title: string, done: number, total: number) => void;
}

/** What a self-test found. */
export interface SelftestReport {
  format: "sonospeech-selftest-1";
  outcome: Outcome;
  programVersion: string;
  denoVersion: string;
  system: string;
  isPacked: boolean;
  executableSha256: string | null;
  /** ISO 8601, UTC. */
  finishedAt: string;
  checks: SecurityCheck[];
  commands: CommandPermissions[];
  parts: Part[];
}

/** Makes every check. A check that fails does not stop the others. */
export async function runSelftest(options: SelftestOptions): Promise<SelftestReport> {
  const { app, folder, signal } = options;
  await Deno.mkdir(join(folder, "runs"), { recursive: true });
  const starter = new ProgramStarter(app, folder, signal);
  const report: SelftestReport = {
    format: "sonospeech-selftest-1",
    outcome: "not made",
    programVersion: options.programVersion,
    denoVersion: Deno.version.deno,
    system: Deno.build.target,
    isPacked: app.isPacked,
    executableSha256: null,
    finishedAt: "",
    checks: [],
    commands: [],
    parts: [],
  };
  const checks: [title: string, make: () => Promise<SecurityCheck>][] = [
    ["contents", async () => {
      const { check, ...contents } = await checkContents(app, options.executable);
      Object.assign(report, contents);
      return check;
    }],
    ["permissions", async () => {
      const { check, commands } = await checkPermissions(starter);
      report.commands = commands;
      return check;
    }],
    ["network", async () => await checkNetwork(starter, await ownCommands(starter))],
    ["server", () => checkServer(starter)],
    ["access", () => checkAccess(starter)],
    ["disk", () => checkDisk(folder)],
    ["devices", checkDevices],
  ];
  try {
    for (const [index, [title, make]] of checks.entries()) {
      signal.throwIfAborted();
      options.onCheck?.(title, index, checks.length);
      report.checks.push(await make());
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  signal.throwIfAborted();
  report.outcome = outcomeOf({ findings: report.checks.flatMap(({ findings }) => findings) });
  report.finishedAt = new Date().toISOString();
  return report;
}
