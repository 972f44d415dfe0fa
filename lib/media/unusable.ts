/**
 * Why a file cannot be used.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";

/** The kinds of problems that put an input aside. */
export type UnusableReason =
  | "not found"
  | "unreadable"
  | "unsupported format"
  | "not a media file"
  | "no video"
  | "no frames"
  | "no audio"
  | "digital silence"
  | "truncated"
  | "corrupt"
  | "too short"
  | "crop outside"
  | "mask does not fit"
  | "no confirmed mask"
  | "no mask"
  | "burnt-in text"
  | "duplicate";

/** A file that cannot be used; it is put aside with its reason and the others go on. */
export class UnusableMediaError extends SonospeechError {
  /** The kind of problem. */
  readonly reason: UnusableReason;
  /** The problem in words, without paths. */
  readonly detail: string;
  /** Of what is too short: how long its pictures and sound exist together, seconds. */
  readonly usableSeconds?: number;

  /** Makes the error. */
  constructor(reason: UnusableReason, detail: string, { usableSeconds }: { usableSeconds?: number } = {}) {
    super("media", { action: "use the scan", must: `${reason}: ${detail}` });
    this.reason = reason;
    this.detail = detail;
    this.usableSeconds = usableSeconds;
  }
}
