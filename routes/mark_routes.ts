/**
 * Routes under `/api/runs/:run/marks`: what people who listened say of the windows' speech.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import type { Annotations } from "./annotations.ts";
import { readBody } from "./body.ts";
import type { DatasetLibrary } from "./dataset_library.ts";
import { findWindow } from "./dataset_routes.ts";
import { Refusal } from "./guard.ts";
import type { RunLibrary } from "./run_library.ts";
import { csvField } from "./series_csv.ts";
import type { MarkChange, MarkWire } from "./wire/pace.ts";

/** The routes of marks; mount them where the path has a `:run`. */
export function markRoutes(annotations: Annotations, runs: RunLibrary, datasets: DatasetLibrary) {
  const datasetId = async (c: Context) => {
    const { datasetId } = await runs.record(c.req.param("run") ?? "");
    if (datasetId === undefined) throw new Refusal(404, "The run does not say what its dataset is.");
    return datasetId;
  };
  const marksOf = async (c: Context): Promise<MarkWire[]> => {
    const marks = await annotations.marksOf(await datasetId(c));
    return [...marks].map(([windowId, mark]) => ({ windowId, ...mark })).sort((a, b) =>
      a.windowId - b.windowId
    );
  };

  return new Hono()
    .get("/", async (c) => c.json(await marksOf(c)))
    .get("/marks.csv", async (c) => {
      const lines = (await marksOf(c)).map(({ windowId, scanId, startSeconds, mark, markedAt }) =>
        [String(windowId), scanId, String(startSeconds), mark, markedAt].map(csvField).join(",")
      );
      const text = ["window,scan,start_seconds,mark,marked_at", ...lines].join("\r\n") + "\r\n";
      return new Response(text, {
        headers: {
          "content-type": "text/csv; charset=utf-8",
          "content-disposition": 'attachment; filename="marks.csv"',
        },
      });
    })
    .put("/:window", async (c) => {
      const dataset = await datasets.ofRun(c.req.param("run") ?? "");
      const window = findWindow(dataset, c.req.param("window"));
      const { mark } = await readBody<Partial<MarkChange>>(c);
      const stored = await annotations.mark(await datasetId(c), window, mark);
      return c.json(stored && { windowId: window.id, ...stored });
    });
}
