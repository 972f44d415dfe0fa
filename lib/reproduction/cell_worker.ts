/**
 * A Web Worker that computes cells, so that a study uses every processor core.
 *
 * @module
 */

import { sentError } from "../errors.ts";
import { nextTurn } from "../event_loop.ts";
import { chooseDevice } from "../tensor/device.ts";
import type { WorkerReply, WorkerRequest } from "./cell_pool.ts";
import { computeCell } from "./compute_cell.ts";
import type { CellContext } from "./cell_context.ts";
import { StudyData } from "./study_data.ts";

/** The worker's global scope, as far as it is used here. */
interface WorkerScope {
  addEventListener(type: "message", listener: (event: MessageEvent<WorkerRequest>) => void): void;
  postMessage(message: WorkerReply): void;
}

const scope = globalThis as unknown as WorkerScope;
const stop = new AbortController();
let context: CellContext | undefined;

scope.addEventListener("message", async ({ data: request }) => {
  try {
    switch (request.kind) {
      case "open": {
        const { study, places, certificate, cells, device, threads } = request;
        const executor = await chooseDevice(device, { threads });
        const data = await StudyData.open(places);
        context = { study, data, certificate, executor, cells, signal: stop.signal };
        return scope.postMessage({ kind: "ready" });
      }
      case "compute":
        return scope.postMessage({ kind: "done", seconds: await compute(request.cell, context!) });
      case "stop":
        return stop.abort(new DOMException("The study was asked to stop", "AbortError"));
    }
  } catch (error) {
    if (stop.signal.aborted) scope.postMessage({ kind: "stopped" });
    else scope.postMessage({ kind: "failed", error: sentError(error) });
  }
});

/** Steps that need no device take turns with messages, or a stop would be heard at the end only. */
async function compute(cell: Parameters<typeof computeCell>[0], context: CellContext): Promise<number> {
  const steps = computeCell(cell, context);
  for (let told = 0;;) {
    const { done, value } = await steps.next();
    if (done) return value;
    await nextTurn();
    if (performance.now() - told > 200) {
      told = performance.now();
      scope.postMessage({ kind: "progress", share: value });
    }
  }
}
