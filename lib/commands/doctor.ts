/** `doctor`: what this machine has, and what it lacks. @module */

import { Command } from "@commander-js/extra-typings";
import { exitCodes } from "../errors.ts";
import type { CommandSeat } from "./plan.ts";

/** The definition of `doctor`. */
export function doctorCommand({ programName, plan }: CommandSeat) {
  return new Command("doctor")
    .summary("say what this machine has and what to do about what it lacks")
    .description(
      "Looks at Deno, ffmpeg, the graphics adapter, WebAssembly, disk and memory; one line each, and the remedy " +
        "where something is wrong. Changes nothing.",
    )
    .option("--json", "print one JSON object instead of lines")
    .addHelpText(
      "after",
      `
Examples:
  ${programName} doctor
  ${programName} doctor --json

Exits with ${exitCodes.environment} when something that every use needs is missing.`,
    )
    .action(({ json = false }) =>
      plan({
        permissions: () => ({
          read: [".", "/sys/fs/cgroup"],
          run: ["ffmpeg", "ffprobe"],
          sys: ["statfs", "systemMemoryInfo"],
        }),
        run: async (context) => {
          const { examine, formatReport } = await import("./doctor_checks.ts");
          const checks = await examine(context);
          context.stdout(json ? JSON.stringify({ checks }, null, 2) + "\n" : formatReport(checks));
          return checks.some((check) => check.status === "problem") ? exitCodes.environment : 0;
        },
      })
    );
}
