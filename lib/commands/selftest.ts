/** `selftest`: proves on the spot what the program does on this machine, and what it does not. @module */

import { Command, Option } from "@commander-js/extra-typings";
import { join, resolve } from "node:path";
import project from "../../deno.json" with { type: "json" };
import { exitCodes, SonospeechError } from "../errors.ts";
import type { SelftestReport } from "../selftest/run_selftest.ts";
import type { CommandContext, CommandSeat } from "./plan.ts";

interface SelftestCommandOptions {
  out: string;
  executable?: string;
  json?: true;
}

/** The definition of `selftest`. */
export function selftestCommand({ programName, plan }: CommandSeat) {
  return new Command("selftest")
    .summary("prove what the program does on this machine, for the security officer")
    .description(
      "Tries on the spot that nothing leaves this machine while scans are made, prepared and trained on, that the " +
        "dashboard answers this machine alone and nobody without the secret, that each command is refused what it does " +
        "not need, that the disk keeps what is written, that devices compute what they should, and that the program's " +
        "files are those that were packed. Writes selftest.html, selftest.json and, from the packed file, " +
        "sbom.spdx.json and licences.txt. It starts the program's own commands, so it may do what its user may.",
    )
    .option("--out <dir>", "folder for the report", "selftest")
    .option("--json", "print the report as JSON instead of a line for each check")
    .addOption(new Option("--executable <file>", "the packed file to take the sum of").hideHelp())
    .addHelpText(
      "after",
      `
Examples:
  ${programName} selftest
  ${programName} selftest --out /srv/reports/sonospeech

Takes about a minute. Exits with ${exitCodes.environment} when a check fails.`,
    )
    .action((options) =>
      plan({
        permissions: () => ({
          read: [Deno.execPath(), ...(options.executable === undefined ? [] : [options.executable])],
          write: [options.out],
          run: [Deno.execPath(), "unshare", "sh", "cat"],
          net: ["127.0.0.1"],
          sys: ["statfs"],
        }),
        run: (context) => runSelftestCommand(options, context),
      })
    );
}

async function runSelftestCommand(options: SelftestCommandOptions, context: CommandContext): Promise<number> {
  refuseExecutable();
  const { runSelftest } = await import("../selftest/run_selftest.ts");
  const { outcomeOf } = await import("../selftest/security_check.ts");
  const out = resolve(context.workingDirectory, options.out);
  await Deno.mkdir(out, { recursive: true });
  const report = await runSelftest({
    app: context.app,
    folder: await Deno.makeTempDir({ dir: out, prefix: ".trial-" }),
    executable: options.executable && resolve(context.workingDirectory, options.executable),
    programVersion: project.version,
    signal: context.signal,
    onCheck: (title, done, total) => context.stderr(`${done + 1}/${total} ${title}\n`),
  });
  await writeReport(out, report, context);
  if (options.json) context.stdout(JSON.stringify(report, null, 2) + "\n");
  else {
    for (const check of report.checks) {
      context.stdout(`${outcomeOf(check).padEnd(9)} ${check.title}\n`);
      for (const { what, must, found, holds } of check.findings) {
        if (holds !== true) context.stdout(`          ${what}: must be ${must}, was ${found}\n`);
      }
    }
    context.stdout(`${join(options.out, "selftest.html")}\n`);
  }
  return report.outcome === "failed" ? exitCodes.environment : 0;
}

/** An executable of `deno compile` is Deno no more, so that it cannot start commands with permissions of their own. */
function refuseExecutable(): void {
  if (!Deno.build.standalone) return;
  throw new SonospeechError("environment", {
    action: "make the self-test",
    must:
      "the program must run from source or from the packed file, which start commands with permissions of their own",
    received: "an executable made by deno compile",
    hint: "use the packed file, made by ./run pack",
  });
}

async function writeReport(
  out: string,
  report: SelftestReport,
  { app }: CommandContext,
): Promise<void> {
  const { renderSelftest } = await import("../selftest/selftest_html.ts");
  const { writeFileAtomic, writeJsonAtomic } = await import("../records/atomic_file.ts");
  await writeFileAtomic(join(out, "selftest.html"), new TextEncoder().encode(renderSelftest(report)));
  await writeJsonAtomic(join(out, "selftest.json"), report);
  if (!app.isPacked) return;
  for (const file of ["sbom.spdx.json", "licences.txt"]) {
    await writeFileAtomic(join(out, file), await Deno.readFile(join(app.root, file)));
  }
}
