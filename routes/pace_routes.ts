/**
 * Routes under `/api/runs/:run/pace`: which windows were let in at which epoch, and why.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import type { DatasetLibrary, DatasetSource } from "./dataset_library.ts";
import { windowsToWire } from "./dataset_wire.ts";
import type { PaceEpoch, PaceLibrary } from "./pace_library.ts";
import { wholeNumber } from "./query.ts";
import type { PacedWindowWire, PaceScanWire, PaceWindowsPage } from "./wire/pace.ts";

/** The routes of a run's pace; mount them where the path has a `:run`. */
export function paceRoutes(paces: PaceLibrary, datasets: DatasetLibrary) {
  const asked = async (c: Context) => {
    const run = c.req.param("run") ?? "";
    const epoch = wholeNumber(c.req.param("epoch"), "The epoch", { fallback: 0 });
    return { scores: await paces.epoch(run, epoch), dataset: await datasets.ofRun(run) };
  };
  return new Hono()
    .get("/", async (c) => c.json(await paces.epochs(c.req.param("run") ?? "")))
    .get("/:epoch/scans", async (c) => {
      const { scores, dataset } = await asked(c);
      return c.json(scansOf(pacedWindows(scores, dataset)));
    })
    .get("/:epoch/windows", async (c) => {
      const { scores, dataset } = await asked(c);
      return c.json(pageOf(pacedWindows(scores, dataset), c));
    });
}

/** The windows of an epoch that the dataset still has. */
function pacedWindows(scores: PaceEpoch, dataset: DatasetSource): PacedWindowWire[] {
  const byId = new Map(windowsToWire(dataset, dataset.windows()).map((window) => [window.id, window]));
  return scores.windowIds.flatMap((id, i) => {
    const window = byId.get(id);
    if (!window) return [];
    const affinity = Number.isNaN(scores.affinity[i]) ? null : scores.affinity[i];
    return [{ window, affinity, leastAffinity: scores.leastAffinity[i], weight: scores.weight[i] }];
  });
}

function scansOf(windows: readonly PacedWindowWire[]): PaceScanWire[] {
  return [...Map.groupBy(windows, ({ window }) => window.scanId)].map(([scanId, own]) => {
    const known = own.flatMap(({ affinity }) => affinity ?? []);
    return {
      scanId,
      subject: own[0].window.subject,
      windows: own.length,
      admitted: own.filter(({ weight }) => weight > 0).length,
      meanAffinity: known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length,
    };
  });
}

function pageOf(windows: readonly PacedWindowWire[], c: Context): PaceWindowsPage {
  const offset = wholeNumber(c.req.query("offset"), "offset", { fallback: 0 });
  const limit = wholeNumber(c.req.query("limit"), "limit", { fallback: 12, min: 1, max: 5000 });
  const [admitted, scan] = [c.req.query("admitted"), c.req.query("scan")];
  const sign = c.req.query("order") === "high" ? -1 : 1;
  const chosen = windows.filter(({ window, weight }) =>
    (admitted === undefined || (admitted === "1") === (weight > 0)) &&
    (scan === undefined || window.scanId === scan)
  );
  // Windows that were never seen come last either way.
  const rank = ({ affinity }: PacedWindowWire) => affinity === null ? Infinity : sign * affinity;
  chosen.sort((a, b) => {
    const difference = rank(a) - rank(b);
    return Number.isNaN(difference) || difference === 0 ? a.window.id - b.window.id : difference;
  });
  return { total: chosen.length, offset, windows: chosen.slice(offset, offset + limit) };
}
