import assert from "node:assert/strict";
import type {
  AnsweredWindowsPage,
  ReportDetailWire,
  ResultsAnswer,
  SaliencyExampleWire,
} from "../../routes/wire/results.ts";
import { assertProblem, type Bench, withApp } from "../helpers/app_bench.ts";
import { fakeAnsweredReport, fakeReport, hostileText } from "../helpers/fake_report.ts";
import { fakeDataset } from "../helpers/fake_run.ts";

async function writeReport(folder: string, report: unknown): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/report.json`, JSON.stringify(report));
}

Deno.test("results lists reports beside the runs and in named folders, and the newest evaluations of runs", async () => {
  const named = await Deno.makeTempDir();
  try {
    await writeReport(`${named}/second`, { ...fakeReport(), finishedAt: "2026-11-25T00:00:00.000Z" });
    await withApp(async ({ json, run }) => {
      await writeReport(`${run.runsDirectory}/first`, fakeReport());
      const { reports, evaluations } = await json<ResultsAnswer>("/api/results");
      assert.deepEqual(reports.map(({ name }) => name), ["first", "second"]);
      const [{ rows, seeds, sentences }] = reports;
      assert.deepEqual([rows, seeds], [8, 3]);
      assert.match(sentences[0], /^Of 12\sorderings of the paper/);
      assert.deepEqual(evaluations.map(({ run, step, split }) => [run, step, split]), [[
        "r1",
        240,
        "validation",
      ]]);
      assert.ok(evaluations[0].intervals["retrieval.videoToSpeech.recallAt5"]);
    }, { resultsDirectories: [named] });
  } finally {
    await Deno.remove(named, { recursive: true });
  }
});

Deno.test("results shows a report as a page without scripts, and escapes what it says", () =>
  withApp(async ({ ask, run }) => {
    const report = fakeReport();
    report.rows[0].title = hostileText;
    await writeReport(`${run.runsDirectory}/first`, report);
    const response = await ask("/api/results/first/report.html");
    assert.equal(response.status, 200);
    const policy = response.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /script-src|'self'/);
    const page = await response.text();
    assert.match(page, /Confusion matrix/);
    assert.ok(!page.includes("<img src=x"));
  }));

Deno.test("results shows no other file, whatever is asked for, and survives reports that are none", () =>
  withApp(async ({ ask, json, run }) => {
    await Deno.writeTextFile(`${run.runsDirectory}/../report.json`, JSON.stringify(fakeReport()));
    for (const name of ["..", "%2e%2e", "..%2f", "r1", "__proto__", "none", "a%00b", "trash"]) {
      await assertProblem(await ask(`/api/results/${name}/report.html`), 404);
    }
    for (
      const [i, report] of [null, 7, {}, { formatVersion: 2 }, { formatVersion: 1 }, {
        formatVersion: 1,
        rows: "x",
      }].entries()
    ) {
      await writeReport(`${run.runsDirectory}/broken${i}`, report);
      await assertProblem(await ask(`/api/results/broken${i}/report.html`), 503);
    }
    assert.deepEqual((await json<ResultsAnswer>("/api/results")).reports, []);
    await assertProblem(await ask("/api/results/first"), 404);
    await assertProblem(await ask("/api/results/broken5"), 503);
  }));

/** A report with answers in `first` and its dataset below it; `opened` gathers what was opened. */
function withAnswers(test: (bench: Bench, opened: string[]) => Promise<void>): Promise<void> {
  const opened: string[] = [];
  let open = 0;
  const openDataset = (path: string) => {
    opened.push(path);
    open++;
    const id = /dataset-full|elsewhere/.test(path) ? "fake dataset" : "another";
    return { ...fakeDataset(() => open--), id };
  };
  return withApp(async (bench) => {
    const folder = `${bench.run.runsDirectory}/first`;
    const { report, answers } = fakeAnsweredReport();
    await writeReport(folder, report);
    await Deno.writeTextFile(`${folder}/answers.json`, JSON.stringify(answers));
    await makeDataset(`${folder}/dataset-quick`);
    await makeDataset(`${folder}/dataset-full`);
    await test(bench, opened);
  }, { openDataset }).then(() => assert.equal(open, 0, "every opened dataset is closed at the end"));
}

async function makeDataset(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
  await Deno.writeTextFile(`${path}/dataset.json`, "{}");
}

const cellPath = (truth: number, answer: number, more = "") =>
  `/api/results/first/windows?row=paper&truth=${truth}&answer=${answer}&limit=200${more}`;

Deno.test("results gives the windows behind every cell, as many answers as the matrix counts", () =>
  withAnswers(async ({ json, ask }) => {
    const { confusions, windowsProblem, dataset } = await json<ReportDetailWire>("/api/results/first");
    assert.equal(windowsProblem, null);
    assert.deepEqual(dataset, { windowSeconds: 2, framesPerWindow: 8, frameSize: [64, 64] });
    assert.ok(!confusions.some(({ row }) => row === "correlation"));
    const { counts, classes } = confusions.find(({ row }) => row === "paper")!;
    const labelOf = new Map(fakeAnsweredReport().answers.windows.id.map((id, i) => [id, i % classes.length]));
    for (const [truth, row] of counts.entries()) {
      for (const [answer, count] of row.entries()) {
        const page = await json<AnsweredWindowsPage>(cellPath(truth, answer));
        assert.equal(page.answers, count, `${truth} ${answer}`);
        assert.equal(page.windows.reduce((sum, { seeds }) => sum + seeds.length, 0), count);
        assert.equal(page.windows.length, page.total);
        for (const { windowId, seeds, others } of page.windows) {
          assert.equal(labelOf.get(windowId), truth);
          assert.equal(seeds.length + others.length, page.seeds);
          assert.ok(others.every((other) => other.answer !== answer));
        }
      }
    }
    const [first] = (await json<AnsweredWindowsPage>(cellPath(1, 1))).windows;
    for (const file of ["frame.png", "strip.png?frames=64", "speech.wav"]) {
      const response = await ask(`/api/results/first/dataset/windows/${first.windowId}/${file}`);
      assert.equal(response.status, 200, file);
      assert.ok((await response.arrayBuffer()).byteLength > 100);
    }
  }));

Deno.test("results opens the dataset with the answers' id below its own folder and no other", () =>
  withAnswers(async ({ json, ask, run }, opened) => {
    const folder = `${run.runsDirectory}/first`;
    await json("/api/results/first/dataset");
    assert.ok(opened.every((path) => path.startsWith(`${folder}/dataset-`)), opened.join());
    await Deno.remove(`${folder}/dataset-full`, { recursive: true });
    await assertProblem(await ask("/api/results/first/dataset"), 404);
    assert.equal((await json<ReportDetailWire>("/api/results/first")).dataset, null);
  }));

Deno.test("results follows no link out of the folder that was named", () =>
  withAnswers(async ({ ask, json, run }, opened) => {
    const folder = `${run.runsDirectory}/first`;
    await Deno.remove(`${folder}/dataset-full`, { recursive: true });
    await makeDataset(`${run.runsDirectory}/../elsewhere`);
    await Deno.symlink(`${run.runsDirectory}/../elsewhere`, `${folder}/dataset-link`);
    await assertProblem(await ask("/api/results/first/dataset/windows/3000/frame.png"), 404);
    assert.ok(!opened.some((path) => /link|elsewhere/.test(path)), opened.join());
    const { windowsProblem, dataset } = await json<ReportDetailWire>("/api/results/first");
    assert.deepEqual([windowsProblem, dataset], [null, null], "windows are listed without pictures");
  }));

Deno.test("results shows no windows of answers that the report does not count, and says so", () =>
  withAnswers(async ({ ask, json, run }) => {
    const path = `${run.runsDirectory}/first/answers.json`;
    const { answers } = fakeAnsweredReport();
    const [before] = answers.trainings[0].predicted;
    answers.trainings[0].predicted[0] = (before! + 1) % answers.classes.length;
    for (const text of [JSON.stringify(answers), "{", "null", `{"formatVersion":1}`, `{"formatVersion":2}`]) {
      await Deno.writeTextFile(path, text);
      const { windowsProblem, confusions } = await json<ReportDetailWire>("/api/results/first");
      assert.match(windowsProblem ?? "", /made without its windows' answers/, text.slice(0, 30));
      assert.equal(confusions.length, 7);
      await assertProblem(await ask(cellPath(0, 0)), 404);
    }
  }));

Deno.test("results refuses names, rows, cells and windows that there are not", () =>
  withAnswers(async ({ ask, run }) => {
    await Deno.writeTextFile(`${run.runsDirectory}/../report.json`, JSON.stringify(fakeReport()));
    for (const name of ["..", "%2e%2e", "..%2f", "r1", "__proto__", "none", "a%00b", "trash"]) {
      for (const rest of ["", "/windows", "/saliency", "/dataset", "/dataset/windows/3000/frame.png"]) {
        await assertProblem(await ask(`/api/results/${name}${rest}`), 404);
      }
    }
    const cell = "/api/results/first/windows?row=";
    for (const row of ["", "none", "__proto__", "correlation", encodeURIComponent(hostileText)]) {
      await assertProblem(await ask(`${cell}${row}&truth=0&answer=0`), 404);
    }
    for (const part of ["truth=14", "answer=-1", "truth=1e1", "answer=__proto__", "limit=0", "offset=x"]) {
      await assertProblem(await ask(`${cell}paper&${part}`), 400);
    }
    for (const id of ["500", "__proto__", "..%2f..%2fsecret.txt"]) {
      await assertProblem(await ask(`/api/results/first/dataset/windows/${id}/frame.png`), 404);
    }
  }));

Deno.test("results gives tables as texts, curves as numbers and maps as bytes", () =>
  withAnswers(async ({ json }) => {
    const detail = await json<ReportDetailWire>("/api/results/first");
    assert.equal(detail.columns.length, 8);
    assert.ok(detail.metrics.every(({ cells }) => cells.length === 8));
    const planes = detail.metrics.find(({ title }) => /F1/.test(title))!;
    assert.match(planes.cells[4]!.interval, /^\[\d+\.\d, \d+\.\d\]$/);
    assert.equal(planes.unit, "%");
    const reversed = detail.comparisons.filter(({ verdict }) => verdict === "reversed");
    assert.equal(reversed.length, 1);
    assert.match(reversed[0].sentence, /the other way round/);
    assert.deepEqual(detail.labelEfficiency[0].points.map(({ share }) => share), [
      0.0625,
      0.125,
      0.25,
      0.5,
      1,
    ]);
    const examples = await json<SaliencyExampleWire[]>("/api/results/first/saliency");
    assert.equal(examples.length, detail.saliencyExamples);
    const [{ picture, pictureSize: [height, width], maps }] = examples;
    assert.equal(Uint8Array.fromBase64(picture).length, height * width);
    assert.equal(maps[0].title, "Truth");
  }));
