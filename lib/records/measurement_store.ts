/**
 * Short measurements of this machine, kept from one start of the program to the next.
 *
 * @module
 */

import { dirname } from "node:path";
import { writeJsonAtomic } from "./atomic_file.ts";

/**
 * A file of measurements by name. It may be lost at any time: a file that is damaged, of another version or not
 * readable counts as empty, and one that cannot be written is done without.
 */
export class MeasurementStore {
  readonly #path: string;
  readonly #version: string;
  readonly #entries: Map<string, unknown>;

  private constructor(path: string, version: string, entries: Map<string, unknown>) {
    this.#path = path;
    this.#version = version;
    this.#entries = entries;
  }

  /**
   * Opens a file that need not exist.
   *
   * @param version Of the program: what another one measured is of no use.
   */
  static async open(path: string, version: string): Promise<MeasurementStore> {
    return new MeasurementStore(path, version, await readEntries(path, version));
  }

  /** What was kept under a name, whatever it may be, or undefined. */
  get(name: string): unknown {
    return this.#entries.get(name);
  }

  /** Keeps a value that JSON can hold. */
  async set(name: string, value: unknown): Promise<void> {
    this.#entries.set(name, value);
    const content = { version: this.#version, measurements: Object.fromEntries(this.#entries) };
    try {
      await Deno.mkdir(dirname(this.#path), { recursive: true });
      await writeJsonAtomic(this.#path, content);
    } catch {
      // A home that cannot be written costs the measurement at every start, and nothing else.
    }
  }
}

async function readEntries(path: string, version: string): Promise<Map<string, unknown>> {
  try {
    const content = JSON.parse(await Deno.readTextFile(path));
    return new Map(content.version === version ? Object.entries(content.measurements) : []);
  } catch {
    return new Map();
  }
}
