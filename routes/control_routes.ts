/**
 * Routes under `/api/control`: starting, stopping, continuing and evaluating runs, for operators.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import type { Session } from "./access.ts";
import { readBody } from "./body.ts";
import type { Control } from "./control.ts";
import { Refusal } from "./guard.ts";
import type { JobFacts } from "./jobs.ts";
import { wholeNumber } from "./query.ts";
import type { RunLibrary } from "./run_library.ts";
import { devices, presetSettings, startProblems, startRequestOf } from "./start_check.ts";
import type { Confirmed, ControlWire, EvaluateRequest, JobWire } from "./wire/control.ts";

type Env = { Variables: { session: Session } };
type Body = Record<string, unknown>;

/** The routes of control. @param control Null where the server was not asked to start anything. */
export function controlRoutes(control: Control | null, runs: RunLibrary): Hono<Env> {
  if (control !== null) return openControlRoutes(control, runs);
  return new Hono<Env>().all("/*", () => {
    throw new Refusal(403, "This dashboard starts nothing; serve --allow-control does.");
  });
}

/** The routes of control where the server was asked to start something. */
export function openControlRoutes(control: Control, runs: RunLibrary) {
  const presets = presetSettings();
  const told = async (job: JobFacts): Promise<JobWire> => ({ ...job, hasRun: await runs.has(job.run) });
  const job = () => control.job && told(control.job);
  return new Hono<Env>()
    .use(async (c, next) => {
      if (c.get("session").role !== "operator") throw new Refusal(403, "Only an operator controls runs.");
      await next();
    })
    .get("/", async (c) => {
      const datasets = await control.places.datasets();
      const answer: ControlWire = { datasets, presets, devices: [...devices], job: await job() };
      return c.json(answer);
    })
    .get("/job", async (c) => c.json(await job()))
    .get("/settings", async (c) => c.json(await control.settingsOf(c.req.query("run") ?? "", runs)))
    .get("/log", async (c) => {
      const limit = wholeNumber(c.req.query("limit"), "limit", { fallback: 50, min: 1, max: 500 });
      return c.json(await control.log.newest(limit));
    })
    .post(
      "/check",
      async (c) => c.json(await startProblems(startRequestOf(await readBody<Body>(c)), control.places)),
    )
    .post("/start", async (c) => {
      const body = await readBody<Body>(c);
      const request = startRequestOf(body);
      requireConfirmation(body, request.run);
      const started = await control.start(c.get("session").role, request);
      return Array.isArray(started) ? c.json(started, 400) : c.json(await told(started), 202);
    })
    .post("/continue", async (c) => {
      const { run } = await confirmedRun(c, runs);
      return c.json(await told(await control.continue(c.get("session").role, run, runs)), 202);
    })
    .post("/evaluate", async (c) => {
      const { run, body } = await confirmedRun(c, runs);
      const request: EvaluateRequest = {
        run,
        split: oneOf(body.split, "split", ["validation", "test"]),
        checkpoint: oneOf(body.checkpoint, "checkpoint", ["best", "newest"]),
      };
      return c.json(await told(await control.evaluate(c.get("session").role, request, runs)), 202);
    })
    .post("/stop", async (c) => {
      const { run } = await confirmedRun(c);
      return c.json(await told(await control.stop(c.get("session").role, run)), 202);
    });
}

/** The run that is asked for. A run that is being made may have no folder yet: it can be stopped. */
async function confirmedRun(c: Context, runs?: RunLibrary): Promise<{ run: string; body: Body }> {
  const body = await readBody<Body>(c);
  if (typeof body.run !== "string") throw new Refusal(400, "run must be a text.");
  await runs?.folder(body.run);
  requireConfirmation(body, body.run);
  return { run: body.run, body };
}

function requireConfirmation({ confirm }: Partial<Confirmed>, run: string): void {
  if (confirm !== run) throw new Refusal(400, "confirm must be the name of the run.");
}

function oneOf<T extends string>(value: unknown, name: string, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw new Refusal(400, `${name} must be one of ${known.join(", ")}.`);
  return found;
}
