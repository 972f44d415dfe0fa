/**
 * Reads rows of tensors in a safetensors file without loading the file.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { sizeOf } from "../shape.ts";
import {
  asTypedArray,
  elementBytes,
  headerLength,
  parseHeader,
  type SafetensorsData,
  type SafetensorsHeader,
  type TensorEntry,
} from "./safetensors.ts";

/**
 * An open safetensors file with synchronous random access along axis 0.
 *
 * The header is checked when the file is opened; a read costs one seek and one read of just the rows asked for.
 */
export class SafetensorsReader {
  readonly #file: Deno.FsFile;
  readonly #header: SafetensorsHeader;

  /** Opens a file. @throws SonospeechError `store` for a header that is not valid; Deno.errors.NotFound. */
  constructor(path: string) {
    this.#file = Deno.openSync(path, { read: true });
    try {
      const fileBytes = this.#file.statSync().size;
      const length = headerLength(this.#read(0, Math.min(8, fileBytes)), fileBytes);
      this.#header = parseHeader(this.#read(0, 8 + length), fileBytes);
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  /** Names, types and shapes. */
  get entries(): ReadonlyMap<string, TensorEntry> {
    return this.#header.entries;
  }

  /** The header's free texts. */
  get metadata(): Readonly<Record<string, string>> {
    return this.#header.metadata;
  }

  /**
   * Rows [start, start + count) of a tensor.
   *
   * @returns Values of the tensor's type, [count, ...row shape], row-major.
   * @throws SonospeechError `store` when there is no such tensor or row.
   */
  readRows(name: string, start: number, count: number): SafetensorsData {
    const entry = this.#header.entries.get(name);
    const rows = entry?.shape[0] ?? 0;
    if (!entry || start < 0 || count < 0 || start + count > rows) {
      throw new SonospeechError("store", {
        action: `read rows of tensor "${name}"`,
        must: entry ? `they must lie in [0, ${rows})` : "the file must contain it",
        received: `[${start}, ${start + count})`,
      });
    }
    const rowBytes = sizeOf(entry.shape.slice(1)) * elementBytes(entry.dtype);
    const offset = this.#header.dataStart + entry.begin + start * rowBytes;
    return asTypedArray(entry.dtype, this.#read(offset, count * rowBytes));
  }

  /** Closes the file. */
  close(): void {
    this.#file.close();
  }

  #read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    for (let done = 0; done < length;) {
      const got = this.#file.readSync(bytes.subarray(done));
      if (got === null) {
        throw new SonospeechError("store", {
          action: "read safetensors",
          must: `the file must have ${offset + length} bytes`,
          received: offset + done,
        });
      }
      done += got;
    }
    return bytes;
  }
}
