/**
 * Writes a safetensors file larger than memory, row by row.
 *
 * @module
 */

import { dirname } from "node:path";
import { SonospeechError } from "../errors.ts";
import { sizeOf } from "../shape.ts";
import { syncFolder, temporaryPathFor } from "./atomic_file.ts";
import {
  bytesOf,
  elementBytes,
  encodeHeader,
  type SafetensorsData,
  type SafetensorsDtype,
} from "./safetensors.ts";

/**
 * Streams one tensor whose leading size is not known beforehand into a safetensors file.
 *
 * The header's room is reserved for the longest possible size, padded with spaces and rewritten by `finish`, which
 * also syncs the file and renames it into place; until then `path` does not exist. Memory use does not grow.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { SafetensorsAppender } from "./safetensors_appender.ts";
 * const path = Deno.makeTempFileSync({ suffix: ".safetensors" });
 * const appender = new SafetensorsAppender(path, { name: "pcm", dtype: "I16", rowShape: [] });
 * appender.append(Int16Array.of(1, 2, 3));
 * assert(appender.finish() === 3);
 * Deno.removeSync(path);
 * ```
 */
export class SafetensorsAppender {
  readonly #path: string;
  readonly #temporary: string;
  readonly #options: Required<AppenderOptions>;
  readonly #file: Deno.FsFile;
  readonly #headerBytes: number;
  #dataBytes = 0;
  #open = true;

  /**
   * Opens the file that is to grow.
   *
   * @param path The file to make; its folder must exist.
   * @param options Name, type and the shape [...] of one row; the tensor becomes [rows, ...rowShape].
   */
  constructor(path: string, options: AppenderOptions) {
    this.#path = path;
    this.#temporary = temporaryPathFor(path);
    this.#options = { metadata: {}, ...options };
    const reserved = this.#header(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0);
    this.#headerBytes = reserved.length;
    this.#file = Deno.openSync(this.#temporary, { write: true, createNew: true });
    this.#write(reserved);
  }

  /** Rows written so far; a fraction while a row is incomplete. */
  get rows(): number {
    return this.#dataBytes / this.#rowBytes;
  }

  get #rowBytes(): number {
    return sizeOf(this.#options.rowShape) * elementBytes(this.#options.dtype);
  }

  /** Writes values of the tensor's type; rows may be cut anywhere. */
  append(data: SafetensorsData): void {
    this.#write(bytesOf(data));
    this.#dataBytes += data.byteLength;
  }

  /**
   * Completes the file.
   *
   * @returns The number of rows.
   * @throws SonospeechError `store` when the last row is incomplete; the file is then not made.
   */
  finish(): number {
    const rows = this.rows;
    if (!Number.isInteger(rows)) {
      this.abort();
      throw new SonospeechError("store", {
        action: `finish tensor "${this.#options.name}"`,
        must: `its bytes must be a multiple of the row's ${this.#rowBytes}`,
        received: this.#dataBytes,
      });
    }
    this.#file.seekSync(0, Deno.SeekMode.Start);
    this.#write(this.#header(rows, this.#dataBytes, this.#headerBytes));
    this.#file.syncSync();
    this.#close();
    Deno.renameSync(this.#temporary, this.#path);
    syncFolder(dirname(this.#path));
    return rows;
  }

  /** Throws what was written away; does nothing after `finish`. */
  abort(): void {
    if (!this.#open) return;
    this.#close();
    Deno.removeSync(this.#temporary);
  }

  #close(): void {
    this.#open = false;
    this.#file.close();
  }

  #header(rows: number, end: number, minimumBytes: number): Uint8Array {
    const { name, dtype, rowShape, metadata } = this.#options;
    const entry = { dtype, shape: [rows, ...rowShape], begin: 0, end };
    return encodeHeader(new Map([[name, entry]]), metadata, minimumBytes);
  }

  #write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) done += this.#file.writeSync(bytes.subarray(done));
  }
}

/** What {@linkcode SafetensorsAppender} writes. */
export interface AppenderOptions {
  /** Name of the tensor. */
  name: string;
  /** Type of an element. */
  dtype: SafetensorsDtype;
  /** Shape of one row, `[]` for a tensor of one axis. */
  rowShape: readonly number[];
  /** Free texts for the header. */
  metadata?: Record<string, string>;
}
