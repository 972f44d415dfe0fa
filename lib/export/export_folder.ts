/**
 * The folder that an export fills.
 *
 * @module
 */

import { join } from "node:path";
import { writeFileAtomic } from "../records/atomic_file.ts";
import type { ExportedFile } from "./passport.ts";

/** Writes files one by one and remembers what they were. */
export class ExportFolder {
  /** What was written so far. */
  readonly files: ExportedFile[] = [];
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Makes the folder if needed; other files in it stay. */
  static async open(path: string): Promise<ExportFolder> {
    await Deno.mkdir(path, { recursive: true });
    return new ExportFolder(path);
  }

  /** Writes a file. @returns What is on disk afterwards, read back. */
  async write(name: string, content: Uint8Array | string): Promise<Uint8Array<ArrayBuffer>> {
    const path = join(this.#path, name);
    await writeFileAtomic(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    const written = await Deno.readFile(path);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", written));
    this.files.push({ name, sha256: digest.toHex(), sizeBytes: written.length });
    return written;
  }
}
