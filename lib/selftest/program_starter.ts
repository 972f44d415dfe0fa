/**
 * Starts the program's own commands as a user would, each with its own permissions.
 *
 * @module
 */

import { join } from "node:path";
import type { AppPaths } from "../app_paths.ts";
import { SonospeechError } from "../errors.ts";

/** What became of a command. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** A program and its arguments. */
export type CommandLine = readonly [program: string, ...args: string[]];

const packedOptions = ["--quiet", "--no-config", "--no-lock", "--no-remote", "--no-npm"];

/** Starts commands in one folder; `signal` ends them. */
export class ProgramStarter {
  readonly #options: readonly string[];
  readonly #main: string;
  /** The program's own folder. */
  readonly root: string;

  constructor(app: AppPaths, readonly folder: string, readonly signal: AbortSignal) {
    this.root = app.root;
    this.#options = ["--no-prompt", ...(app.isPacked ? packedOptions : ["--cached-only"])];
    this.#main = join(app.root, app.isPacked ? "main.js" : "main.ts");
  }

  /** Deno's permission flags of a command line, as the program itself declares them. */
  async flagsOf(words: readonly string[]): Promise<string[]> {
    const asked = [
      Deno.execPath(),
      "run",
      ...this.#options,
      "--allow-read",
      this.#main,
      "permissions",
    ] as const;
    return shellWords(await this.succeed([...asked, ...words]));
  }

  /** The command line that runs the words with their own permissions. */
  async commandLine(words: readonly string[]): Promise<CommandLine> {
    const flags = await this.flagsOf(words);
    return [Deno.execPath(), "run", ...this.#options, ...flags, this.#main, ...words];
  }

  /** The command line that runs a script with these permissions. */
  scriptLine(script: string, flags: readonly string[], args: readonly string[] = []): CommandLine {
    return [
      Deno.execPath(),
      "run",
      "--quiet",
      "--no-config",
      "--no-lock",
      "--no-prompt",
      ...flags,
      script,
      ...args,
    ];
  }

  /** Starts a program in the folder. */
  spawn([program, ...args]: CommandLine): Deno.ChildProcess {
    const { folder: cwd, signal } = this;
    signal.throwIfAborted();
    return new Deno.Command(program, { args, cwd, signal, stdin: "null", stdout: "piped", stderr: "piped" })
      .spawn();
  }

  /** Runs a program to its end. */
  async run(line: CommandLine): Promise<Ended> {
    const { code, stdout, stderr } = await this.spawn(line).output();
    this.signal.throwIfAborted();
    return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  }

  /** Runs a program that must end well, and returns what it printed. @throws SonospeechError `environment`. */
  async succeed(line: CommandLine): Promise<string> {
    const { code, stdout, stderr } = await this.run(line);
    if (code === 0) return stdout;
    throw new SonospeechError("environment", {
      action: "make the self-test",
      must: "the program's own commands must end well",
      received: `exit code ${code}: ${stderr.trim().split("\n").at(-1)}`,
    });
  }
}

/** The words of a line in which every word is quoted as for a shell. */
export function shellWords(line: string): string[] {
  return [...line.matchAll(/'((?:[^']|'\\'')*)'(?= |\n|$)/g)].map(([, word]) =>
    word.replaceAll("'\\''", "'")
  );
}
