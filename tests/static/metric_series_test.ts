import assert from "node:assert/strict";
import { MetricSeries } from "../../static/app/metric_series.ts";

Deno.test("MetricSeries grows by steps, keeps missing values and forgets what a resumed run repeats", () => {
  const series = new MetricSeries({ "loss.total": { steps: [1, 2], values: [3, null] } });
  series.append(3, { "loss.total": 1, temperature: 0.1 });
  assert.deepEqual(series.get("loss.total"), { steps: [1, 2, 3], values: [3, null, 1] });
  assert.equal(series.latest("loss.total"), 1);
  assert.equal(series.length, 3);
  series.truncateAfter(2);
  assert.deepEqual(series.get("loss.total"), { steps: [1, 2], values: [3, null] });
  assert.deepEqual(series.get("temperature"), { steps: [], values: [] });
  assert.equal(series.latest("loss.total"), 3);
  assert.equal(series.latest("temperature"), null);
  series.truncateAfter(0);
  assert.equal(series.length, 0);
});
