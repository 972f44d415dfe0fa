/**
 * Routes under `/api/results`: reports of comparisons, and the newest evaluations of runs.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import { renderReport } from "../mod.ts";
import { Refusal } from "./guard.ts";
import { wholeNumber } from "./query.ts";
import { answeredWindows, reportDetail, saliencyWire } from "./report_wire.ts";
import { newestEvaluations, type ResultsLibrary } from "./results_library.ts";
import type { RunLibrary } from "./run_library.ts";
import type { AnsweredWindowsPage, ReportDetailWire, ResultsAnswer } from "./wire/results.ts";

/** The report's page needs its own style and pictures inside it, and no script at all. */
const reportPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";

/** The routes of results. */
export function resultsRoutes(results: ResultsLibrary, runs: RunLibrary) {
  return new Hono()
    .get("/", async (c) => {
      const names = (await runs.list("", new Map())).runs.map(({ name }) => name);
      const answer: ResultsAnswer = {
        reports: await results.list(),
        evaluations: await newestEvaluations(runs, names),
      };
      return c.json(answer);
    })
    .get("/:report", async (c) => c.json(await detailOf(results, c.req.param("report"))))
    .get("/:report/saliency", async (c) => {
      const report = await results.report(c.req.param("report"));
      return c.json(readable(() => saliencyWire(report)));
    })
    .get("/:report/windows", async (c) => c.json(await windowsOf(results, c.req.param("report"), c)))
    .get("/:report/report.html", async (c) => {
      const report = await results.report(c.req.param("report"));
      return new Response(readable(() => renderReport(report)), {
        headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": reportPolicy },
      });
    });
}

async function detailOf(results: ResultsLibrary, name: string): Promise<ReportDetailWire> {
  const report = await results.report(name);
  const detail = readable(() => reportDetail(name, report));
  const hasAnswers = await results.answers(name) !== null;
  const source = hasAnswers ? await results.dataset(name).catch(() => null) : null;
  const config = source?.config;
  return {
    ...detail,
    windowsProblem: hasAnswers
      ? null
      : "This report was made without its windows' answers. The same command, given again, adds them without " +
        "computing anything anew.",
    dataset: config
      ? {
        windowSeconds: config.windowSeconds,
        framesPerWindow: config.framesPerWindow,
        frameSize: [...config.frameSize],
      }
      : null,
  };
}

async function windowsOf(results: ResultsLibrary, name: string, c: Context): Promise<AnsweredWindowsPage> {
  const answers = await results.answers(name);
  if (!answers) throw new Refusal(404, "There are no answers of this report's windows.");
  const row = c.req.query("row") ?? "";
  const own = answers.trainings.filter((training) => training.row === row);
  if (own.length === 0) throw new Refusal(404, "There are no answers of this row.");
  const max = answers.classes.length - 1;
  const asked = (key: string) => wholeNumber(c.req.query(key), key, { fallback: 0, max });
  const offset = wholeNumber(c.req.query("offset"), "offset", { fallback: 0 });
  const limit = wholeNumber(c.req.query("limit"), "limit", { fallback: 12, min: 1, max: 200 });
  const found = answeredWindows(answers, { row, truth: asked("truth"), answer: asked("answer") });
  return {
    total: found.length,
    answers: found.reduce((sum, { seeds }) => sum + seeds.length, 0),
    seeds: own.length,
    offset,
    windows: found.slice(offset, offset + limit),
  };
}

/** A report that somebody else wrote may have the version and not the form. */
function readable<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new Refusal(503, "The report cannot be read.");
  }
}
