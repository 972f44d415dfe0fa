/**
 * Routes under `/api/runs`: the runs, their metrics, their live events and their evaluations.
 *
 * @module
 */

import { Hono } from "hono";
import { wholeNumber } from "./query.ts";
import { type FeedTimes, RunFeed } from "./run_feed.ts";
import type { RunLibrary } from "./run_library.ts";

/** What these routes work with. */
export interface RunRoutesOptions {
  runs: RunLibrary;
  feedTimes?: FeedTimes;
  /** Ends the live streams. */
  signal?: AbortSignal;
}

/** The routes of runs. */
export function runRoutes({ runs, feedTimes, signal }: RunRoutesOptions): Hono {
  const feeds = new Map<string, RunFeed>();
  signal?.addEventListener("abort", () => feeds.forEach((feed) => feed.close()), { once: true });

  return new Hono()
    .get("/", async (c) => c.json(await runs.list()))
    .get("/:run", async (c) => c.json(await runs.detail(c.req.param("run"))))
    .get("/:run/series", async (c) => {
      const names = (c.req.queries("name") ?? []).slice(0, 100);
      const maxPoints = wholeNumber(c.req.query("maxPoints"), "maxPoints", {
        fallback: 1500,
        min: 5,
        max: 20_000,
      });
      return c.json(await runs.series(c.req.param("run"), names, maxPoints));
    })
    .get("/:run/events", async (c) => {
      const folder = await runs.folder(c.req.param("run"));
      // After a lost connection the browser repeats the address and adds the last id it saw.
      const cursor = wholeNumber(c.req.header("last-event-id") ?? c.req.query("cursor"), "cursor", {
        fallback: 0,
      });
      const feed = feeds.get(folder) ?? new RunFeed(folder, feedTimes);
      feeds.set(folder, feed);
      return new Response(await feed.watch(cursor), { headers: { "content-type": "text/event-stream" } });
    })
    .get("/:run/evaluations", async (c) => c.json(await runs.evaluations(c.req.param("run"))))
    .get(
      "/:run/evaluations/:evaluation/map",
      async (c) => c.json(await runs.embeddingMap(c.req.param("run"), c.req.param("evaluation"))),
    );
}
