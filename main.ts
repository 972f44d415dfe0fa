/**
 * The command line. This file alone reads arguments, handles signals and ends the process.
 *
 * @module
 */

import { appPaths } from "./lib/app_paths.ts";
import { diskTrouble } from "./lib/commands/disk_trouble.ts";
import { type CommandContext, Interruption } from "./lib/commands/plan.ts";
import { parseCommandLine } from "./lib/commands/program.ts";
import { exitCodes, SonospeechError } from "./lib/errors.ts";

const encoder = new TextEncoder();

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = encoder.encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch (error) {
    // The reader, as `head`, has seen enough.
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
    throw error;
  }
}

/** A signal that is aborted when the process is asked to end; asked again, the process ends at once. */
function interruptionSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    const interruption = new Interruption(name);
    Deno.addSignalListener(name, () => {
      if (controller.signal.aborted) Deno.exit(interruption.exitCode);
      controller.abort(interruption);
    });
  }
  return controller.signal;
}

/** Says what went wrong and returns the exit code. */
function report(error: unknown, context: CommandContext): number {
  const { reason } = context.signal;
  if (reason instanceof Interruption && (error === undefined || isAbort(error, reason))) {
    context.stderr(`${reason.message}\n`);
    return reason.exitCode;
  }
  const known = error instanceof SonospeechError ? error : diskTrouble(error);
  if (known) {
    context.stderr(`${known.message}\n${known.hint ? `Hint: ${known.hint}\n` : ""}`);
    return exitCodes[known.code];
  }
  context.stderr(`Unexpected error: ${error instanceof Error ? error.stack ?? error.message : error}\n`);
  return 1;
}

function isAbort(error: unknown, reason: Interruption): boolean {
  return error === reason || (error instanceof DOMException && error.name === "AbortError");
}

async function main(words: readonly string[]): Promise<number> {
  const context: CommandContext = {
    app: appPaths(),
    workingDirectory: Deno.cwd(),
    stdout: (text) => writeAll(Deno.stdout, text),
    stderr: (text) => writeAll(Deno.stderr, text),
    isTerminal: Deno.stderr.isTerminal(),
    signal: interruptionSignal(),
  };
  try {
    const plan = parseCommandLine(words, context.app.isPacked ? "sonospeech" : "./run");
    const exitCode = await plan.run(context) ?? 0;
    return context.signal.aborted ? report(undefined, context) : exitCode;
  } catch (error) {
    return report(error, context);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
