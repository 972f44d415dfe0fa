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
import { digestOutline } from "./mask_template.ts";
import type { MaskChoice } from "./sector_gate.ts";
import type { TimeSpan } from "./windows.ts";

/** SHA-256 digests of a scan, hexadecimal. */
export interface ScanDigests {
  /** Of the video file alone: the same pictures, whatever speech is paired with them. */
  video: string;
  /** Of all bytes and all settings that shape what is stored of the scan. */
  content: string;
}

/** What else shapes what is stored of a scan. */
export interface Shaping {
  /** The masks among which its own is chosen. */
  masks: MaskChoice;
  /** The stretches of speech that are taken out. */
  bleeps: readonly TimeSpan[];
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
  { masks, bleeps }: Shaping,
  signal: AbortSignal,
): Promise<ScanDigests> {
  const { split: _split, seed: _seed, ...shaping } = config;
  const video = await digestFile(item.video, signal);
  const speech = item.speech === undefined ? null : await digestFile(item.speech, signal);
  const templates = (masks.own ? [masks.own] : masks.others ?? []).map((mask) => {
    const doubts = mask.doubts.length > 0 ? [mask.doubts] : [];
    return [digestOutline(mask), mask.confirmed !== null, ...doubts];
  });
  const gate = [templates, bleeps];
  return {
    video,
    content: digestValues(formatVersion, shaping, item.speechOffsetSeconds, video, speech, gate),
  };
}

/** SHA-256 of values that JSON can hold, hexadecimal. */
export function digestValues(...values: unknown[]): string {
  return createHash("sha256").update(JSON.stringify(values)).digest("hex");
}

/** SHA-256 of a file, hexadecimal. @throws UnusableMediaError as {@linkcode digestScan}. */
export async function digestFile(path: string, signal?: AbortSignal): Promise<string> {
  const stat = await Deno.stat(path).catch(() => null);
  if (!stat?.isFile) throw new UnusableMediaError("not found", "there is no such regular file");
  const hash = createHash("sha256");
  try {
    using file = await Deno.open(path, { read: true });
    const chunk = new Uint8Array(1 << 20);
    for (let got = await file.read(chunk); got !== null; got = await file.read(chunk)) {
      signal?.throwIfAborted();
      hash.update(chunk.subarray(0, got));
    }
  } catch (error) {
    signal?.throwIfAborted();
    const what = error instanceof Error ? error.name : "unknown error";
    throw new UnusableMediaError("unreadable", `its bytes cannot be read (${what})`);
  }
  return hash.digest("hex");
}
