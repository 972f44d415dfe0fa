/**
 * A run's event log, and what it says of the run's state.
 *
 * @module
 */

import { MetricStore, readPause } from "../mod.ts";
import type { RunState, StoredEventWire } from "./wire/runs.ts";

/** A run that wrote this recently is running, whatever its lock says. */
const recentSeconds = 10;

/** Opens a run's metric store to read. */
export function openStore(runFolder: string): MetricStore {
  return MetricStore.open(`${runFolder}/metrics.sqlite`, { readOnly: true });
}

/**
 * Where a run stands: paused when its folder keeps why; else what its last opening or closing event says; a run that
 * opened and has been silent since is running as long as its trainer holds the lock.
 *
 * @param store Null before the first event.
 */
export async function runState(runFolder: string, store: MetricStore | null): Promise<RunState> {
  const pause = await readPause(runFolder);
  if (pause) return "paused";
  const [started, paused, finished] = ["started", "paused", "finished"].map((kind) => store?.lastEvent(kind));
  if (started && finished && finished.id > started.id) return "finished";
  const wasPaused = started !== undefined && paused !== undefined && paused.id > started.id;
  // Where nothing keeps pauses, the event is all there is to know; else training has started again since.
  if (wasPaused && pause === undefined) return "paused";
  const silentSeconds = Date.now() / 1000 - (store?.lastEvent()?.timeSeconds ?? 0);
  if (started && !wasPaused && silentSeconds < recentSeconds) return "running";
  if (await isLocked(`${runFolder}/lock`)) return started ? "running" : "new";
  return started || pause === null ? "interrupted" : "new";
}

/** Whether another process or worker holds the lock; the probe lets go at once. */
export async function isLocked(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path, { read: true });
    return !await file.tryLock(false);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A stored event in the form that goes over the wire. */
export function toWire(
  stored: { id: number; timeSeconds: number; event: Record<string, unknown> },
): StoredEventWire {
  return {
    id: stored.id,
    timeSeconds: stored.timeSeconds,
    event: stored.event as unknown as StoredEventWire["event"],
  };
}
