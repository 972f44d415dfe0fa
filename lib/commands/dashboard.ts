/**
 * The dashboard beside a running command.
 *
 * @module
 */

import { startDashboardWorker } from "../../routes/dashboard_worker.ts";
import { workerUrl } from "../app_paths.ts";
import type { CommandContext } from "./plan.ts";

/** A dashboard that is closed when its scope ends. */
export interface Dashboard extends AsyncDisposable {
  /** Where it is served. */
  url: string;
}

/** Serves the runs of a folder from a worker, says where, and leaves the command alone whatever happens to it. */
export async function startDashboard(
  runsDirectory: string,
  port: number,
  context: Pick<CommandContext, "app" | "stderr">,
): Promise<Dashboard> {
  const worker = await startDashboardWorker({
    runsDirectory,
    staticDirectory: context.app.staticDirectory,
    port,
    mapWorkerUrl: workerUrl("routes/map_worker.ts", context.app),
    workerUrl: new URL(workerUrl("routes/serve_worker.ts", context.app)),
    log: (message) => context.stderr(`dashboard: ${message}\n`),
  });
  context.stderr(`dashboard at ${worker.url}\n`);
  return { url: worker.url, [Symbol.asyncDispose]: () => worker.close() };
}
