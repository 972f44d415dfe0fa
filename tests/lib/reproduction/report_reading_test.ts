import assert from "node:assert/strict";
import { significance, summarySentences } from "../../../lib/reproduction/report_reading.ts";
import {
  clearWinner,
  commonChance,
  couldDecide,
  coversChance,
} from "../../../lib/reproduction/report_reading.ts";
import type { Figure, ReportComparison } from "../../../lib/reproduction/report.ts";
import { fakeReport } from "../../helpers/fake_report.ts";

const f1 = fakeReport().metrics[0];

function comparison(change: Partial<ReportComparison>): ReportComparison {
  return { ...fakeReport().comparisons[0], ...change };
}

Deno.test("clearWinner() is the best row when it was found better than the next best", () => {
  assert.equal(clearWinner(fakeReport(), f1), "supervised");
});

Deno.test("clearWinner() is nobody when the next best was not compared, or is not told apart", () => {
  const report = fakeReport();
  const isDecisive = ({ metric, worse }: ReportComparison) => metric === f1.key && worse === "learned";
  report.comparisons = report.comparisons.filter((test) => !isDecisive(test));
  assert.equal(clearWinner(report, f1), null);
  report.comparisons.push(
    comparison({ metric: f1.key, better: "supervised", worse: "learned", verdict: "open" }),
  );
  assert.equal(clearWinner(report, f1), null);
});

Deno.test("clearWinner() is nobody when it does not beat another row it was compared with", () => {
  const report = fakeReport();
  report.comparisons.push(
    comparison({ metric: f1.key, better: "supervised", worse: "video", verdict: "open" }),
  );
  assert.equal(clearWinner(report, f1), null);
});

Deno.test("clearWinner() takes the lowest where lower is better, and a reversed ordering as a win of its worse row", () => {
  const report = fakeReport();
  const kl = report.metrics.find(({ key }) => key === "gaze.kl")!;
  report.comparisons = [
    comparison({ metric: kl.key, better: "learned", worse: "supervised", verdict: "reversed" }),
  ];
  assert.equal(clearWinner(report, kl), "supervised");
  assert.equal(clearWinner(report, { ...kl, better: "chance" }), null);
});

Deno.test("summarySentences() counts the verdicts of each kind and names what is reversed and what fails", () => {
  const [paper, ours, reversed, checks, ...rest] = summarySentences(fakeReport());
  assert.equal(
    paper,
    "Of 12\u00a0orderings of the paper’s table, 8 hold at adjusted p < 0.05, 3 are open, 1 is reversed.",
  );
  assert.equal(
    ours,
    "Of 4\u00a0orderings that this project adds, 2 hold at adjusted p < 0.05, 2 are open, 0 are reversed.",
  );
  assert.equal(reversed, "Reversed: NSS (Correlation before Correlation + contrast).");
  assert.match(checks, /^1 of 4\u00a0checks fails \(certificate\).*prove nothing\.$/);
  assert.deepEqual(rest, []);
});

Deno.test("summarySentences() claims nothing without comparisons or checks", () => {
  assert.deepEqual(summarySentences({ ...fakeReport(), comparisons: [], checks: [] }), [
    "No ordering was tested, so nothing is concluded.",
    "No check was made of what the numbers rest on.",
  ]);
});

Deno.test("couldDecide() is false when n times the smallest possible p is not below 0.05", () => {
  const tests = (n: number, smallestPValue: number) =>
    Array.from({ length: n }, () => comparison({ smallestPValue }));
  assert.equal(couldDecide(tests(1, 2 / 2 ** 6)), true);
  assert.equal(couldDecide(tests(2, 2 / 2 ** 6)), false);
  assert.equal(couldDecide(tests(1, significance)), false);
  assert.match(
    summarySentences({ ...fakeReport(), comparisons: tests(2, 0.03) }).join(" "),
    /could have been decided/,
  );
});

Deno.test("coversChance() and commonChance() need numbers that agree", () => {
  const figure: Figure = {
    value: 0.2,
    standardDeviation: null,
    interval: [0.1, 0.3],
    chance: 0.1,
    runs: [0.2],
  };
  assert.equal(coversChance(figure), true);
  assert.equal(coversChance({ ...figure, chance: 0.09 }), false);
  assert.equal(coversChance({ ...figure, interval: null }), null);
  assert.equal(commonChance([figure, { ...figure, value: 0.3 }]), 0.1);
  assert.equal(commonChance([figure, { ...figure, chance: null }]), null);
});
