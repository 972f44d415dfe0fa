import assert from "node:assert/strict";
import type { SeriesWire } from "../../routes/wire/runs.ts";
import { MetricSeries } from "../../static/app/metric_series.ts";

/** A series whose steps are ten seconds apart. */
function wire(steps: number[], values: (number | null)[], more: Partial<SeriesWire> = {}): SeriesWire {
  return { steps, values, seconds: steps.map((step) => 10 * step), gaps: [], rhythm: 1, ...more };
}

Deno.test("MetricSeries grows by steps, keeps missing values and forgets what a resumed run repeats", () => {
  const series = new MetricSeries({ "loss.total": wire([1, 2], [3, null]) });
  series.append({ step: 3, seconds: 30, metrics: { "loss.total": 1, temperature: 0.1 }, isStep: true });
  assert.deepEqual(series.get("loss.total"), wire([1, 2, 3], [3, null, 1]));
  assert.equal(series.latest("loss.total"), 1);
  assert.equal(series.length, 3);
  series.truncateAfter(2);
  assert.deepEqual(series.get("loss.total"), wire([1, 2], [3, null]));
  assert.deepEqual(series.get("temperature").steps, []);
  assert.equal(series.latest("loss.total"), 3);
  assert.equal(series.latest("temperature"), null);
  series.truncateAfter(0);
  assert.equal(series.length, 0);
});

Deno.test("MetricSeries.append() leaves a gap where a step did not measure a metric, none for other events", () => {
  const series = new MetricSeries();
  const append = (step: number, metrics: Record<string, number>, isStep = true) =>
    series.append({ step, seconds: step, metrics, isStep });
  append(1, { a: 1, b: 1 });
  append(1, { "pace.admittedShare": 0.5 }, false);
  append(2, { a: 2, b: 2 });
  append(3, { a: 3 });
  append(4, { a: 4, b: 4 });
  assert.deepEqual(series.get("a").gaps, []);
  assert.deepEqual([series.get("b").steps, series.get("b").gaps], [[1, 2, 4], [2]]);
  assert.equal(series.get("a").rhythm, 1);
  series.truncateAfter(2);
  assert.deepEqual(series.get("b").gaps, []);
});

Deno.test("MetricSeries.setDetail() puts a finer stretch in the place of the coarse one, gaps included", () => {
  const coarse = wire([0, 10, 20, 30, 40], [0, 1, 2, 3, 4], { gaps: [1, 4], means: [0, 1, 2, 3, 4] });
  const series = new MetricSeries({ a: coarse, b: coarse });
  assert.equal(series.isThinned, true);
  const fine = wire([10, 12, 18, 20], [1, null, 5, 2], { gaps: [2] });
  series.setDetail({ range: [10, 20], series: new Map([["a", fine]]) });
  const merged = series.get("a");
  assert.deepEqual(merged.steps, [0, 10, 12, 18, 20, 30, 40]);
  assert.deepEqual(merged.values, [0, 1, null, 5, 2, 3, 4]);
  assert.deepEqual(merged.means, [0, 1, null, 5, 2, 3, 4]);
  assert.deepEqual(merged.gaps.map((i) => merged.steps[i]), [18, 40]);
  assert.deepEqual(series.get("b"), coarse);
  series.setDetail(null);
  assert.deepEqual(series.get("a"), coarse);
});
