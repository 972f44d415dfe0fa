import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { exportMetrics } from "../../../lib/export/export_metrics.ts";
import type { RunFolder } from "../../../lib/training/run_folder.ts";
import { certifySplit } from "../../../lib/data/split_certificate.ts";
import { subjectDigest } from "../../../lib/data/split.ts";
import { saveCertificate } from "../../../lib/training/run_certificate.ts";
import { chance, evaluationMetrics, makeFakeRun, stepEvent } from "../../helpers/fake_run.ts";
import { recordedScans } from "../../helpers/recorded_scans.ts";
import { readEventFile } from "../../helpers/tfevents.ts";

async function withRun(check: (run: RunFolder, out: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    const { folder } = makeFakeRun(root, { steps: 80 });
    const record = { dataset: "/data/anna", datasetId: "d", createdAt: "2026-11-20" };
    await check({ path: folder, config: resolveRunConfig(), record }, `${root}/out`);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("exportMetrics() writes every metric of every step for TensorBoard", () =>
  withRun(async (run, out) => {
    const passport = await exportMetrics(run, "tensorboard", out);
    const [file] = passport.files;
    assert.match(file.name, /^events\.out\.tfevents\.\d{10}\.sonospeech$/);
    const [, ...events] = readEventFile(await Deno.readFile(`${out}/${file.name}`));
    const steps = events.filter(({ scalars }) => "loss/total" in scalars);
    assert.deepEqual(steps.map(({ step }) => step), Array.from({ length: 80 }, (_, i) => i + 1));
    const { metrics } = stepEvent(30) as { metrics: Record<string, number> };
    assert.deepEqual(steps[29].scalars, {
      ...Object.fromEntries(
        Object.entries(metrics).map(([name, value]) => [
          name.includes(".") ? name.replace(".", "/") : `train/${name}`,
          Math.fround(value),
        ]),
      ),
    });
    assert.ok(Number.isNaN(steps[76].scalars["loss/order"]), "what was not finite stays so");
    const evaluations = events.filter(({ scalars }) =>
      "validation/retrieval.videoToSpeech.recallAt1" in scalars
    );
    assert.deepEqual(evaluations.map(({ step }) => step), [40, 80]);
    const expected = evaluationMetrics(80)["retrieval.speechToVideo.medianRank"];
    assert.equal(
      evaluations[1].scalars["validation/retrieval.speechToVideo.medianRank"],
      Math.fround(expected),
    );
    assert.ok(events.every(({ wallTime }) => wallTime > 1.6e9));
  }));

Deno.test("exportMetrics() writes every event as a line of JSON", () =>
  withRun(async (run, out) => {
    const passport = await exportMetrics(run, "jsonl", out);
    assert.deepEqual(passport.files.map(({ name }) => name), ["events.jsonl"]);
    const lines = (await Deno.readTextFile(`${out}/events.jsonl`)).trim().split("\n").map((line) =>
      JSON.parse(line)
    );
    const counts = Object.fromEntries(
      [...Map.groupBy(lines, ({ kind }) => kind)].map(([kind, { length }]) => [kind, length]),
    );
    assert.deepEqual(counts, { started: 1, pace: 4, step: 80, evaluation: 2 });
    assert.equal(passport.events, lines.length);
    assert.deepEqual([lines[0].kind, lines[0].chance], ["started", chance]);
    assert.deepEqual(lines.map(({ id }) => id), Array.from({ length: lines.length }, (_, i) => i + 1));
    assert.deepEqual(
      lines.find(({ step, kind }) => kind === "step" && step === 77).metrics["loss.order"],
      null,
    );
  }));

Deno.test("exportMetrics() writes a passport without paths, and the same files again", () =>
  withRun(async (run, out) => {
    const first = await exportMetrics(run, "tensorboard", out);
    const text = await Deno.readTextFile(`${out}/passport.json`);
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(first)));
    assert.doesNotMatch(text, /anna/);
    assert.deepEqual(first.dataset, { contentHash: "d", trainedOn: [] });
    assert.deepEqual((await exportMetrics(run, "tensorboard", out)).files, first.files);
  }));

Deno.test("exportMetrics() names by digest whom a run with a certificate was trained on", () =>
  withRun(async (run, out) => {
    const dataset = recordedScans([
      { split: "train" },
      { split: "train" },
      { split: "validation" },
      { split: "test" },
    ]);
    await saveCertificate(run.path, await certifySplit(dataset));
    const { dataset: { trainedOn } } = await exportMetrics(run, "jsonl", out);
    assert.deepEqual(trainedOn, ["p0", "p1"].map(subjectDigest).sort());
    assert.deepEqual(
      JSON.parse(await Deno.readTextFile(`${out}/passport.json`)).dataset.trainedOn,
      trainedOn,
    );
  }));

Deno.test("exportMetrics() refuses a run without metrics", () =>
  withRun(async (run, out) => {
    await assert.rejects(exportMetrics({ ...run, path: out }, "jsonl", out), { code: "store" });
  }));
