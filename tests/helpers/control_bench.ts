/** The dashboard as `serve --allow-control` runs it: real processes that train on narrated phantoms. */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { resolvePrepareConfig } from "../../lib/config.ts";
import { prepareDataset } from "../../lib/data/prepare.ts";
import { generatePhantom } from "../../lib/phantom/phantom.ts";
import type { ControlLogEntry, JobWire, StartRequest } from "../../routes/wire/control.ts";
import type { RunDetail } from "../../routes/wire/runs.ts";
import type { SessionWire } from "../../routes/wire/session.ts";
import { freePort } from "./free_port.ts";

const script = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "run");

export interface ControlBench {
  root: string;
  url: string;
  server: Deno.ChildProcess;
  json: <T>(path: string) => Promise<T>;
  /** Asks for something, confirmed; the answer must be 202. */
  act: (action: string, run: string, body?: object) => Promise<JobWire>;
  start: (run: string, settings?: string[]) => Promise<JobWire>;
  detail: (run: string) => Promise<RunDetail>;
  /** Waits until a run is as it should be. */
  until: (run: string, what: string, check: (detail: RunDetail) => boolean) => Promise<RunDetail>;
  /** Waits until what was at work has ended. */
  ended: () => Promise<JobWire>;
  log: () => Promise<ControlLogEntry[]>;
}

/** Makes a dataset of small scans in `root`/data/fetal. */
export async function makeDataset(root: string): Promise<void> {
  const scans = { subjects: 6, secondsPerScan: 16, frameRate: 8, frameSize: [96, 128] } as const;
  for await (const { unit } of generatePhantom(`${root}/scans`, scans)) assert.equal(unit, "frames");
  await Deno.mkdir(`${root}/data`);
  const events = prepareDataset([`${root}/scans/manifest.csv`], `${root}/data/fetal`, resolvePrepareConfig());
  for await (const event of events) assert.notEqual(event.kind, "quarantined");
}

/** Asks again and again; ten minutes are for a machine that is busy with other things. */
export async function eventually<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  for (const began = performance.now(); performance.now() - began < 600_000;) {
    const found = await look();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`expected: ${what}`);
}

/** Serves `root`/runs and lets the test control them; at the end nothing that was started is left. */
export async function withControlServer(
  root: string,
  test: (bench: ControlBench) => Promise<void>,
  runs = `${root}/runs`,
): Promise<void> {
  const port = freePort();
  const args = ["serve", "--runs", runs, "--data", `${root}/data`, "--allow-control", "--port", String(port)];
  const server = new Deno.Command(script, { args, cwd: root, stdout: "piped", stderr: "null" }).spawn();
  const output = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    assert.match((await output.read()).value ?? "", /dashboard at/);
    await test(benchOf(root, `http://127.0.0.1:${port}`, server));
  } finally {
    const left = childrenOf(server.pid);
    try {
      server.kill("SIGTERM");
    } catch {
      // The test ended it.
    }
    await server.status;
    await output.cancel();
    for (const pid of left) {
      await eventually(`process ${pid} has ended`, () => Promise.resolve(isAlive(pid) ? null : true));
    }
  }
}

function benchOf(root: string, url: string, server: Deno.ChildProcess): ControlBench {
  const json = async <T>(path: string) => await (await fetch(`${url}/${path}`)).json() as T;
  const act: ControlBench["act"] = async (action, run, body = {}) => {
    const { csrfToken } = await json<SessionWire>("api/session");
    const response = await fetch(`${url}/api/control/${action}`, {
      method: "POST",
      headers: { origin: url, "content-type": "application/json", "x-csrf-token": csrfToken! },
      body: JSON.stringify({ ...body, run, confirm: run }),
    });
    const text = await response.text();
    assert.equal(response.status, 202, text);
    return JSON.parse(text);
  };
  const detail = (run: string) => json<RunDetail>(`api/runs/${run}`);
  return {
    root,
    url,
    server,
    json,
    act,
    detail,
    start: (run, settings = []) => act("start", run, startRequest(settings)),
    until: (run, what, check) =>
      eventually(`${run}: ${what}`, async () => {
        const found = await detail(run);
        return "name" in found && check(found) ? found : null;
      }),
    ended: () =>
      eventually("the job has ended", async () => {
        const job = await json<JobWire>("api/control/job");
        return job.state === "ended" ? job : null;
      }),
    log: () => json("api/control/log"),
  };
}

/** A run that goes on for as long as a test wants, with a checkpoint after every epoch. */
export const longRun = ["training.epochs=5000", "data.batchSize=4", "training.logEverySteps=1"];

function startRequest(settings: string[]): Omit<StartRequest, "run"> {
  const all = [...longRun, ...settings];
  return { dataset: "fetal", preset: "tiny", device: "wasm", settings: all, skipGates: true };
}

/** Processes that a process has started. */
export function childrenOf(pid: number): number[] {
  const pids = [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter(Number.isInteger);
  return pids.filter((one) => parentOf(one) === pid);
}

function parentOf(pid: number): number | null {
  try {
    const [state, parent] = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ").at(-1)!.split(" ");
    return state === "Z" ? null : Number(parent);
  } catch {
    return null;
  }
}

/** Whether a process has not ended. */
export function isAlive(pid: number): boolean {
  return parentOf(pid) !== null;
}
