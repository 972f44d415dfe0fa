import assert from "node:assert/strict";
import { SonospeechError } from "../../mod.ts";
import { startDashboardWorker } from "../../routes/dashboard_worker.ts";
import { serveDashboard } from "../../routes/serve.ts";
import { makeFakeRun } from "../helpers/fake_run.ts";

async function withRoot(test: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/static`);
    await Deno.writeTextFile(`${root}/static/index.html`, "<!doctype html><title>t</title>");
    makeFakeRun(root, { steps: 3 });
    await test(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const optionsOf = (root: string) => ({
  runsDirectory: `${root}/runs`,
  staticDirectory: `${root}/static`,
  port: 0,
});

Deno.test("serveDashboard() answers under 127.0.0.1 and localhost, and close() ends open streams", () =>
  withRoot(async (root) => {
    const server = serveDashboard(optionsOf(root));
    const { port } = new URL(server.url);
    for (const host of ["127.0.0.1", "localhost"]) {
      const response = await fetch(`http://${host}:${port}/`);
      assert.equal(response.status, 200);
      await response.body?.cancel();
    }
    const events = await fetch(`${server.url}/api/runs/r1/events`);
    const reading = events.text();
    await server.close();
    assert.ok((await reading).includes("event: state"));
    await server.finished;
  }));

Deno.test("serveDashboard() refuses a port that is taken", () =>
  withRoot(async (root) => {
    const server = serveDashboard(optionsOf(root));
    const port = Number(new URL(server.url).port);
    assert.throws(
      () => serveDashboard({ ...optionsOf(root), port }),
      (error) => error instanceof SonospeechError && error.code === "environment",
    );
    await server.close();
  }));

Deno.test("startDashboardWorker() serves from a worker and tells why it cannot", () =>
  withRoot(async (root) => {
    const worker = await startDashboardWorker(optionsOf(root));
    const runs = await (await fetch(`${worker.url}/api/runs`)).json();
    assert.deepEqual(runs.map((run: { name: string }) => run.name), ["r1"]);
    const port = Number(new URL(worker.url).port);
    await assert.rejects(startDashboardWorker({ ...optionsOf(root), port }), /the port must be free/);
    await worker.close();
  }));

Deno.test("startDashboardWorker() keeps a worker's failure to its promise and its log", () =>
  withRoot(async (root) => {
    const workerUrl = new URL(
      `data:text/javascript,setTimeout(() => { throw new Error("broken worker"); }, 0)`,
    );
    const logged: string[] = [];
    const log = (message: string) => void logged.push(message);
    await assert.rejects(startDashboardWorker({ ...optionsOf(root), workerUrl, log }), /broken worker/);
    assert.equal(logged.length, 1);
  }));
