/**
 * The errors that Sonospeech throws on purpose.
 *
 * Every message says which action failed, what must hold and what was received; an optional hint names one
 * command. Paths of scans may name a patient, and what somebody asked for may tell of one: HTTP answers must use
 * {@linkcode SonospeechError.publicMessage}, logs {@linkcode SonospeechError.logMessage}.
 *
 * @module
 */

/** What kind of thing went wrong; the command line derives its exit code from it. */
export type ErrorCode =
  | "usage"
  | "config"
  | "input"
  | "media"
  | "store"
  | "locked"
  | "device"
  | "not-finite"
  | "environment";

/** The parts of an error message. */
export interface Failure {
  /** The action that failed, as "resume run r7" or "read the dataset". */
  action: string;
  /** What must hold, as "config.model.embeddingDim must be 256 as in the checkpoint". */
  must: string;
  /** What was found instead. */
  received?: unknown;
  /** One command or action that helps. */
  hint?: string;
  /** What made it fail, if that was an error itself. */
  cause?: unknown;
  /** The message without paths and names, for HTTP answers; to be given where the message itself holds any. */
  publicMessage?: string;
}

/**
 * An error with an action, a condition, what was received and a hint.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { SonospeechError } from "./errors.ts";
 * const error = new SonospeechError("config", {
 *   action: "read the config",
 *   must: "optimizer.learningRate must be positive",
 *   received: -1,
 * });
 * assert(error.message === "Cannot read the config: optimizer.learningRate must be positive, received -1");
 * ```
 */
export class SonospeechError extends Error {
  /** The name that stack traces show. */
  override readonly name = "SonospeechError";
  /** The kind of failure. */
  readonly code: ErrorCode;
  /** One command or action that helps, if one is known. */
  readonly hint?: string;
  /** The message without paths and names. */
  readonly publicMessage: string;
  /** The message without paths, names and what was received, which may be a patient's. */
  readonly logMessage: string;

  /** Makes the message out of its parts. */
  constructor(code: ErrorCode, failure: Failure) {
    const received = failure.received === undefined ? "" : `, received ${show(failure.received)}`;
    super(`Cannot ${failure.action}: ${failure.must}${received}`, { cause: failure.cause });
    this.code = code;
    this.hint = failure.hint;
    this.publicMessage = failure.publicMessage ?? this.message;
    this.logMessage = failure.publicMessage ?? `Cannot ${failure.action}: ${failure.must}`;
  }
}

/** An error as it is sent from a worker to who started it. */
export interface SentError {
  /** Undefined for an error that nobody foresaw. */
  code?: ErrorCode;
  /** All of it; of an unforeseen error, with its stack. */
  message: string;
  /** See {@linkcode SonospeechError}. */
  hint?: string;
  /** See {@linkcode SonospeechError}. */
  publicMessage?: string;
  /** See {@linkcode SonospeechError}. */
  logMessage?: string;
  /** What the system or SQLite calls an unforeseen error, as ENOSPC, and its message alone. */
  system?: { code: string; message: string };
}

/** An error in a form that can be sent. */
export function sentError(error: unknown): SentError {
  if (error instanceof SonospeechError) {
    const { code, message, hint, publicMessage, logMessage } = error;
    return { code, message, hint, publicMessage, logMessage };
  }
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as Error & { code?: unknown };
  const system = typeof code === "string" ? { code, message: error.message } : undefined;
  return { message: error.stack ?? error.message, system };
}

/** The error that {@linkcode sentError} sent. */
export function receivedError(sent: SentError): Error {
  const { code, message, hint, publicMessage, logMessage, system } = sent;
  if (code === undefined && system) {
    return Object.assign(new Error(system.message), { code: system.code, stack: message });
  }
  if (code === undefined) return new Error(message);
  const error = new SonospeechError(code, { action: "", must: "", hint, publicMessage });
  return Object.assign(error, { message, logMessage });
}

/** A short, one-line rendering of a received value. */
export function show(value: unknown): string {
  if (typeof value === "string") return value.length > 200 ? `"${value.slice(0, 200)}…"` : `"${value}"`;
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") {
    return String(value);
  }
  if (value === null) return "null";
  if (value instanceof Error) return value.message;
  try {
    const text = JSON.stringify(value);
    return text.length > 200 ? `${text.slice(0, 200)}…` : text;
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** Exit codes of the command line, by error code; 0 is success, 1 an unexpected error. */
export const exitCodes: Record<ErrorCode, number> = {
  usage: 2,
  config: 2,
  input: 3,
  media: 3,
  store: 4,
  locked: 5,
  device: 6,
  "not-finite": 7,
  environment: 8,
};
