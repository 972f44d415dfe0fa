import assert from "node:assert/strict";
import { MetricStore } from "../../lib/records/metric_store.ts";
import type { RunEvent } from "../../lib/training/events.ts";
import { savePaceScores } from "../../lib/training/pace_scores.ts";
import { paceBins, summaryOf } from "../../routes/pace_library.ts";
import type { PaceEpochWire, PaceScanWire, PaceWindowsPage } from "../../routes/wire/pace.ts";
import { assertProblem, withApp } from "../helpers/app_bench.ts";

Deno.test("summaryOf() counts, bins and ranks affinities, and leaves out what is unknown", () => {
  const summary = summaryOf({
    windowIds: [1, 2, 3, 4, 5],
    affinity: Float32Array.of(-1, 0.5, NaN, 1, 0.25),
    leastAffinity: Float32Array.of(0.3, 0.2, -1, 0.25, 0.3),
    weight: Float32Array.of(0, 0.4, 1, 1, 0),
  }, { epoch: 3, step: 60 });
  assert.deepEqual([summary.windows, summary.admitted, summary.known], [5, 3, 4]);
  const filled = (bins: number[]) => bins.flatMap((count, i) => count > 0 ? [[i, count]] : []);
  assert.deepEqual(filled(summary.admittedHistogram), [[30, 1], [39, 1]]);
  assert.deepEqual(filled(summary.heldBackHistogram), [[0, 1], [25, 1]]);
  assert.equal(summary.admittedHistogram.length, paceBins);
  assert.deepEqual(summary.quantiles!.map((value) => Math.round(value * 1e4) / 1e4), [
    -0.8125,
    -0.0625,
    0.375,
    0.625,
    0.925,
  ]);
  assert.deepEqual(summary.threshold!.map((value) => Math.round(value * 100)), [20, 30]);
  const unknown = summaryOf({
    windowIds: [1],
    affinity: Float32Array.of(NaN),
    leastAffinity: Float32Array.of(-1),
    weight: Float32Array.of(1),
  }, { epoch: 0, step: 0 });
  assert.deepEqual([unknown.quantiles, unknown.threshold, unknown.known], [null, null, 0]);
});

Deno.test("GET pace answers every epoch, who was let in of each scan, and the windows by affinity", () =>
  withApp(async ({ json, ask }) => {
    const epochs = await json<PaceEpochWire[]>("/api/runs/r1/pace");
    assert.deepEqual(
      epochs.map(({ epoch, step }) => [epoch, step]),
      Array.from({ length: 12 }, (_, i) => [i, 20 * i]),
    );
    assert.ok(epochs.every(({ windows }) => windows === 60));
    assert.deepEqual([epochs[0].known, epochs[0].admitted, epochs[0].threshold], [0, 60, null]);
    const last = epochs[11];
    assert.ok(last.known === 59 && last.admitted < 45 && last.admitted > 35 && last.threshold !== null);

    const scans = await json<PaceScanWire[]>("/api/runs/r1/pace/11/scans");
    assert.deepEqual(scans.map(({ scanId, subject, windows }) => [scanId, subject, windows]), [
      ["scan0", 1, 20],
      ["scan1", 2, 20],
      ["scan2", 3, 20],
    ]);
    assert.equal(scans.reduce((sum, { admitted }) => sum + admitted, 0), last.admitted);

    const held = await json<PaceWindowsPage>("/api/runs/r1/pace/11/windows?admitted=0&limit=200");
    assert.equal(held.total, 60 - last.admitted);
    assert.ok(
      held.windows.every(({ weight, affinity, leastAffinity }) => weight === 0 && affinity! < leastAffinity),
    );
    const order = held.windows.map(({ affinity }) => affinity!);
    assert.deepEqual(order, order.toSorted((a, b) => a - b));
    const high = await json<PaceWindowsPage>("/api/runs/r1/pace/11/windows?admitted=1&order=high&limit=200");
    assert.equal(high.windows.at(-1)!.affinity, null, "the window that was never seen comes last");
    assert.ok(high.windows[0].affinity! > high.windows[30].affinity!);
    const one = await json<PaceWindowsPage>("/api/runs/r1/pace/11/windows?scan=scan1&offset=15");
    assert.deepEqual([one.total, one.windows.length], [20, 5]);
    assert.ok(!JSON.stringify([scans, held]).includes("anna"), "names of subjects stay on the machine");
    for (const path of ["pace/99/scans", "pace/-1/scans", "pace/__proto__/windows", "pace/..%2f1/scans"]) {
      const { status } = await ask(`/api/runs/r1/${path}`);
      assert.ok(status === 404 || status === 400, path);
    }
    await assertProblem(await ask("/api/runs/none/pace"), 404);
  }));

Deno.test("GET pace reads what the trainer writes, the newest of an epoch, and no path from an event", () =>
  withApp(async ({ json, run }) => {
    const windows = [{ id: 3, scanId: "scan0", voicedFractionEnergy: 1, voicedFractionWebrtc: 1 }];
    const scores = {
      windows,
      affinity: Float32Array.of(0.5),
      leastAffinity: Float32Array.of(0.25),
      weight: Float32Array.of(1),
    };
    const file = await savePaceScores(`${run.folder}/pace`, scores, 11);
    using store = MetricStore.open(`${run.folder}/metrics.sqlite`);
    const event = (epoch: number, file: string | null): RunEvent => ({
      kind: "pace",
      step: 240,
      epoch,
      metrics: {},
      file,
    });
    store.append(event(11, file));
    store.append(event(12, "../../secret.safetensors"));
    store.append(event(13, "epoch-00013.safetensors"));
    store.append(event(14, null));
    store.append({ ...event(15, null), file: { toString: 1 } } as unknown as RunEvent);
    store.flush();
    const epochs = await json<PaceEpochWire[]>("/api/runs/r1/pace");
    assert.deepEqual(epochs.map(({ epoch }) => epoch).at(-1), 11);
    assert.deepEqual([epochs[11].windows, epochs[11].step, epochs[11].quantiles?.[2]], [1, 240, 0.5]);
  }));
