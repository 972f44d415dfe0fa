import assert from "node:assert/strict";
import { formatProgress, ProgressMeter } from "../../lib/progress.ts";

Deno.test("ProgressMeter tells the rate of work from its start and the time left", () => {
  let now = 0;
  const meter = new ProgressMeter("embed", "windows", { total: 40, now: () => now });
  now = 2;
  const progress = meter.update(10);
  assert.deepEqual([progress.rate, progress.etaSeconds], [5, 6]);
  assert.equal(formatProgress(progress), "embed 10/40 windows (25 %) 5.0 windows/s ETA 6s");
});

Deno.test("ProgressMeter.skip() finishes units that tell no rate", () => {
  let now = 0;
  const meter = new ProgressMeter("prepare", "MB", { total: 100, now: () => now });
  meter.skip(60);
  now = 0.01;
  const skipped = meter.update(60);
  assert.deepEqual([skipped.done, skipped.rate, skipped.etaSeconds], [60, 0, undefined]);
  now = 4.01;
  const worked = meter.update(80);
  assert.deepEqual([worked.rate, worked.etaSeconds], [5, 4]);
});
