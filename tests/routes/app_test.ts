import assert from "node:assert/strict";
import { decode } from "fast-png";
import type { Hono } from "hono";
import { createApp } from "../../routes/app.ts";
import type {
  DatasetWire,
  EmbeddingMapWire,
  EvaluationWire,
  Problem,
  QuarantineWire,
  RunDetail,
  RunSummary,
  SeriesAnswer,
  WindowsPage,
} from "../../routes/api.ts";
import { withoutPaths } from "../../routes/guard.ts";
import { fakeDataset, type FakeRun, makeFakeRun } from "../helpers/fake_run.ts";

const host = "127.0.0.1:8000";

interface Bench {
  app: Hono;
  run: FakeRun;
  logged: string[];
  ask: (path: string, headers?: Record<string, string>) => Promise<Response>;
  json: <T>(path: string) => Promise<T>;
}

async function withApp(test: (bench: Bench) => Promise<void>): Promise<void> {
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
    });
    const ask = async (path: string, headers: Record<string, string> = {}) =>
      await app.request(path, { headers: { host, ...headers } });
    const json = async <T>(path: string) => {
      const response = await ask(path);
      assert.equal(response.status, 200, path);
      return await response.json() as T;
    };
    await test({ app, run, logged, ask, json });
  } finally {
    ending.abort();
    await Deno.remove(root, { recursive: true });
  }
  assert.equal(opened, 0, "every opened dataset is closed at the end");
}

async function assertProblem(response: Response, status: number): Promise<Problem> {
  assert.equal(response.status, status);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  assert.equal(response.headers.get("cache-control"), "no-store");
  const problem = await response.json() as Problem;
  assert.equal(problem.status, status);
  assert.ok(!/[\\/]\w/.test(problem.detail ?? ""), `no path in ${problem.detail}`);
  return problem;
}

Deno.test("createApp() lists the runs and describes one", () =>
  withApp(async ({ json, run }) => {
    await Deno.mkdir(`${run.runsDirectory}/not-a-run`);
    const runs = await json<RunSummary[]>("/api/runs");
    assert.deepEqual(runs.map((r) => [r.name, r.preset, r.step, r.totalSteps]), [["r1", "tiny", 240, 400]]);
    const detail = await json<RunDetail>("/api/runs/r1");
    assert.equal(detail.state, "running");
    assert.equal(detail.started?.chance["loss.contrastive"], Math.log(32));
    assert.equal(detail.hasDataset, true);
    assert.ok(!JSON.stringify(detail).includes(run.datasetPath));
  }));

Deno.test("createApp() answers series with their cursor, missing values as null", () =>
  withApp(async ({ json, ask }) => {
    const answer = await json<SeriesAnswer>("/api/runs/r1/series?name=loss.order&name=unknown");
    assert.equal(answer.series["loss.order"].steps.length, 240);
    assert.equal(answer.series["loss.order"].values[76], null);
    assert.deepEqual(answer.series.unknown, { steps: [], values: [] });
    assert.equal(answer.cursor, 1 + 240 + 6);
    const all = await json<SeriesAnswer>("/api/runs/r1/series?maxPoints=50");
    assert.ok("learningRate" in all.series && all.series["loss.total"].steps.length <= 50);
    await assertProblem(await ask("/api/runs/r1/series?maxPoints=-1"), 400);
    await assertProblem(await ask("/api/runs/r1/series?maxPoints=1e3"), 400);
  }));

Deno.test("createApp() answers evaluations by step and their embedding maps", () =>
  withApp(async ({ json, ask, run }) => {
    await Deno.mkdir(`${run.folder}/evaluations/validation-999`);
    const evaluations = await json<EvaluationWire[]>("/api/runs/r1/evaluations");
    assert.deepEqual(evaluations.map((e) => e.step), [40, 80, 120, 160, 200, 240]);
    assert.ok(evaluations.every((e) => e.hasMap && e.windows === 60));
    const map = await json<EmbeddingMapWire>(`/api/runs/r1/evaluations/${evaluations[5].folder}/map`);
    assert.equal(map.points.length, 60);
    assert.ok(!JSON.stringify(map).includes("anna"), "names of subjects stay on the machine");
    await assertProblem(await ask("/api/runs/r1/evaluations/none/map"), 404);
  }));

Deno.test("createApp() describes the dataset, pages its windows and groups what was quarantined", () =>
  withApp(async ({ json, ask }) => {
    const dataset = await json<DatasetWire>("/api/runs/r1/dataset");
    assert.deepEqual([dataset.windows, dataset.scans.length, dataset.quarantined], [140, 7, 3]);
    assert.deepEqual(dataset.scans.map((scan) => [scan.subject, scan.windows])[6], [7, 20]);
    const page = await json<WindowsPage>(
      "/api/runs/r1/dataset/windows?split=validation&scan=scan4&offset=15&limit=10",
    );
    assert.deepEqual([page.total, page.windows.length], [20, 5]);
    assert.ok(page.windows.every((w) => w.scanId === "scan4" && w.subject === 5 && w.split === "validation"));
    assert.ok(!JSON.stringify([dataset, page]).includes("anna"), "names of subjects stay on the machine");
    const window = await json<{ id: number }>("/api/runs/r1/dataset/windows/4003");
    assert.equal(window.id, 4003);
    const quarantine = await json<QuarantineWire[]>("/api/runs/r1/dataset/quarantine");
    assert.deepEqual(quarantine, [
      { reason: "no audio", detail: "it holds no sound", files: 2 },
      { reason: "corrupt", detail: "… ends early, see …", files: 1 },
    ]);
    await assertProblem(await ask("/api/runs/r1/dataset/windows/none"), 404);
    await assertProblem(await ask("/api/runs/r1/dataset/windows?limit=100000"), 400);
  }));

Deno.test("createApp() draws a window's frame, strip and spectrogram as PNG", () =>
  withApp(async ({ ask }) => {
    const picture = async (name: string) => {
      const response = await ask(`/api/runs/r1/dataset/windows/2001/${name}`);
      assert.equal(response.headers.get("content-type"), "image/png");
      return decode(await response.arrayBuffer());
    };
    const [frame, strip, spectrogram] = [
      await picture("frame.png?index=2"),
      await picture("strip.png"),
      await picture("spectrogram.png"),
    ];
    const stored = fakeDataset().readFrames("scan2", 8 + 2, 1);
    assert.deepEqual([frame.width, frame.height, frame.channels], [64, 64, 1]);
    assert.deepEqual([...frame.data], [...stored]);
    assert.deepEqual([strip.width, strip.height], [512, 64]);
    const third = Array.from({ length: 64 }, (_, y) => [...strip.data.slice(y * 512 + 128, y * 512 + 192)])
      .flat();
    assert.deepEqual(third, [...fakeDataset().readFrames("scan2", 8, 8).subarray(2 * 64 * 64, 3 * 64 * 64)]);
    assert.deepEqual([spectrogram.width, spectrogram.height, spectrogram.channels], [200, 64, 3]);
    await assertProblem(await ask("/api/runs/r1/dataset/windows/2001/frame.png?index=8"), 400);
  }));

Deno.test("createApp() serves a window's speech and honours Range", () =>
  withApp(async ({ ask }) => {
    const path = "/api/runs/r1/dataset/windows/0/speech.wav";
    const whole = await (await ask(path)).bytes();
    assert.equal(whole.length, 44 + 2 * 48_000);
    assert.equal(new TextDecoder().decode(whole.slice(0, 4)), "RIFF");
    assert.equal(new DataView(whole.buffer).getUint32(24, true), 24_000);
    const part = await ask(path, { range: "bytes=40-99" });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get("content-range"), `bytes 40-99/${whole.length}`);
    assert.deepEqual(await part.bytes(), whole.slice(40, 100));
    const tail = await ask(path, { range: "bytes=-10" });
    assert.deepEqual(await tail.bytes(), whole.slice(-10));
    await assertProblem(await ask(path, { range: `bytes=${whole.length}-` }), 416);
  }));

Deno.test("createApp() refuses a foreign Host, a foreign Origin, a foreign page and writing", () =>
  withApp(async ({ app, ask }) => {
    await assertProblem(await app.request("/api/runs", { headers: { host: "evil.example" } }), 403);
    await assertProblem(await app.request("/api/runs", { headers: { host: "127.0.0.1:9999" } }), 403);
    await assertProblem(await app.request("http://evil.example/"), 403);
    await assertProblem(await ask("/api/runs", { origin: "http://evil.example" }), 403);
    await assertProblem(await ask("/api/runs", { origin: "null" }), 403);
    await assertProblem(await ask("/api/runs", { origin: `https://${host}` }), 403);
    await assertProblem(await ask("/api/runs", { "sec-fetch-site": "cross-site" }), 403);
    await assertProblem(await app.request("/api/runs", { method: "POST", headers: { host } }), 405);
    const own = await ask("/api/runs", { origin: `http://${host}`, "sec-fetch-site": "same-origin" });
    assert.equal(own.status, 200);
    await own.body?.cancel();
  }));

Deno.test("createApp() refuses unknown runs and names that are paths", () =>
  withApp(async ({ ask }) => {
    for (const name of ["none", "..", "%2e%2e", "..%2fdataset", ".%2fr1", "r1%2f..%2fr1", "r1%00", "-r1"]) {
      await assertProblem(await ask(`/api/runs/${name}`), 404);
      await assertProblem(await ask(`/api/runs/${name}/events`), 404);
    }
    for (const name of ["..", "..%2fvalidation-40", "..%2f..%2fr1%2fevaluations%2fvalidation-40"]) {
      await assertProblem(await ask(`/api/runs/r1/evaluations/${name}/map`), 404);
    }
    for (
      const path of [
        "/secret.txt",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/constructor",
      ]
    ) {
      await assertProblem(await ask(path), 404);
    }
  }));

Deno.test("createApp() sends a strict policy, nosniff and no-store with every answer", () =>
  withApp(async ({ ask }) => {
    for (const path of ["/", "/api/runs", "/api/runs/none", "/app.js"]) {
      const response = await ask(path);
      await response.body?.cancel();
      const policy = response.headers.get("content-security-policy") ?? "";
      assert.ok(policy.includes("default-src 'self'") && !policy.includes("unsafe"), path);
      assert.equal(response.headers.get("x-content-type-options"), "nosniff", path);
      if (path.startsWith("/api")) assert.equal(response.headers.get("cache-control"), "no-store", path);
    }
  }));

Deno.test("createApp() keeps what went wrong inside to its log", () =>
  withApp(async ({ ask, run, logged }) => {
    await Deno.writeTextFile(`${run.folder}/run.json`, "{ broken");
    const problem = await assertProblem(await ask("/api/runs/r1"), 500);
    assert.ok(!problem.detail?.includes("broken") && logged.length === 1);
    const rest = await ask("/api/runs");
    assert.deepEqual(await rest.json(), [], "a broken run does not hide the others");
  }));

Deno.test("withoutPaths() removes paths with blanks, drives and folders, and leaves other sentences", () => {
  assert.equal(withoutPaths("cannot decode /data/anna smith/scan.mp4 at 3 s"), "cannot decode …");
  assert.equal(withoutPaths("cannot decode C:\\anna\\scan.mp4"), "cannot decode …");
  assert.equal(withoutPaths("file:/data/a.mp4: broken"), "…");
  assert.equal(withoutPaths("anna/scan.mp4 has no audio"), "… has no audio");
  assert.equal(withoutPaths("4 of 16/24 samples and/or frames"), "4 of 16/24 samples and/or frames");
});
