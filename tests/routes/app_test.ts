import assert from "node:assert/strict";
import { dirname } from "node:path";
import { decode } from "fast-png";
import { MetricStore, type RecordableEvent } from "../../lib/records/metric_store.ts";
import { refusalOf, withoutPaths } from "../../routes/guard.ts";
import { csvField } from "../../routes/series_csv.ts";
import type { DatasetWire, QuarantineWire, WindowsPage } from "../../routes/wire/datasets.ts";
import type { EvaluationWire, RunDetail, RunsAnswer, SeriesAnswer } from "../../routes/wire/runs.ts";
import { assertProblem, host, withApp } from "../helpers/app_bench.ts";
import { fakeDataset, makeFakeRun } from "../helpers/fake_run.ts";

Deno.test("createApp() lists the runs and describes one", () =>
  withApp(async ({ json, run }) => {
    await Deno.mkdir(`${run.runsDirectory}/not-a-run`);
    const { runs, metricNames } = await json<RunsAnswer>("/api/runs");
    assert.deepEqual(runs.map((r) => [r.name, r.preset, r.step, r.totalSteps]), [["r1", "tiny", 240, 400]]);
    const { seed, device, datasetId, trainWindows, metric } = runs[0];
    assert.deepEqual([seed, device, datasetId, trainWindows, metric], [1, "wasm", "d", 640, null]);
    const seconds = runs[0].lastEventSeconds! - runs[0].firstEventSeconds!;
    assert.ok(Math.abs(seconds - (246 + 12) / 4) < 0.01, `${seconds}`);
    assert.ok(runs[0].lastStepSeconds! > runs[0].firstEventSeconds!);
    assert.ok(
      metricNames.includes("loss.total") && metricNames.includes("retrieval.videoToSpeech.recallAt1"),
    );
    const detail = await json<RunDetail>("/api/runs/r1");
    assert.equal(detail.state, "running");
    assert.equal(detail.started?.chance["loss.contrastive"], Math.log(32));
    assert.equal(detail.hasDataset, true);
    assert.ok(!JSON.stringify(detail).includes(run.datasetPath));
  }));

Deno.test("createApp() says what became of a metric, of evaluations without mixing splits", () =>
  withApp(async ({ json, run }) => {
    const statsOf = async (metric: string) =>
      (await json<RunsAnswer>(`/api/runs?${new URLSearchParams({ metric })}`)).runs[0].metric;
    const order = await statsOf("loss.order");
    assert.deepEqual([order?.last?.[0], order?.missing], [240, 1]);
    assert.deepEqual([order?.chance, order?.split], [Math.log(12), null]);
    assert.ok(order!.min![1] < order!.last![1] && order!.max![1] > 2);
    const name = "retrieval.videoToSpeech.recallAt1";
    const { last, max, chance } = (await statsOf(name))!;
    assert.deepEqual([last?.[0], max?.[0], chance], [240, 240, 1 / 60]);
    assert.equal((await statsOf("gradientNorm"))?.chance, null, "which has none");
    using store = MetricStore.open(`${run.folder}/metrics.sqlite`);
    store.append(
      { kind: "evaluation", step: 240, split: "test", metrics: { [name]: 0.99 } } as RecordableEvent,
    );
    store.flush();
    const { max: chosen, split } = (await statsOf(name))!;
    assert.ok(chosen![1] < 0.9, "the test split does not choose");
    assert.equal(split, "validation", "and the values are said to be those of the split that does");
    assert.equal(await statsOf("__proto__"), null);
    assert.equal(await statsOf("unknown"), null);
  }));

Deno.test("createApp() answers series with their cursor, missing values as null", () =>
  withApp(async ({ json, ask }) => {
    const answer = await json<SeriesAnswer>("/api/runs/r1/series?name=loss.order&name=unknown");
    assert.equal(answer.series["loss.order"].steps.length, 240);
    assert.equal(answer.series["loss.order"].values[76], null);
    assert.deepEqual(answer.series.unknown.steps, []);
    const times = answer.series["loss.order"].seconds;
    assert.ok(times.every((seconds, i) => i === 0 || seconds > times[i - 1]));
    assert.equal(answer.cursor, 1 + 240 + 6 + 12);
    const all = await json<SeriesAnswer>("/api/runs/r1/series?maxPoints=50");
    assert.ok("learningRate" in all.series && all.series["loss.total"].steps.length <= 50);
    const part = await json<SeriesAnswer>("/api/runs/r1/series?name=loss.total&from=100&to=119&maxPoints=50");
    assert.deepEqual(part.series["loss.total"].steps, Array.from({ length: 20 }, (_, i) => 100 + i));
    await assertProblem(await ask("/api/runs/r1/series?maxPoints=-1"), 400);
    await assertProblem(await ask("/api/runs/r1/series?from=1.5"), 400);
    await assertProblem(await ask("/api/runs/r1/series?maxPoints=1e3"), 400);
  }));

Deno.test("createApp() sends every value as CSV, whatever its name, with NaN where it was not finite", () =>
  withApp(async ({ ask, run }) => {
    using store = MetricStore.open(`${run.folder}/metrics.sqlite`);
    store.append({ kind: "step", step: 241, metrics: JSON.parse(`{ "__proto__": 1, "=cmd(),\\"x\\"": 2 }`) });
    store.flush();
    const names = ["loss.order", "__proto__", '=cmd(),"x"'];
    const response = await ask(
      `/api/runs/r1/series.csv?${new URLSearchParams(names.map((name) => ["name", name]))}`,
    );
    assert.equal(response.headers.get("content-type"), "text/csv; charset=utf-8");
    assert.match(response.headers.get("content-disposition") ?? "", /^attachment/);
    const lines = (await response.text()).trimEnd().split("\r\n");
    assert.equal(lines[0], `step,seconds_since_1970,loss.order,__proto__,"'=cmd(),""x"""`);
    assert.equal(lines.length, 1 + 240 + 1);
    assert.match(lines[77], /^77,[\d.]+,NaN,,$/);
    assert.match(lines[241], /^241,[\d.]+,,1,2$/);
  }));

Deno.test("createApp() puts a metric of several runs below each other as CSV, by every axis", () =>
  withApp(async ({ ask, run }) => {
    makeFakeRun(dirname(run.runsDirectory), { name: "=1,2", steps: 60, hasPace: false });
    const query = new URLSearchParams([["name", "loss.order"], ["beside", "=1,2"]]);
    const response = await ask(`/api/runs/r1/series.csv?${query}`);
    const lines = (await response.text()).trimEnd().split("\r\n");
    assert.equal(lines[0], "run,step,epoch,seconds_since_1970,seconds_since_start,loss.order");
    assert.equal(lines.length, 1 + 240 + 60);
    assert.match(lines[77], /^r1,77,3\.85,\d+[\d.]*,\d+(\.\d+)?,NaN$/);
    // A step comes a quarter of a second after the start of the run.
    assert.match(lines[241], /^"'=1,2",1,0\.05,[\d.]+,0\.25,[\d.]+$/);
    await assertProblem(await ask("/api/runs/r1/series.csv?name=a&name=b&beside=r1"), 400);
    await assertProblem(await ask("/api/runs/r1/series.csv?name=a&beside=absent"), 404);
    await assertProblem(await ask("/api/runs/r1/series.csv?name=a&beside=..%2Fruns"), 404);
  }));

Deno.test("createApp() answers evaluations by step", () =>
  withApp(async ({ json, run }) => {
    await Deno.mkdir(`${run.folder}/evaluations/validation-999`);
    const evaluations = await json<EvaluationWire[]>("/api/runs/r1/evaluations");
    assert.deepEqual(evaluations.map((e) => e.step), [40, 80, 120, 160, 200, 240]);
    assert.ok(evaluations.every((e) => e.hasMap && e.windows === 60 && e.subjects === 6));
    assert.ok(evaluations.every((e) => e.timeSeconds! > 1e9));
    assert.deepEqual(Object.keys(evaluations[0].intervals), ["retrieval.videoToSpeech.recallAt5"]);
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
    await assertProblem(await app.request(`http://${host}/api/runs`), 403);
    await assertProblem(await ask("/api/runs", { origin: "http://evil.example" }), 403);
    await assertProblem(await ask("/api/runs", { origin: "null" }), 403);
    await assertProblem(await ask("/api/runs", { origin: `https://${host}` }), 403);
    await assertProblem(await ask("/api/runs", { "sec-fetch-site": "cross-site" }), 403);
    const post = (headers: Record<string, string>) =>
      app.request("/api/runs", { method: "POST", headers: { host, ...headers } });
    await assertProblem(await post({}), 403);
    await assertProblem(await post({ origin: `http://${host}` }), 403);
    const own = await ask("/api/runs", { origin: `http://${host}`, "sec-fetch-site": "same-origin" });
    assert.equal(own.status, 200);
    await own.body?.cancel();
  }));

Deno.test("createApp() refuses unknown runs and names that are paths", () =>
  withApp(async ({ ask }) => {
    for (
      const name of [
        "none",
        "..",
        "%2e%2e",
        "..%2fdataset",
        ".%2fr1",
        "r1%2f..%2fr1",
        "r1%00",
        "-r1",
        "%E2%80%AEr1",
      ]
    ) {
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

Deno.test("createApp() sends the page's files compressed, once, and its answers as they are", () =>
  withApp(async ({ ask, run }) => {
    await Deno.writeTextFile(`${dirname(run.runsDirectory)}/static/app.js`, "let x = 1;\n".repeat(200));
    const gzip = { "accept-encoding": "gzip, br" };
    const response = await ask("/app.js", gzip);
    assert.equal(response.headers.get("content-encoding"), "gzip");
    assert.match(response.headers.get("vary") ?? "", /accept-encoding/i);
    const text = await new Response(response.body!.pipeThrough(new DecompressionStream("gzip"))).text();
    assert.equal(text, await (await ask("/app.js")).text());
    const tag = response.headers.get("etag")!;
    assert.equal((await ask("/app.js", { ...gzip, "if-none-match": tag })).status, 304);
    assert.equal((await ask("/app.js", { "if-none-match": '"another"' })).status, 200);
    const answer = await ask("/api/openapi.json", gzip);
    assert.equal(answer.headers.get("content-encoding"), null);
    assert.ok((await answer.text()).length > 1024, "it is long enough to be compressed");
  }));

Deno.test("createApp() tells its log what went wrong inside, without the path", () =>
  withApp(async ({ ask, run, logged }) => {
    await Deno.writeTextFile(`${run.folder}/run.json`, "{ broken");
    const problem = await assertProblem(await ask("/api/runs/r1"), 503);
    assert.ok(!problem.detail?.includes(run.folder));
    assert.equal(logged.length, 1);
    assert.match(logged[0], /run\.json cannot be read/);
    assert.ok(!logged[0].includes(run.folder));
    const rest = await ask("/api/runs");
    assert.deepEqual((await rest.json()).runs, [], "a broken run does not hide the others");
  }));

Deno.test("withoutPaths() removes paths with blanks, drives and folders, and leaves other sentences", () => {
  assert.equal(withoutPaths("cannot decode /data/anna smith/scan.mp4 at 3 s"), "cannot decode …");
  assert.equal(withoutPaths("cannot decode C:\\anna\\scan.mp4"), "cannot decode …");
  assert.equal(withoutPaths("file:/data/a.mp4: broken"), "…");
  assert.equal(withoutPaths("anna/scan.mp4 has no audio"), "… has no audio");
  assert.equal(withoutPaths("4 of 16/24 samples and/or frames"), "4 of 16/24 samples and/or frames");
});

Deno.test("createApp() answers about all other runs beside one whose files are broken, and says what is wrong with it", () =>
  withApp(async ({ ask, json, run }) => {
    const broken = `${run.runsDirectory}/broken`;
    await Deno.mkdir(`${broken}/evaluations/a`, { recursive: true });
    for (const text of ["null", "7", '{"dataset":7,"datasetId":[],"createdAt":{}}', '{"dataset":"/x', ""]) {
      await Deno.writeTextFile(`${broken}/run.json`, text);
      for (const config of ["null", "[]", '{"preset', '{"preset":{"toString":1}}']) {
        await Deno.writeTextFile(`${broken}/config.json`, config);
        const { runs } = await json<RunsAnswer>("/api/runs");
        assert.ok(runs.some(({ name }) => name === "r1"));
        assert.equal((await ask("/api/runs/r1/find")).status, 200);
        const answer = await ask("/api/runs/broken");
        if (answer.status === 200) await answer.text();
        else assert.match((await assertProblem(answer, 503)).detail ?? "", /run\.json cannot be read/);
      }
    }
    await Deno.writeTextFile(`${broken}/run.json`, "{}");
    for (
      const report of [null, 7, { step: 1 }, { step: "1", split: {}, metrics: {} }, {
        step: 2,
        split: "test",
      }]
    ) {
      await Deno.writeTextFile(`${broken}/evaluations/a/report.json`, JSON.stringify(report));
      await Deno.mkdir(`${broken}/evaluations/b`, { recursive: true });
      const whole = { step: 1, split: "test", windows: 3, metrics: { a: 1 }, chance: {} };
      await Deno.writeTextFile(`${broken}/evaluations/b/report.json`, JSON.stringify(whole));
      const evaluations = await json<{ folder: string }[]>("/api/runs/broken/evaluations");
      assert.deepEqual(evaluations.map(({ folder }) => folder), ["b"]);
    }
  }));

Deno.test("createApp() follows no link from a run's folder, and says what is wrong with the disk", () =>
  withApp(async ({ ask, json, run, logged }) => {
    await Deno.writeTextFile(`${run.runsDirectory}/../secret.json`, '{"preset":"secret"}');
    await Deno.remove(`${run.folder}/config.json`);
    await Deno.symlink(`${run.runsDirectory}/../secret.json`, `${run.folder}/config.json`);
    assert.deepEqual((await json<RunDetail>("/api/runs/r1")).config, {});
    await Deno.rename(`${run.folder}/run.json`, `${run.runsDirectory}/../run.json`);
    await Deno.symlink(`${run.runsDirectory}/../run.json`, `${run.folder}/run.json`);
    assert.match((await assertProblem(await ask("/api/runs/r1"), 503)).detail ?? "", /cannot be read/);

    await Deno.remove(run.runsDirectory, { recursive: true });
    await Deno.writeTextFile(run.runsDirectory, "no folder");
    const { detail = "" } = await assertProblem(await ask("/api/runs"), 503);
    assert.match(detail, /there must be no file where a folder is to be/);
    assert.ok(!logged.join().includes(run.runsDirectory));
  }));

Deno.test("refusalOf() names the trouble that a disk makes, and nothing of an error that nobody foresaw", () => {
  const detailOf = (code: string) => refusalOf(Object.assign(new Error("/data/anna"), { code }), () => {});
  for (
    const [code, status, detail] of [
      ["ENOSPC", 503, /room on the disk/],
      ["EROFS", 503, /disk must be writable/],
      ["EACCES", 503, /must be allowed to read or write/],
      ["EMFILE", 503, /fewer files/],
      ["EOTHER", 500, /could not answer/],
    ] as const
  ) {
    const refusal = detailOf(code);
    assert.equal(refusal.status, status);
    assert.match(refusal.message, detail);
    assert.doesNotMatch(refusal.message, /anna/);
  }
});

Deno.test("csvField() leaves nothing that a spreadsheet takes for a formula, whatever separates its fields", () => {
  for (
    const start of ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1", "a;=1", "a\t=1", "a\n=1", "a;;=1"]
  ) {
    assert.doesNotMatch(csvField(start), /(^"?|[;\t\r\n])[=+\-@＝＋－＠]/, JSON.stringify(start));
  }
  assert.deepEqual(["loss.total", "a-b=c", "a;b"].map(csvField), ["loss.total", "a-b=c", "a;b"]);
  assert.equal(csvField('a,"b"'), '"a,""b"""');
});

Deno.test("createApp() opens a dataset anew when another one takes its place", async () => {
  let opened = 0;
  const openDataset = () => {
    const windowSeconds = ++opened;
    const source = fakeDataset(() => {});
    return { ...source, config: { ...source.config, windowSeconds } };
  };
  await withApp(async ({ json, run }) => {
    const seen = async () => (await json<DatasetWire>("/api/runs/r1/dataset")).windowSeconds;
    await Deno.writeTextFile(`${run.datasetPath}/index.sqlite`, "one");
    assert.deepEqual([await seen(), await seen()], [1, 1]);
    await Deno.writeTextFile(`${run.datasetPath}/other.sqlite`, "another");
    await Deno.rename(`${run.datasetPath}/other.sqlite`, `${run.datasetPath}/index.sqlite`);
    assert.deepEqual([await seen(), await seen()], [2, 2]);
  }, { openDataset });
});
