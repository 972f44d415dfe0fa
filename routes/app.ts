/**
 * The dashboard's HTTP application.
 *
 * @module
 */

import { Hono } from "hono";
import { DatasetLibrary, type DatasetSource } from "./dataset_library.ts";
import { datasetRoutes } from "./dataset_routes.ts";
import { ownPagesOnly, problemResponse, Refusal, refusalOf, secureHeaders } from "./guard.ts";
import type { FeedTimes } from "./run_feed.ts";
import { RunLibrary } from "./run_library.ts";
import { runRoutes } from "./run_routes.ts";
import { staticFile } from "./static_files.ts";

/** What an application is made from. */
export interface AppOptions {
  /** Folder whose sub-folders are runs. */
  runsDirectory: string;
  /** Hosts with port that requests may be addressed to, as `127.0.0.1:8000`. */
  allowedHosts: readonly string[];
  /** Folder with the built dashboard. */
  staticDirectory: string;
  /** Opens a dataset to read. */
  openDataset: (path: string) => DatasetSource;
  /** Rhythm of the live streams; for tests. */
  feedTimes?: FeedTimes;
  /** Ends the live streams and frees every open file. */
  signal?: AbortSignal;
  /** Takes what went wrong, paths included; the terminal by default. */
  log?: (message: string) => void;
}

/**
 * The dashboard's application: pages, `/api/runs` and the datasets behind the runs, read only.
 *
 * @returns A Hono application; `app.request(path)` asks it without a socket.
 */
export function createApp(options: AppOptions): Hono {
  const { signal, log = (message) => console.error(message) } = options;
  const runs = new RunLibrary(options.runsDirectory);
  const datasets = new DatasetLibrary(runs, options.openDataset);
  signal?.addEventListener("abort", () => datasets.close(), { once: true });

  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    secureHeaders(c);
  });
  app.use(ownPagesOnly(options.allowedHosts));
  app.route("/api/runs/:run/dataset", datasetRoutes(datasets));
  app.route("/api/runs", runRoutes({ runs, feedTimes: options.feedTimes, signal }));
  app.get("/*", (c) => staticFile(options.staticDirectory, c.req.path));
  app.notFound(() => problemResponse(new Refusal(404, "There is no such page.")));
  app.onError((error) => problemResponse(refusalOf(error, log)));
  return app;
}
