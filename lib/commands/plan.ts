/**
 * What a command line comes to: a plan, which says what it must be allowed to do before it does it.
 *
 * A command line is parsed twice: once to learn which Deno permissions it needs, by a process that does nothing
 * else, and once by the process that has these permissions and runs the plan.
 *
 * @module
 */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { AppPaths } from "../app_paths.ts";

/** Where a command line was given. */
export interface Place {
  /** What relative paths are relative to, absolute. */
  workingDirectory: string;
  app: AppPaths;
  /** The program's folder for what may be lost at any time, absolute; none where the user has no home. */
  cacheDirectory?: string;
}

/** What a command must be allowed to do; what is left out is not allowed. Paths may be relative. */
export interface Permissions {
  /**
   * Files and folders to read; the program's own are always readable. Everything is for the pass that finds out what
   * a command line needs, which follows links and manifests wherever they lead, and for nothing else.
   */
  read?: readonly string[] | "everything";
  /** Files and folders to write; they are readable, too. */
  write?: readonly string[];
  /** Programs to start, looked up on the PATH. */
  run?: readonly string[];
  /** Addresses to listen at or connect to, as `127.0.0.1:8000`. */
  net?: readonly string[];
  /** Names of environment variables. */
  env?: readonly string[];
  /** Names of Deno's system information functions, as `systemMemoryInfo`. */
  sys?: readonly string[];
}

/** What a running command sees of the outside. */
export interface CommandContext extends Place {
  /** Writes text to standard output: the command's result. */
  stdout: (text: string) => void;
  /** Writes text to standard error: progress and remarks. */
  stderr: (text: string) => void;
  /** Whether standard error is a terminal. */
  isTerminal: boolean;
  /** Aborted, with an {@linkcode Interruption} as reason, when the user or the system asks the program to end. */
  signal: AbortSignal;
}

/** A parsed command line. */
export interface Plan {
  /** What {@linkcode Plan.run} must be allowed to do. */
  permissions(place: Place): Permissions | Promise<Permissions>;
  /** Does it. Resolves to the exit code; nothing means 0. */
  run(context: CommandContext): Promise<number | void>;
}

/** What a command's definition needs to know of the program. */
export interface CommandSeat {
  /** How the program is called here, as `./run`, for help texts. */
  programName: string;
  /** Takes the plan; to be called by the command's action. */
  plan: (plan: Plan) => void;
}

/** Defines one command; its modules for the work itself are imported when the plan runs, not before. */
export type CommandDefinition = (seat: CommandSeat) => CommandUnknownOpts;

/** SIGPIPE: nobody reads any more what the program has to say. */
const interruptionCodes = { SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const;

/** The reason of an aborted {@linkcode CommandContext.signal}. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  /** 128 plus the signal's number, as shells have it. */
  readonly exitCode: number;

  constructor(signal: keyof typeof interruptionCodes) {
    super(`Stopped by ${signal}`);
    this.exitCode = interruptionCodes[signal];
  }
}
