/**
 * What a scan is known by, whatever its files are called.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { PrepareConfig } from "../config.ts";
import { UnusableMediaError } from "../media/unusable.ts";
import { formatVersion } from "./dataset_schema.ts";
import type { ScanItem } from "./manifest.ts";

/** SHA-256 digests of a scan, hexadecimal. */
export interface ScanDigests {
  /** Of the video file alone: the same pictures, whatever speech is paired with them. */
  video: string;
  /** Of all bytes and all settings that shape what is stored of the scan. */
  content: string;
}

/**
 * Reads a scan's files and digests them.
 *
 * @throws UnusableMediaError when a file is gone, is no regular file or cannot be read; the signal's reason when
 * aborted.
 */
export async function digestScan(
  item: ScanItem,
  config: PrepareConfig,
  signal: AbortSignal,
): Promise<ScanDigests> {
  const { split: _split, seed: _seed, ...shaping } = config;
  const video = await digestFile(item.video, signal);
  const speech = item.speech === undefined ? null : await digestFile(item.speech, signal);
  return { video, content: digestValues(formatVersion, shaping, item.speechOffsetSeconds, video, speech) };
}

/** SHA-256 of values that JSON can hold, hexadecimal. */
export function digestValues(...values: unknown[]): string {
  return createHash("sha256").update(JSON.stringify(values)).digest("hex");
}

async function digestFile(path: string, signal: AbortSignal): Promise<string> {
  const stat = await Deno.stat(path).catch(() => null);
  if (!stat?.isFile) throw new UnusableMediaError("not found", "there is no such regular file");
  const hash = createHash("sha256");
  try {
    using file = await Deno.open(path, { read: true });
    const chunk = new Uint8Array(1 << 20);
    for (let got = await file.read(chunk); got !== null; got = await file.read(chunk)) {
      signal.throwIfAborted();
      hash.update(chunk.subarray(0, got));
    }
  } catch (error) {
    signal.throwIfAborted();
    const what = error instanceof Error ? error.name : "unknown error";
    throw new UnusableMediaError("unreadable", `its bytes cannot be read (${what})`);
  }
  return hash.digest("hex");
}
