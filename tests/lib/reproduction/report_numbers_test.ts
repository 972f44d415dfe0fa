import assert from "node:assert/strict";
import type { Figure } from "../../../lib/reproduction/report.ts";
import {
  counted,
  duration,
  fixed,
  listed,
  numberFormat,
  pValue,
} from "../../../lib/reproduction/report_numbers.ts";

const figure = (value: number): Figure => ({
  value,
  standardDeviation: null,
  interval: null,
  chance: null,
  runs: [value],
});

Deno.test("fixed() has a true minus sign, no negative zero, and words for what is no number", () => {
  assert.equal(fixed(-1.26, 1), "−1.3");
  assert.equal(fixed(-0.04, 1), "0.0");
  assert.equal(fixed(0.125, 2), "0.13");
  for (const none of [NaN, Infinity, null, undefined]) assert.equal(fixed(none, 2), "n/a");
});

Deno.test("numberFormat() writes shares in percent with one decimal and ranks with one", () => {
  const share = numberFormat({ unit: "share" }, [figure(0.7264)]);
  assert.equal(share.value(0.7264), "72.6");
  assert.equal(share.withUnit(0.7264), "72.6\u00a0%");
  assert.equal(share.difference(0.0149), "+1.5");
  assert.equal(share.difference(-0.0149), "−1.5");
  assert.equal(share.difference(0.0001), "0.0");
  assert.equal(share.deviation(0.0172), "± 1.7");
  assert.equal(share.deviation(0.0002), "± < 0.1");
  assert.equal(share.deviation(0), "± 0.0");
  assert.equal(share.deviation(null), "");
  assert.equal(share.interval([0.701, 0.749]), "[70.1, 74.9]");
  assert.equal(share.interval(null), "");
  assert.equal(share.withUnit(null), "n/a");
  assert.equal(numberFormat({ unit: "rank" }, [figure(190.5)]).withUnit(190.5), "190.5");
});

Deno.test("numberFormat() gives all numbers of a metric as many decimals as its largest deserves", () => {
  const written = (values: number[]) =>
    values.map(numberFormat({ unit: "number" }, values.map(figure)).value);
  assert.deepEqual(written([0.9123, 0.05]), ["0.912", "0.050"]);
  assert.deepEqual(written([-3.054, 0.5]), ["−3.05", "0.50"]);
  assert.deepEqual(written([12.34, 0.5]), ["12.3", "0.5"]);
  assert.deepEqual(written([1234.5, 0.5]), ["1235", "1"]);
});

Deno.test("pValue() never rounds across 0.05 and has two digits that count", () => {
  assert.equal(pValue(0.0496), "0.0496");
  assert.equal(pValue(0.0504), "0.0504");
  assert.equal(pValue(0.0312), "0.031");
  assert.equal(pValue(0.0024), "0.0024");
  assert.equal(pValue(0.00009), "< 0.0001");
  assert.equal(pValue(0.456), "0.46");
  assert.equal(pValue(1), "1.00");
  assert.equal(pValue(NaN), "n/a");
});

Deno.test("counted(), duration() and listed() write as people do", () => {
  assert.equal(counted(1, "fold"), "1\u00a0fold");
  assert.equal(counted(11520, "window"), "11,520\u00a0windows");
  assert.equal(duration(41_532), "11\u00a0h 32\u00a0min");
  assert.equal(duration(42), "42\u00a0s");
  assert.equal(listed(["a"]), "a");
  assert.equal(listed(["a", "b", "c"]), "a, b and c");
});
