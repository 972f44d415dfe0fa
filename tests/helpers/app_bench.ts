/** The server's application on a fake run, asked without a socket. */

import { Refusal } from "../../routes/guard.ts";
import assert from "node:assert/strict";
import type { Hono } from "hono";
import { type AppOptions, createApp } from "../../routes/app.ts";
import type { Control } from "../../routes/control.ts";
import type { ControlLogEntry, JobWire } from "../../routes/wire/control.ts";
import type { Problem, SessionWire } from "../../routes/wire/session.ts";
import { fakeDataset, type FakeRun, makeFakeRun } from "./fake_run.ts";

export const host = "127.0.0.1:8000";

export interface Bench {
  app: Hono;
  run: FakeRun;
  logged: string[];
  ask: (path: string, headers?: Record<string, string>) => Promise<Response>;
  json: <T>(path: string) => Promise<T>;
  /** Sends JSON as a page of the server would, with the token of the session. */
  send: (method: string, path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>;
}

export async function withApp(
  test: (bench: Bench) => Promise<void>,
  { control, ...options }: Omit<Partial<AppOptions>, "control"> & { control?: (run: FakeRun) => Control } =
    {},
): Promise<void> {
  const root = await Deno.makeTempDir();
  const ending = new AbortController();
  const logged: string[] = [];
  let opened = 0;
  try {
    await Deno.mkdir(`${root}/static`);
    await Deno.writeTextFile(`${root}/static/index.html`, "<!doctype html><title>t</title>");
    await Deno.writeTextFile(`${root}/secret.txt`, "secret");
    const run = makeFakeRun(root);
    const app = createApp({
      runsDirectory: run.runsDirectory,
      allowedHosts: [host],
      staticDirectory: `${root}/static`,
      openDataset: () => (opened++, fakeDataset(() => opened--)),
      signal: ending.signal,
      log: (message) => logged.push(message),
      control: control?.(run),
      ...options,
    });
    const ask = async (path: string, headers: Record<string, string> = {}) =>
      await app.request(path, { headers: { host, ...headers } });
    const json = async <T>(path: string) => {
      const response = await ask(path);
      assert.equal(response.status, 200, path);
      return await response.json() as T;
    };
    const send: Bench["send"] = async (method, path, body, headers = {}) => {
      const session = await (await ask(`${options.basePath ?? ""}/api/session`, headers))
        .json() as SessionWire;
      const own = {
        host,
        origin: `http://${host}`,
        "content-type": "application/json",
        "x-csrf-token": session.csrfToken ?? "",
      };
      return await app.request(path, { method, body: JSON.stringify(body), headers: { ...own, ...headers } });
    };
    await test({ app, run, logged, ask, json, send });
  } finally {
    ending.abort();
    await Deno.remove(root, { recursive: true });
  }
  assert.equal(opened, 0, "every opened dataset is closed at the end");
}

/** Checks that an answer is a refusal in the form of RFC 9457 that names no path. */
export async function assertProblem(response: Response, status: number): Promise<Problem> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  assert.equal(response.headers.get("cache-control"), "no-store");
  const problem = JSON.parse(text) as Problem;
  assert.equal(problem.status, status);
  assert.ok(!/[\\/]\w/.test(problem.detail ?? ""), `no path in ${problem.detail}`);
  return problem;
}

/** Waits until the last job has ended and is logged. */
export async function jobEnded({ json }: Bench): Promise<JobWire> {
  for (let i = 0; i < 500; i++) {
    const job = await json<JobWire>("/api/control/job");
    const [newest] = await json<ControlLogEntry[]>("/api/control/log?limit=1");
    if (job.state === "ended" && newest.action === "ended") return job;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail("the job did not end");
}

/** The status that an act is refused with, or 200. */
export function statusOf(act: () => unknown): number {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof Refusal);
    return error.status;
  }
  return 200;
}
