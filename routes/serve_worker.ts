/**
 * The dashboard's server inside a Web Worker, so that a command can train and serve in one process: the worker reads
 * the run's files like any other process would, and whatever goes wrong in it stays in it.
 *
 * @module
 */

import type { WorkerReply, WorkerRequest } from "./dashboard_worker.ts";
import { logLine } from "./guard.ts";
import { type DashboardServer, serveDashboard } from "./serve.ts";

/** The worker's global scope, as far as it is used here. */
interface WorkerScope {
  addEventListener(type: "message", listener: (event: MessageEvent<WorkerRequest>) => void): void;
  addEventListener(type: "error" | "unhandledrejection", listener: (event: Event) => void): void;
  postMessage(message: WorkerReply): void;
}

const scope = globalThis as unknown as WorkerScope;
let server: DashboardServer | undefined;

const tell = (event: Event) => {
  event.preventDefault();
  const reason = event instanceof ErrorEvent ? event.error : (event as PromiseRejectionEvent).reason;
  scope.postMessage({ kind: "log", message: logLine(reason) });
};
scope.addEventListener("error", tell);
scope.addEventListener("unhandledrejection", tell);

scope.addEventListener("message", async ({ data }) => {
  if (data.kind === "close") {
    await server?.close();
    scope.postMessage({ kind: "closed" });
    return;
  }
  try {
    server = serveDashboard({
      ...data.options,
      log: (message) => scope.postMessage({ kind: "log", message }),
    });
    scope.postMessage({ kind: "serving", url: server.url });
  } catch (error) {
    scope.postMessage({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
});
