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
  | "duplicate";

/** A file that cannot be used; it is put aside with its reason and the others go on. */
export class UnusableMediaError extends SonospeechError {
  /** The kind of problem. */
  readonly reason: UnusableReason;
  /** The problem in words, without paths. */
  readonly detail: string;

  /** Makes the error. */
  constructor(reason: UnusableReason, detail: string) {
    super("media", { action: "use the scan", must: `${reason}: ${detail}` });
    this.reason = reason;
    this.detail = detail;
  }
}
