import assert from "node:assert/strict";
import { formatProgress, ProgressMeter } from "../../lib/progress.ts";

Deno.test("ProgressMeter tells the rate of work from its first unit, and the time left", () => {
  let now = 0;
  const meter = new ProgressMeter("embed", "windows", { total: 45, now: () => now });
  // A minute of compiling is not a minute for five windows.
  now = 60;
  assert.equal(formatProgress(meter.update(0)), "embed 0/45 windows (0 %) estimating");
  const begun = meter.update(5);
  assert.deepEqual([begun.rate, begun.etaSeconds], [0, undefined]);
  assert.equal(formatProgress(begun), "embed 5/45 windows (11 %) estimating");
  // So short a time says little.
  now = 60.5;
  assert.equal(meter.update(6).etaSeconds, undefined);
  now = 62;
  const progress = meter.update(15);
  assert.ok(Math.abs(progress.rate - 5) < 0.2 && Math.abs(progress.etaSeconds! - 6) < 0.3);
  assert.match(formatProgress(progress), /^embed 15\/45 windows \(33 %\) 5\.\d windows\/s ETA 6s$/);
  assert.equal(formatProgress({ ...begun, done: 45 }), "embed 45/45 windows (100 %)");
  assert.equal(formatProgress({ ...begun, total: undefined }), "embed 5 windows");
});

Deno.test("ProgressMeter.skip() finishes units that tell no rate", () => {
  let now = 0;
  const meter = new ProgressMeter("prepare", "MB", { total: 100, now: () => now });
  meter.skip(60);
  now = 0.01;
  const skipped = meter.update(60);
  assert.deepEqual([skipped.done, skipped.rate, skipped.etaSeconds], [60, 0, undefined]);
  now = 4;
  meter.update(65);
  now = 5;
  meter.skip(10);
  meter.update(75);
  now = 8;
  const worked = meter.update(90);
  assert.ok(Math.abs(worked.rate - 15 / 4) < 0.5 && Math.abs(worked.etaSeconds! - 10 / (15 / 4)) < 0.5);
});

Deno.test("ProgressMeter's rate does not jump when the first unit is done within an instant", () => {
  let now = 0;
  const meter = new ProgressMeter("compare", "pictures", { total: 100, now: () => now, windowSeconds: 20 });
  now = 10;
  meter.update(0);
  now = 10.001;
  assert.equal(meter.update(1).rate, 0);
  now = 10.002;
  assert.equal(meter.update(2).rate, 0);
  for (now = 11; now <= 200; now++) meter.update(2 * (now - 10));
  now = 200;
  assert.ok(Math.abs(meter.update(380).rate - 2) < 0.01);
});
