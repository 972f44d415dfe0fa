/**
 * Why a run is not going on, as a page may show it: the cause, where it goes on, and what to do first.
 *
 * @module
 */

import { type MetricStore, pauseCauseOf, readPause } from "../mod.ts";
import { withoutPaths } from "./guard.ts";
import type { PauseCauseWire, PauseWire, RunState } from "./wire/runs.ts";

/** What helps, by cause; continuing comes after it. */
const remedies: Record<PauseCauseWire, string> = {
  stopped: "Continue whenever you like.",
  killed: "If memory ran out, make room for it; then continue.",
  "disk full": "Make room on the disk of the runs, then continue.",
  "disk trouble": "Let the disk of the runs be written to, then continue.",
  "not finite":
    "Steps that went wrong are not kept. If it happens again after continuing, start a new run with a " +
    "lower optimizer.learningRate or optimizer.clipNorm.",
  "device lost": "Continue; if the device is lost again, look at its driver or choose another device.",
  "bad input": "Bring the run's data back as it was, then continue.",
  "bad settings": "Start a new run with other settings.",
  machine: "Bring what is missing, then continue.",
  unexpected: "Continue; if it happens again, the trainer's terminal says more.",
};

/** The pause of a run in a state; null while it is not paused. */
export async function pauseOfRun(
  runFolder: string,
  state: RunState,
  store: MetricStore | null,
): Promise<PauseWire | null> {
  if (state !== "paused" && state !== "interrupted") return null;
  const kept = await readPause(runFolder);
  const wire = (cause: PauseCauseWire, message: string, safeStep: number): PauseWire => ({
    cause,
    message: withoutPaths(message),
    safeStep,
    // Where there is nothing to continue from, "continue" would promise too much.
    remedy: cause === "stopped" && safeStep === 0 ? "Begin whenever you like." : remedies[cause],
  });
  if (state === "paused" && kept) {
    return wire(Object.hasOwn(remedies, kept.cause) ? kept.cause : "unexpected", kept.message, kept.safeStep);
  }
  const paused = store?.lastEvent("paused")?.event;
  if (state === "paused" && paused) {
    return wire(pauseCauseOf(String(paused.cause)), String(paused.message), Number(paused.safeStep));
  }
  const safe = store?.lastEvent("checkpoint") ?? store?.lastEvent("started");
  return wire("killed", "Training ended without a word", safe?.step ?? 0);
}
