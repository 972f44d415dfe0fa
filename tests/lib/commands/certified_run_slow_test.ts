/** From scans to an evaluation: what a run must show of its data before anything is believed. */

import assert from "node:assert/strict";
import { evaluateRun } from "../../../lib/commands/evaluate.ts";
import { runTraining } from "../../../lib/commands/training_session.ts";
import { resolvePrepareConfig } from "../../../lib/config.ts";
import { prepareDataset } from "../../../lib/data/prepare.ts";
import { generatePhantom } from "../../../lib/phantom/phantom.ts";
import { CheckpointStore } from "../../../lib/records/checkpoint_store.ts";
import type { RunEvent } from "../../../lib/training/events.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** Rows of a manifest: number of the scan, subject, split. */
async function prepare(name: string, rows: readonly (readonly [number, string, string])[]): Promise<void> {
  const lines = rows.map(([scan, subject, split]) => `videos/s000${scan}-01.mp4,${subject},${split}`);
  await Deno.writeTextFile(`${folder}/${name}.csv`, ["video,subject,split", ...lines, ""].join("\n"));
  for await (
    const event of prepareDataset([`${folder}/${name}.csv`], `${folder}/${name}`, resolvePrepareConfig())
  ) {
    assert.notEqual(event.kind, "quarantined");
  }
}

interface Changes {
  set?: string[];
  skipGates?: boolean;
  signal?: AbortSignal;
}

async function trainOn(dataset: string, run: string, { set = [], ...changes }: Changes = {}) {
  let certified = 0;
  const events: RunEvent[] = [];
  const settings = ["data.batchSize=2", "training.epochs=1", ...set];
  for await (
    const event of runTraining({
      dataset: `${folder}/${dataset}`,
      run: `${folder}/${run}`,
      changes: { set: settings },
      device: "wasm",
      onCertify: () => certified++,
      ...changes,
    })
  ) events.push(event);
  return { events, certified };
}

function evaluateOn(run: string, dataset: string) {
  return evaluateRun(`${folder}/${run}`, `${folder}/${dataset}`, {
    split: "test",
    checkpoint: "newest",
    device: "wasm",
  }, { workingDirectory: folder, signal: new AbortController().signal, stderr: () => {}, isTerminal: false });
}

Deno.test("train and evaluate certify, carry the certificate and refuse what was trained on", async (t) => {
  const scans = { subjects: 4, secondsPerScan: 12, frameRate: 8, frameSize: [96, 128] } as const;
  for await (const { unit } of generatePhantom(folder, scans)) assert.equal(unit, "frames");
  await prepare("data", [[1, "a", "train"], [2, "b", "train"], [3, "c", "test"]]);

  await t.step("a run keeps its certificate, in the folder and in each checkpoint", async () => {
    const { events, certified } = await trainOn("data", "run");
    assert.ok(certified > 0);
    const started = events.find((event) => event.kind === "started")!;
    assert.match(
      started.certificate,
      /2 training, 0 validation and 1 test subjects are disjoint; of 18 windows/,
    );
    const kept = JSON.parse(await Deno.readTextFile(`${folder}/run/certificate.json`));
    const { checkpoint } = await (await CheckpointStore.open(`${folder}/run/checkpoints`)).newest();
    assert.deepEqual(JSON.parse(checkpoint!.metadata.certificate), kept);
    assert.equal((await trainOn("data", "run")).certified, 0);
    await Deno.remove(`${folder}/run/train_fingerprints.safetensors`);
    assert.ok((await trainOn("data", "run")).certified > 0);
    assert.equal((await evaluateOn("run", "data")).subjects, 1);
  });

  await t.step("scans of another dataset are evaluated on unless they are copies", async () => {
    await prepare("foreign", [[3, "x", "train"], [4, "y", "test"]]);
    assert.equal((await evaluateOn("run", "foreign")).subjects, 1);
    await prepare("copied", [[3, "x", "train"], [1, "y", "test"]]);
    await assert.rejects(evaluateOn("run", "copied"), /trained on, but there are .* of training scan s0001/);
  });

  await t.step("a checkpoint without certificate is neither evaluated nor resumed", async () => {
    const store = await CheckpointStore.open(`${folder}/run/checkpoints`);
    const { checkpoint } = await store.newest();
    const { certificate, ...metadata } = checkpoint!.metadata;
    assert.ok(certificate.length > 0);
    await store.save({ ...checkpoint!, metadata }, { isBest: false });
    await assert.rejects(evaluateOn("run", "data"), /must have a split certificate, received "none"/);
    await assert.rejects(
      trainOn("data", "run"),
      /must carry the dataset's split certificate, received "none"/,
    );
  });

  await t.step("a dataset with a copy in another split is refused and begins no run", async () => {
    const copy = `${folder}/videos/s0005-01.mp4`;
    const args = [
      "-i",
      `${folder}/videos/s0001-01.mp4`,
      "-c:v",
      "libx264",
      "-crf",
      "32",
      "-c:a",
      "aac",
      copy,
    ];
    const { success } = await new Deno.Command("ffmpeg", { args, stdin: "null", stderr: "null" }).output();
    assert.ok(success);
    await prepare("leaking", [[1, "a", "train"], [2, "b", "train"], [5, "c", "test"]]);
    await assert.rejects(trainOn("leaking", "refused"), {
      code: "input",
      message: /of s0001 \(train\) at .* s in s0003 \(test\)/,
    });
    await assert.rejects(Deno.stat(`${folder}/refused/run.json`), Deno.errors.NotFound);
  });

  await t.step("gates come before the start, or their absence is recorded", async () => {
    const set = ["training.epochs=10000", "model.widthMultiplier=0.25"];
    const skipped = await trainOn("data", "long", {
      set,
      skipGates: true,
      signal: AbortSignal.timeout(4000),
    });
    assert.deepEqual(skipped.events.slice(0, 2).map(({ kind }) => kind), ["gate", "started"]);
    assert.match(await Deno.readTextFile(`${folder}/long/gate.json`), /"skipped"/);
  });
});
