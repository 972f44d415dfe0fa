/**
 * The dashboard's HTTP application.
 *
 * @module
 */

import { Hono } from "hono";
import { compress } from "hono/compress";
import { Access, type AccessOptions } from "./access.ts";
import { accessRoutes, type AccessSettings, signedInOnly } from "./access_routes.ts";
import { Annotations } from "./annotations.ts";
import { ownPagesOnly } from "./asker.ts";
import { certificateRoutes } from "./certificate_routes.ts";
import type { Control } from "./control.ts";
import { controlRoutes } from "./control_routes.ts";
import { DatasetLibrary, type DatasetSource } from "./dataset_library.ts";
import { datasetRoutes } from "./dataset_routes.ts";
import { FindDesk } from "./find_desk.ts";
import { findRoutes } from "./find_routes.ts";
import type { SearchEngine } from "./find_engine.ts";
import { entityTags } from "./entity_tag.ts";
import { problemResponse, Refusal, refusalOf, secureHeaders } from "./guard.ts";
import { MapLibrary } from "./map_library.ts";
import { mapRoutes } from "./map_routes.ts";
import { markRoutes } from "./mark_routes.ts";
import openApi from "./openapi.json" with { type: "json" };
import { PaceLibrary } from "./pace_library.ts";
import { paceRoutes } from "./pace_routes.ts";
import { ResultsLibrary } from "./results_library.ts";
import { resultsRoutes } from "./results_routes.ts";
import type { FeedTimes } from "./run_feed.ts";
import { RunLibrary } from "./run_library.ts";
import { runRoutes } from "./run_routes.ts";
import { staticFile } from "./static_files.ts";

/** What an application is made from. */
export interface AppOptions {
  /** Folder whose sub-folders are runs. */
  runsDirectory: string;
  /** Folders of `reproduce`, or of several, whose reports are shown beside those in the runs' folder. */
  resultsDirectories?: readonly string[];
  /** Hosts with port that requests may be addressed to, as `127.0.0.1:8000`. */
  allowedHosts: readonly string[];
  /** Folder with the built dashboard. */
  staticDirectory: string;
  /** Opens a dataset to read. */
  openDataset: (path: string) => DatasetSource;
  /** Folders of datasets that no run need name. */
  datasetPaths?: readonly string[];
  /** Computes searches; without one there are none. */
  searchEngine?: SearchEngine;
  /** Whether notes may be kept and runs be moved to the trash, inside the runs' folder; false by default. */
  mayWrite?: boolean;
  /** Starts and stops trainings; nothing is started without it. */
  control?: Control;
  /** Secrets that get people in; without any, everybody who reaches the server is in. */
  access?: AccessOptions;
  /** Path below which a proxy shows the server, as `/sonospeech`; the root by default. */
  basePath?: string;
  /** Addresses of proxies whose `X-Forwarded-` headers are believed; none by default. */
  trustedProxies?: readonly string[];
  /** The script that lays out embeddings; the source file's by default, another one where the program is bundled. */
  mapWorkerUrl?: string;
  /** Rhythm of the live streams; for tests. */
  feedTimes?: FeedTimes;
  /** Ends the live streams and frees every open file. */
  signal?: AbortSignal;
  /** Takes what went wrong, without paths, names and what was asked for; the terminal by default. */
  log?: (message: string) => void;
}

/**
 * The dashboard's application: pages, `/api/runs` and the datasets behind the runs. It writes notes and marks beside
 * the runs and moves runs to the trash, if it may, and nothing else; trainings that it starts are processes of their own.
 *
 * @returns A Hono application; `app.request(path)` asks it without a socket.
 */
export function createApp(options: AppOptions): Hono {
  const { signal, mayWrite = false, basePath = "", trustedProxies = [] } = options;
  const log = options.log ?? ((message) => console.error(message));
  const runs = new RunLibrary(options.runsDirectory);
  const datasets = new DatasetLibrary(runs, options.openDataset, options.datasetPaths);
  const annotations = new Annotations(options.runsDirectory);
  const paces = new PaceLibrary(runs);
  const workerUrl = new URL(options.mapWorkerUrl ?? "./map_worker.ts", import.meta.url);
  const maps = new MapLibrary(runs, datasets, { workerUrl, log });
  const desk = options.searchEngine ? new FindDesk(options.searchEngine, log) : null;
  signal?.addEventListener("abort", () => [datasets, maps, desk].forEach((one) => one?.close()), {
    once: true,
  });
  const settings: AccessSettings = {
    access: new Access(options.access ?? {}),
    mayWrite,
    mayControl: options.control !== undefined,
    basePath,
    trustedProxies,
  };

  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    secureHeaders(c);
  });
  app.use(ownPagesOnly(options.allowedHosts, trustedProxies));
  // The page's own files alone: answers with what is secret in them are not compressed (BREACH).
  app.use(compress({ contentTypeFilter: /^text\/(html|javascript|css)/ }));
  app.use(entityTags());
  app.route(`${basePath}/api`, accessRoutes(settings));
  app.use(`${basePath}/api/*`, signedInOnly(settings));
  app.get(`${basePath}/api/openapi.json`, (c) => c.json<object>(openApi));
  app.route(
    `${basePath}/api/runs/:run/dataset`,
    datasetRoutes((c) => datasets.ofRun(c.req.param("run") ?? "")),
  );
  app.route(
    `${basePath}/api/datasets/:dataset`,
    datasetRoutes(async (c) => (await datasets.byKey(c.req.param("dataset") ?? "")).source),
  );
  app.route(`${basePath}/api/runs/:run/find`, findRoutes({ desk, runs, datasets, log }));
  app.route(`${basePath}/api/runs/:run/certificate`, certificateRoutes(runs));
  app.route(`${basePath}/api/runs/:run/pace`, paceRoutes(paces, datasets));
  app.route(`${basePath}/api/runs/:run/marks`, markRoutes(annotations, runs, datasets));
  app.route(`${basePath}/api/runs/:run/evaluations/:evaluation/map`, mapRoutes(maps));
  app.route(`${basePath}/api/runs`, runRoutes({ runs, annotations, feedTimes: options.feedTimes, signal }));
  const results = new ResultsLibrary([options.runsDirectory, ...options.resultsDirectories ?? []], datasets);
  app.route(
    `${basePath}/api/results/:report/dataset`,
    datasetRoutes((c) => results.dataset(c.req.param("report") ?? "")),
  );
  app.route(`${basePath}/api/results`, resultsRoutes(results, runs));
  app.route(`${basePath}/api/control`, controlRoutes(options.control ?? null, runs));
  if (basePath !== "") app.get(basePath, (c) => c.redirect(`${basePath}/`, 308));
  app.get(`${basePath}/*`, (c) => staticFile(options.staticDirectory, c.req.path.slice(basePath.length)));
  app.notFound(({ req }) => problemResponse(unknownPage(req.method)));
  app.onError((error) => problemResponse(refusalOf(error, log)));
  return app;
}

function unknownPage(method: string): Refusal {
  if (method === "GET" || method === "HEAD") return new Refusal(404, "There is no such page.");
  return new Refusal(405, "There is nothing to change at this address.", { allow: "GET, HEAD" });
}
