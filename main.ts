/**
 * The command line. This file alone reads arguments, handles signals and ends the process.
 *
 * @module
 */

import { appPaths } from "./lib/app_paths.ts";
import { knownFailure } from "./lib/commands/known_failure.ts";
import { type CommandContext, Interruption } from "./lib/commands/plan.ts";
import { cacheDirectoryFrom } from "./lib/commands/measurements.ts";
import { parseCommandLine } from "./lib/commands/program.ts";
import { exitCodes } from "./lib/errors.ts";

const encoder = new TextEncoder();

/** Writes a text, or does what is to be done when nobody reads it any more. */
function writeAll(
  stream: { writeSync(bytes: Uint8Array): number },
  text: string,
  onUnread: () => void,
): void {
  let bytes = encoder.encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    onUnread();
  }
}

/** Its signal is aborted when the process is asked to end; asked again, the process ends at once. */
function interruption(): AbortController {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    const interruption = new Interruption(name);
    Deno.addSignalListener(name, () => {
      if (controller.signal.aborted) Deno.exit(interruption.exitCode);
      controller.abort(interruption);
    });
  }
  return controller;
}

/** Says what went wrong and returns the exit code. */
function report(error: unknown, context: CommandContext): number {
  const { reason } = context.signal;
  if (reason instanceof Interruption && (error === undefined || isAbort(error, reason))) {
    context.stderr(`${reason.message}\n`);
    return reason.exitCode;
  }
  const known = knownFailure(error);
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

/** A variable of the environment, as far as this command may read it. */
function allowedVariable(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

async function main(words: readonly string[]): Promise<number> {
  const stopping = interruption();
  const context: CommandContext = {
    app: appPaths(),
    workingDirectory: Deno.cwd(),
    cacheDirectory: cacheDirectoryFrom(allowedVariable),
    // The reader of results, as `head`, has seen enough.
    stdout: (text) => writeAll(Deno.stdout, text, () => Deno.exit(0)),
    // Who follows what the program does, as a dashboard that started it, is gone: it stops as if it were asked to.
    stderr: (text) => writeAll(Deno.stderr, text, () => stopping.abort(new Interruption("SIGPIPE"))),
    isTerminal: Deno.stderr.isTerminal(),
    signal: stopping.signal,
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
