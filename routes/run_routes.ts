/**
 * Routes under `/api/runs`: the runs, their metrics, their live events and their evaluations.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import type { Session } from "./access.ts";
import { type Annotations, noAnnotation } from "./annotations.ts";
import { readBody } from "./body.ts";
import { Refusal } from "./guard.ts";
import { wholeNumber } from "./query.ts";
import { type FeedTimes, RunFeed } from "./run_feed.ts";
import type { RunLibrary } from "./run_library.ts";
import type { AnnotationChange, RunRemoval } from "./wire/runs.ts";

/** The most runs in one file beside the one that is asked for. */
const mostBeside = 50;

/** What these routes work with. */
export interface RunRoutesOptions {
  runs: RunLibrary;
  annotations: Annotations;
  feedTimes?: FeedTimes;
  /** Ends the live streams. */
  signal?: AbortSignal;
}

/** The routes of runs. */
export function runRoutes(
  { runs, annotations, feedTimes, signal }: RunRoutesOptions,
) {
  const feeds = new Map<string, RunFeed>();
  signal?.addEventListener("abort", () => feeds.forEach((feed) => feed.close()), { once: true });

  return new Hono<{ Variables: { session: Session } }>()
    .get("/", async (c) => c.json(await runs.list(c.req.query("metric") ?? "", await annotations.ofRuns())))
    .get("/:run", async (c) => {
      const name = c.req.param("run");
      return c.json(await runs.detail(name, (await annotations.ofRuns()).get(name) ?? noAnnotation));
    })
    .patch("/:run/annotation", async (c) => {
      const name = c.req.param("run");
      await runs.folder(name);
      return c.json(await annotations.annotate(name, await readBody<AnnotationChange>(c)));
    })
    .delete("/:run", async (c) => {
      const { name } = await readBody<Partial<RunRemoval>>(c);
      if (name !== c.req.param("run")) throw new Refusal(400, "The name must be that of the run.");
      await runs.removeToTrash(name);
      return c.body(null, 204);
    })
    .get("/:run/series", async (c) => {
      const maxPoints = wholeNumber(c.req.query("maxPoints"), "maxPoints", {
        fallback: 1500,
        min: 5,
        max: 20_000,
      });
      const question = {
        names: namesOf(c),
        fromStep: wholeNumber(c.req.query("from"), "from", { fallback: 0 }),
        toStep: wholeNumber(c.req.query("to"), "to", { fallback: Number.MAX_SAFE_INTEGER - 1 }),
        maxPoints,
      };
      return c.json(await runs.series(c.req.param("run"), question));
    })
    .get("/:run/series.csv", async (c) => {
      const [run, names] = [c.req.param("run"), namesOf(c)];
      const beside = (c.req.queries("beside") ?? []).slice(0, mostBeside);
      if (beside.length > 0 && names.length !== 1) {
        throw new Refusal(400, "Runs can be put beside each other for one metric, given as name.");
      }
      const body = beside.length > 0
        ? await runs.comparedCsv([run, ...beside], names[0])
        : await runs.seriesCsv(run, names);
      return new Response(body, {
        headers: {
          "content-type": "text/csv; charset=utf-8",
          "content-disposition": 'attachment; filename="series.csv"',
        },
      });
    })
    .get("/:run/events", async (c) => {
      const folder = await runs.folder(c.req.param("run"));
      // After a lost connection the browser repeats the address and adds the last id it saw.
      const cursor = wholeNumber(c.req.header("last-event-id") ?? c.req.query("cursor"), "cursor", {
        fallback: 0,
      });
      const feed = feeds.get(folder) ?? new RunFeed(folder, feedTimes);
      feeds.set(folder, feed);
      return new Response(await feed.watch(cursor, c.get("session").signal), {
        headers: { "content-type": "text/event-stream" },
      });
    })
    .get("/:run/evaluations", async (c) => c.json(await runs.evaluations(c.req.param("run"))));
}

function namesOf(c: Context): string[] {
  return (c.req.queries("name") ?? []).slice(0, 100);
}
