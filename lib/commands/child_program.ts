/**
 * Starts the program itself as a process of its own.
 *
 * @module
 */

import { join } from "node:path";
import { SonospeechError } from "../errors.ts";
import { permissionFlags } from "./permission_flags.ts";
import type { Place } from "./plan.ts";

/** Deno's options besides permissions, as the script `run` and the packed file give them. */
const options = {
  source: ["--no-prompt", "--cached-only"],
  packed: ["--quiet", "--no-config", "--no-lock", "--no-remote", "--no-npm", "--no-prompt"],
};

/**
 * Deno's arguments that run a command line with the permissions of its command and no more.
 *
 * @throws SonospeechError `usage` when the command line is wrong.
 */
export async function childArguments(words: readonly string[], { app, workingDirectory }: Place) {
  // This module is part of a command itself: all commands are known only once they are there.
  const { parseCommandLine } = await import("./program.ts");
  const place = { app, workingDirectory };
  const permissions = await parseCommandLine(words, "sonospeech").permissions(place);
  const main = join(app.root, app.isPacked ? "main.js" : "main.ts");
  const ways = options[app.isPacked ? "packed" : "source"];
  return ["run", ...ways, ...permissionFlags(permissions, place), main, ...words];
}

/**
 * Runs a command line. The process has a group of its own, so that Ctrl-C in a terminal reaches it only through who
 * started it; when that one is gone, nobody reads its remarks any more and it stops by itself.
 *
 * @throws SonospeechError `environment` in an executable of `deno compile`, whose permissions are one for all.
 */
export async function launchProgram(words: readonly string[], place: Place) {
  if (Deno.build.standalone) {
    throw new SonospeechError("environment", {
      action: "start the program from itself",
      must: "it must run from source or from the packed file",
      received: "an executable of deno compile",
    });
  }
  const args = await childArguments(words, place);
  const command = new Deno.Command(Deno.execPath(), {
    args,
    cwd: place.workingDirectory,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    detached: true,
  });
  return command.spawn();
}
