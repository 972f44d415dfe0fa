/**
 * Runs command lines whose results go to places where they cannot, and tells what became of each as a line of JSON.
 *
 * Started in a namespace of its own, it finds the read-only and the full place mounted.
 *
 * @module
 */

import { appPaths } from "../../lib/app_paths.ts";
import { knownFailure } from "../../lib/commands/known_failure.ts";
import type { CommandContext } from "../../lib/commands/plan.ts";
import { parseCommandLine } from "../../lib/commands/program.ts";

/** What became of a command line. */
export interface Told {
  words: string[];
  /** The error's kind; missing when nobody foresaw it. */
  code?: string;
  message: string;
  hint?: string;
}

/** Runs a command line up to its end. */
async function outcomeOf(words: string[]): Promise<Told> {
  let printed = "";
  const context: CommandContext = {
    workingDirectory: Deno.cwd(),
    app: appPaths(),
    stdout: (text) => void (printed += text),
    stderr: (text) => void (printed += text),
    isTerminal: false,
    signal: new AbortController().signal,
  };
  try {
    await parseCommandLine(words, "sono").run(context);
    return { words, message: `it went well: ${printed}` };
  } catch (error) {
    const known = knownFailure(error);
    if (known) return { words, code: known.code, message: known.message, hint: known.hint };
    return { words, message: error instanceof Error ? error.stack ?? error.message : String(error) };
  }
}

if (import.meta.main) {
  for (const words of JSON.parse(Deno.args[0]) as string[][]) {
    console.log(JSON.stringify(await outcomeOf(words)));
  }
}
