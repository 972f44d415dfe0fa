/**
 * Writes a run's events to its metric store, and passes them on.
 *
 * @module
 */

import type { MetricStore } from "../records/metric_store.ts";
import type { RunEvent } from "./events.ts";

/**
 * Records every event before the caller sees it. When a run resumes, what was recorded after the checkpoint is
 * removed first: those steps are made again.
 */
export async function* recordRun(
  events: AsyncIterable<RunEvent>,
  store: MetricStore,
): AsyncGenerator<RunEvent, void, void> {
  for await (const event of events) {
    if (event.kind === "started") store.truncateAfter(event.step);
    store.append({ ...event });
    if (event.kind !== "step") store.flush();
    yield event;
  }
}
