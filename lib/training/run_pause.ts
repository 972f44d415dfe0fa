/**
 * Why a run is not going on: kept in its folder, in words that a page may show.
 *
 * The file has its final size from the moment that training starts, and is then written in place: a disk that has
 * become full still holds the words that say so.
 *
 * @module
 */

import { diskTrouble, isDiskFull } from "../disk_trouble.ts";
import { type ErrorCode, SonospeechError } from "../errors.ts";
import { writeFileAtomic } from "../records/atomic_file.ts";
import type { RunEvent } from "./events.ts";

/** Why a run paused. */
export type PauseCause =
  | "stopped"
  | "disk full"
  | "disk trouble"
  | "not finite"
  | "device lost"
  | "bad input"
  | "bad settings"
  | "machine"
  | "unexpected";

/** A run's pause. */
export interface RunPause {
  /** Its kind. */
  cause: PauseCause;
  /** One sentence without paths. */
  message: string;
  /** Steps done when it paused. */
  step: number;
  /** The step of the newest checkpoint, where it goes on. */
  safeStep: number;
  /** ISO 8601. */
  pausedAt: string;
}

/** Where a run stood. */
export interface PausePlace {
  /** Steps done. */
  step: number;
  /** Of the newest checkpoint. */
  safeStep: number;
}

const fileName = "pause.json";
const sizeBytes = 4096;
const longestMessage = 600;

const causes: Record<ErrorCode, PauseCause> = {
  usage: "bad settings",
  config: "bad settings",
  input: "bad input",
  media: "bad input",
  store: "bad input",
  locked: "machine",
  device: "device lost",
  "not-finite": "not finite",
  environment: "machine",
};

/** The cause of a paused event: `signal` or the code of an error. */
export function pauseCauseOf(cause: string): PauseCause {
  if (cause === "signal") return "stopped";
  return Object.hasOwn(causes, cause) ? causes[cause as ErrorCode] : "unexpected";
}

/** The pause that an error or an abort of the signal leads to. */
export function pauseOf(error: unknown, { step, safeStep }: PausePlace, signal?: AbortSignal): RunPause {
  const place = { step, safeStep, pausedAt: new Date().toISOString() };
  if (signal?.aborted && isAbort(error, signal)) {
    const { reason } = signal;
    const message = reason instanceof Error && reason.message !== "" ? reason.message : "Stopped";
    return { cause: "stopped", message, ...place };
  }
  if (isDiskFull(error)) {
    return { cause: "disk full", message: "There is no room left on the disk", ...place };
  }
  const trouble = diskTrouble(error);
  if (trouble) return { cause: "disk trouble", message: trouble.publicMessage, ...place };
  if (error instanceof SonospeechError) {
    return { cause: causes[error.code], message: error.publicMessage.slice(0, longestMessage), ...place };
  }
  return { cause: "unexpected", message: "An error that nobody foresaw; the terminal said more", ...place };
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === undefined || error === signal.reason ||
    (error instanceof DOMException && error.name === "AbortError");
}

/**
 * Passes a training's events on and keeps in its folder why it paused; while it goes on, nothing.
 *
 * @param run The run's folder, whose lock is held.
 * @param options `signal` is what stops the training; `safeStep` finds the newest checkpoint where no event told it.
 * @throws What the training throws.
 */
export async function* recordPause(
  run: string,
  events: AsyncIterable<RunEvent>,
  { signal, safeStep }: { signal?: AbortSignal; safeStep: () => Promise<number> },
): AsyncGenerator<RunEvent, void, void> {
  await reserve(run);
  let place = null as PausePlace | null;
  const keep = async (error: unknown) => {
    await write(run, pauseOf(error, place ?? placeAt(await safeStep()), signal));
  };
  try {
    for await (const event of events) {
      place = placeAfter(event, place);
      yield event;
      if (event.kind === "paused" && event.cause === "signal") await keep(undefined);
    }
  } catch (error) {
    await keep(error).catch(() => {/* The first error is the one to tell. */});
    throw error;
  }
}

function placeAt(step: number): PausePlace {
  return { step, safeStep: step };
}

/** Training tells of its start, which has a checkpoint, and of every checkpoint after. */
function placeAfter(event: RunEvent, before: PausePlace | null): PausePlace | null {
  const { kind, step } = event;
  if (kind === "gate") return before;
  if (kind === "started" || kind === "checkpoint") return placeAt(step);
  return { step, safeStep: kind === "paused" ? event.safeStep : before?.safeStep ?? 0 };
}

/** Empties the record of the last pause, or makes room for one. */
async function reserve(run: string): Promise<void> {
  const path = `${run}/${fileName}`;
  const size = await Deno.lstat(path).then((info) => info.isFile ? info.size : 0, () => 0);
  const blank = new Uint8Array(sizeBytes).fill(0x20);
  if (size === sizeBytes) await overwrite(path, blank);
  else await writeFileAtomic(path, blank);
}

async function write(run: string, pause: RunPause): Promise<void> {
  const bytes = new Uint8Array(sizeBytes).fill(0x20);
  // The longest message fits, of at most six bytes for each unit of UTF-16.
  new TextEncoder().encodeInto(JSON.stringify(pause), bytes);
  await overwrite(`${run}/${fileName}`, bytes);
}

async function overwrite(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true });
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
  await file.sync();
}

/**
 * Why a run paused; null while it trains, has finished or was killed, and undefined where nothing is kept, as of runs
 * of older versions.
 */
export async function readPause(run: string): Promise<RunPause | null | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(`${run}/${fileName}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    const pause = JSON.parse(text) as RunPause;
    return typeof pause?.cause === "string" ? pause : null;
  } catch {
    return null; // Blank, or cut off while it was written.
  }
}
