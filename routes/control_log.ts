/**
 * Who started, stopped and evaluated which run when: one line of JSON each in `control.log` beside the runs.
 *
 * @module
 */

import { changeRunsRoot } from "./runs_root.ts";
import type { ControlLogEntry } from "./wire/control.ts";

/** The log's name beside the runs. */
export const controlLogFile = "control.log";

/** As much of the log's end as is read for the page. */
const mostBytes = 128 * 1024;

/** The log of one folder of runs. */
export class ControlLog {
  readonly #root: string;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(runsDirectory: string) {
    this.#root = runsDirectory;
  }

  /** Adds a line, after all that were to be added before. @throws When it cannot be written. */
  add(entry: Omit<ControlLogEntry, "at">): Promise<void> {
    const line = JSON.stringify({ at: new Date().toISOString(), ...entry }) + "\n";
    const bytes = new TextEncoder().encode(line);
    const written = this.#queue.then(() =>
      changeRunsRoot(this.#root, { kind: "append", file: controlLogFile, bytes })
    );
    this.#queue = written.catch(() => {});
    return written;
  }

  /** The newest lines first, as they lie on the disk; a line that cannot be read is left out. */
  async newest(limit: number): Promise<ControlLogEntry[]> {
    const read = this.#queue.then(() => this.#end());
    this.#queue = read.catch(() => {});
    const lines = (await read).split("\n");
    return lines.flatMap((line) => parsed(line) ?? []).reverse().slice(0, limit);
  }

  async #end(): Promise<string> {
    const path = `${this.#root}/${controlLogFile}`;
    const info = await Deno.lstat(path).catch(() => null);
    if (!info?.isFile) return "";
    using file = await Deno.open(path, { read: true });
    await file.seek(Math.max(0, info.size - mostBytes), Deno.SeekMode.Start);
    return await new Response(file.readable).text();
  }
}

function parsed(line: string): ControlLogEntry | null {
  try {
    const { at, who, action, run, detail } = JSON.parse(line);
    return { at: String(at), who, action, run: String(run), detail: String(detail) };
  } catch {
    return null;
  }
}
