import assert from "node:assert/strict";
import { certificateCheck, shuffledControl } from "../../../lib/reproduction/checks.ts";
import { trackRules } from "../../../lib/data/change_track.ts";
import type { Figure, ReportRow, RowId } from "../../../lib/reproduction/report.ts";

function row(id: RowId, interval: [number, number]): ReportRow {
  const figure: Figure = {
    value: (interval[0] + interval[1]) / 2,
    standardDeviation: null,
    interval,
    chance: 0,
    runs: [],
  };
  const figures = {
    "retrieval.conceptLiftSpeechToVideo": figure,
    "retrieval.conceptLiftVideoToSpeech": {
      ...figure,
      value: 0,
      interval: [-0.05, 0.05] as [number, number],
    },
  };
  return { id, title: id, description: "", isControl: false, figures, labelEfficiency: [], curves: [] };
}

Deno.test("shuffledControl() holds when the intervals reach down to chance", () => {
  const checks = shuffledControl([row("paper", [0.2, 0.3]), row("shuffled", [-0.01, 0.02])]);
  assert.deepEqual(checks.map(({ holds }) => holds), [true]);
  assert.match(checks[0].found, /\+0\.5 % \[−1\.0 %, \+2\.0 %\] and \+0\.0 %/);
});

Deno.test("shuffledControl() fails when shuffled pairs are retrieved above chance", () => {
  const [shuffled] = shuffledControl([row("shuffled", [0.01, 0.04])]);
  assert.equal(shuffled.holds, false);
});

Deno.test("shuffledControl() says nothing of rows that are not there", () => {
  assert.deepEqual(shuffledControl([row("paper", [0.3, 0.4])]), []);
});

Deno.test("certificateCheck() holds for disjoint splits and fails for a shared subject or a copy", () => {
  const split = (...subjects: string[]) => ({ subjects, scans: subjects.length, windows: 10 });
  const certificate = {
    version: 1,
    datasetId: "d",
    splits: { train: split("a", "b"), validation: split("c"), test: split("d") },
    windowsCompared: 2160,
    rules: trackRules,
    nearDuplicates: 0,
  };
  const check = certificateCheck(certificate);
  assert.equal(check.holds, true);
  assert.match(check.found, /2 and 2 subjects, 0 in both; of 2,160 windows/);
  assert.equal(certificateCheck({ ...certificate, nearDuplicates: 1 }).holds, false);
  const shared = { ...certificate.splits, test: split("b") };
  assert.equal(certificateCheck({ ...certificate, splits: shared }).holds, false);
});
