/** `phantom`: narrated synthetic scans, as a user would bring real ones. @module */

import { Command, Option } from "@commander-js/extra-typings";
import { resolve } from "node:path";
import { planeNames } from "../phantom/anatomy.ts";
import { difficulties, difficultyNames } from "../phantom/difficulty.ts";
import { phantomDefaults, type PhantomOptions, resolvePhantomOptions } from "../phantom/options.ts";
import { parseNames, parseNumber, parsePair } from "./options.ts";
import type { CommandContext, CommandSeat } from "./plan.ts";

/** The definition of `phantom`. */
export function phantomCommand({ programName, plan }: CommandSeat) {
  const { difficulty, frameSize, voices, ...numbers } = phantomDefaults;
  const { easy, standard, hard } = difficulties;
  const shares = [easy, standard, hard].map(({ relatedShare }) => relatedShare).join(", ");
  const lags = [easy, standard, hard].map(({ lagSeconds }) => lagSeconds.join(":")).join(", ");
  return new Command("phantom")
    .summary("make narrated synthetic scans")
    .description(
      "Makes mp4 files of ultrasound-like scans with narration, manifest.csv as prepare reads it, and truth.jsonl, " +
        "which says what is seen and spoken. The same options give the same bytes. Stopped, it goes on where it was.",
    )
    .requiredOption("--out <dir>", "folder to make; empty, or begun with the same options")
    .addOption(
      new Option("--difficulty <name>", "which planes, how loosely narrated, how disturbed")
        .choices(difficultyNames).default(difficulty),
    )
    .option("--seed <n>", "everything follows from it", parseNumber, numbers.seed)
    .option("--subjects <n>", "how many subjects", parseNumber, numbers.subjects)
    .option("--scans-per-subject <n>", "scans of each subject", parseNumber, numbers.scansPerSubject)
    .option("--seconds <s>", "length of a scan", parseNumber, numbers.secondsPerScan)
    .option("--frame-rate <n>", "frames a second", parseNumber, numbers.frameRate)
    .option("--frame-size <HxW>", `pixels (default: ${frameSize.join("x")})`, (text) => parsePair(text, "x"))
    .option(
      "--related-share <x>",
      `share of speech about what is seen (default: by difficulty, ${shares})`,
      parseNumber,
    )
    .option(
      "--lag <from:to>",
      `seconds by which speech follows the picture (default: by difficulty, ${lags})`,
      (text) => parsePair(text, ":"),
    )
    .option("--wordings <n>", "different wordings of a plane at most", parseNumber, numbers.wordings)
    .option(
      "--planes <names>",
      `planes to visit, of ${planeNames.join(", ")} (default: by difficulty)`,
      parseNames,
    )
    .option("--voices <names>", `voices to speak, of ${voices.join(",")}`, parseNames)
    .option("--json", "print one JSON object at the end")
    .addHelpText(
      "after",
      `
Examples:
  ${programName} phantom --out scans
  ${programName} phantom --out scans --difficulty easy
  ${programName} phantom --out scans --subjects 6 --seconds 30 --lag 0:0 --related-share 1`,
    )
    .action(({ out, json = false, seconds, lag, ...rest }) => {
      const options = { ...rest, secondsPerScan: seconds, lagSeconds: lag };
      resolvePhantomOptions(options);
      plan({
        permissions: () => ({ write: [out], run: ["ffmpeg"] }),
        run: (context) => runPhantom(resolve(context.workingDirectory, out), options, json, context),
      });
    });
}

async function runPhantom(
  out: string,
  options: PhantomOptions,
  json: boolean,
  context: CommandContext,
): Promise<void> {
  const { generatePhantom } = await import("../phantom/phantom.ts");
  const { ProgressPrinter } = await import("../progress.ts");
  const printer = new ProgressPrinter({ write: context.stderr, terminal: context.isTerminal });
  try {
    for await (const progress of generatePhantom(out, options, { signal: context.signal })) {
      printer.show(progress);
    }
  } finally {
    printer.clear();
  }
  const { difficulty, subjects, scansPerSubject, secondsPerScan } = resolvePhantomOptions(options);
  const made = {
    manifest: `${out}/manifest.csv`,
    truth: `${out}/truth.jsonl`,
    difficulty,
    subjects,
    scans: subjects * scansPerSubject,
    secondsPerScan,
  };
  const minutes = (made.scans * secondsPerScan / 60).toFixed(1);
  context.stdout(
    json
      ? JSON.stringify(made) + "\n"
      : `${made.scans} scans of ${subjects} subjects, ${minutes} minutes in all: ${made.manifest}\n`,
  );
}
