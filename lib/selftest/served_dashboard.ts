/**
 * The program's own `serve`, started for a while.
 *
 * @module
 */

import type { ProgramStarter } from "./program_starter.ts";

/** A dashboard that runs. */
export interface ServedDashboard extends AsyncDisposable {
  port: number;
}

const attempts = 5;

/** A port that is free now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/**
 * Starts `serve` on a free port with further options.
 *
 * @throws Error with what it said when it does not start.
 */
export async function serveForAWhile(
  starter: ProgramStarter,
  options: readonly string[],
): Promise<ServedDashboard> {
  for (let attempt = 1;; attempt++) {
    const port = freePort();
    const line = await starter.commandLine(["serve", "--runs", "runs", "--port", String(port), ...options]);
    const child = starter.spawn(line);
    const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = await output.read();
    await output.cancel();
    if (value?.startsWith("dashboard at ")) {
      return {
        port,
        [Symbol.asyncDispose]: async () => {
          child.kill("SIGTERM");
          await child.stderr.cancel();
          await child.status;
        },
      };
    }
    const said = (await new Response(child.stderr).text()).trim();
    await child.status;
    // Somebody else may have taken the port meanwhile.
    if (attempt === attempts || !said.includes("the port must be free")) throw new Error(said);
  }
}
