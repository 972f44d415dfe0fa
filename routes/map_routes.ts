/**
 * Routes under `/api/runs/:run/evaluations/:evaluation/map`: the embeddings of an evaluation in the plane.
 *
 * @module
 */

import { Hono } from "hono";
import type { Session } from "./access.ts";
import { Refusal } from "./guard.ts";
import type { MapLibrary } from "./map_library.ts";

/** The routes of maps; mount them where the path has a `:run` and an `:evaluation`. */
export function mapRoutes(maps: MapLibrary) {
  return new Hono<{ Variables: { session: Session } }>()
    .get(
      "/",
      async (c) => c.json(await maps.windows(c.req.param("run") ?? "", c.req.param("evaluation") ?? "")),
    )
    .get("/places", async (c) => {
      const method = (["pca", "umap"] as const).find((one) => one === (c.req.query("method") ?? "pca"));
      if (!method) throw new Refusal(400, "method must be pca or umap.");
      const { signal } = c.get("session");
      const lines = await maps.places(c.req.param("run") ?? "", c.req.param("evaluation") ?? "", {
        method,
        signal,
      });
      return new Response(lines, { headers: { "content-type": "application/x-ndjson" } });
    });
}
