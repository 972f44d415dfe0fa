/** The whole comparison in miniature: computed by workers, stopped, gone on with, found again. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { resolvePrepareConfig } from "../../../lib/config.ts";
import { prepareDataset } from "../../../lib/data/prepare.ts";
import { generatePhantom } from "../../../lib/phantom/phantom.ts";
import type { PlaneAnswers } from "../../../lib/reproduction/plane_answers.ts";
import type { ReproductionReport } from "../../../lib/reproduction/report.ts";
import { renderReport } from "../../../lib/reproduction/report_html.ts";
import {
  reproduce,
  type ReproduceEvent,
  type ReproduceOptions,
} from "../../../lib/reproduction/reproduce.ts";
import { studies, type Study } from "../../../lib/reproduction/study.ts";

const study: Study = {
  ...studies.quick,
  rows: ["random", "video", "paper", "learned", "supervised", "shuffled"],
  folds: 2,
  settings: ["training.epochs=2", "data.batchSize=8", "pacing.learned.warmupEpochs=1"],
  fineTuningEpochs: 1,
  supervisedEpochs: 1,
  resamples: 50,
  permutations: 99,
};

async function makeData(folder: string): Promise<ReproduceOptions["places"]> {
  const scans = join(folder, "scans");
  const options = { subjects: 10, secondsPerScan: 24, frameRate: 5, frameSize: [56, 72] } as const;
  for await (const { unit } of generatePhantom(scans, options)) assert.equal(unit, "frames");
  const config = resolvePrepareConfig({ set: ["split.validationShare=0", "split.testShare=0.5"] });
  const dataset = join(folder, "dataset");
  for await (const event of prepareDataset([join(scans, "manifest.csv")], dataset, config)) {
    assert.notEqual(event.kind, "quarantined");
  }
  return { dataset, truth: join(scans, "truth.jsonl") };
}

/**
 * As after a crash or on a bad disk: an encoder is trained but its record is missing, another one's parameters are
 * broken and somebody waits for them.
 */
async function damage(cells: string): Promise<void> {
  for (const { name } of [...Deno.readDirSync(cells)]) {
    const folder = join(cells, name);
    const { id } = JSON.parse(await Deno.readTextFile(join(folder, "result.json")));
    if (id === "pretraining/learned/seed 1" || id === "planes/paper/seed 1/fold 1") {
      await Deno.remove(join(folder, "result.json"));
    }
    if (id !== "pretraining/paper/seed 1") continue;
    for (const file of Deno.readDirSync(join(folder, "checkpoints"))) {
      await Deno.writeTextFile(join(folder, "checkpoints", file.name), "broken");
    }
  }
}

/** Everything but when and on what it was made. */
function numbersOf({ finishedAt: _, computeSeconds: __, device: ___, ...rest }: ReproductionReport) {
  return rest;
}

async function run(options: ReproduceOptions, onEvent?: (event: ReproduceEvent) => void) {
  const events: ReproduceEvent[] = [];
  for await (const event of reproduce(options)) {
    events.push(event);
    onEvent?.(event);
  }
  const last = events.at(-1)!;
  assert.equal(last.kind, "finished");
  const { report, answers } = last as Extract<ReproduceEvent, { kind: "finished" }>;
  checkAnswers(report, answers);
  return { events, report };
}

Deno.test("reproduce() goes on after a stop with the same numbers, whatever the number of workers", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const places = await makeData(folder);
    const shared = { study, places, device: "wasm", command: "test", programVersion: "0" } as const;

    const stop = new AbortController();
    const seen: string[] = [];
    const stopped = run(
      { ...shared, out: join(folder, "a"), workers: 2, signal: stop.signal },
      (event) => {
        if (event.kind === "cell") seen.push(event.id);
        if (event.kind === "progress" && seen.length > 0) stop.abort(new Error("enough"));
      },
    );
    await assert.rejects(stopped, /enough/);

    const resumed = await run({ ...shared, out: join(folder, "a"), workers: 2 });
    const planned = resumed.events[0] as Extract<ReproduceEvent, { kind: "planned" }>;
    assert.ok(planned.finished >= seen.length && planned.finished < planned.cells);
    const inOneGo = await run({ ...shared, out: join(folder, "b"), workers: 1 });
    assert.deepEqual(numbersOf(resumed.report), numbersOf(inOneGo.report));

    const again = await run({ ...shared, out: join(folder, "a"), workers: 2 });
    assert.deepEqual(again.events.map(({ kind }) => kind), ["planned", "summarizing", "finished"]);
    assert.deepEqual(numbersOf(again.report), numbersOf(resumed.report));
    assert.equal(again.report.device, resumed.report.device);
    await damage(join(folder, "a", "cells"));
    const mended = await run({ ...shared, out: join(folder, "a"), workers: 2 });
    assert.ok(mended.events.filter(({ kind }) => kind === "cell").length >= 3);
    assert.deepEqual(numbersOf(mended.report), numbersOf(resumed.report));
    checkReport(resumed.report);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The answers of each row's windows are what its confusion matrix counts. */
function checkAnswers(report: ReproductionReport, { classes, windows, trainings }: PlaneAnswers): void {
  for (const { id, confusion } of report.rows) {
    const own = trainings.filter(({ row }) => row === id);
    assert.equal(own.length, confusion ? study.seeds.length : 0, id);
    const counts = classes.map(() => classes.map(() => 0));
    for (const { predicted } of own) predicted.forEach((answer, i) => counts[windows.label[i]][answer!]++);
    if (confusion) assert.deepEqual({ classes, counts }, confusion, id);
  }
}

function checkReport(report: ReproductionReport): void {
  const { protocol, rows, checks } = report;
  assert.deepEqual(protocol.subjects, { pretraining: 5, transfer: 5 });
  assert.deepEqual(rows.map(({ id }) => id), study.rows);
  const row = (id: string) => rows.find((one) => one.id === id)!;
  for (const id of ["random", "video", "paper", "learned", "supervised"]) {
    for (const key of ["planes.f1Macro13", "planes.f1Macro14", "gaze.nss", "gaze.klDivergence"]) {
      const { value, runs } = row(id).figures[key];
      assert.ok(Number.isFinite(value) && runs.length === study.folds, `${id} ${key}`);
    }
    const counted = row(id).confusion!.counts.flat().reduce((sum, count) => sum + count, 0);
    assert.equal(counted, protocol.labelledPictures);
  }
  // Only what was trained by contrast retrieves, and a random network, for comparison.
  const retrieving = rows.filter(({ figures }) => "retrieval.conceptMapSpeechToVideo" in figures);
  assert.deepEqual(retrieving.map(({ id }) => id), ["random", "paper", "learned", "shuffled"]);
  assert.equal(row("shuffled").confusion, undefined);
  assert.ok(report.affinity.some(({ title }) => title === "learned affinity, training windows"));
  const names = checks.map(({ name }) => name);
  for (
    const wanted of [
      "split certificate",
      "one batch by heart",
      "shuffled pairs at chance",
      "no leak through the voice",
    ]
  ) {
    assert.ok(names.includes(wanted), `${wanted} among ${names.join(", ")}`);
  }
  assert.equal(report.saliencyExamples[0].maps.length, 6);
  assert.doesNotMatch(renderReport(report), /NaN|undefined/);
}
