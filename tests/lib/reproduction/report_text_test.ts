import assert from "node:assert/strict";
import { renderReportText, textWidth } from "../../../lib/reproduction/report_text.ts";
import { fakeReport } from "../../helpers/fake_report.ts";

const spaces = /[\s\u00a0]+/g;

Deno.test("renderReportText() keeps to the width, whatever the names, and passes on no control characters", () => {
  const report = fakeReport();
  report.rows[0].title = "a\u001b[31m" + "very".repeat(60);
  report.checks[0].name = "b\u0007" + "long".repeat(60);
  report.metrics[0].title = "c".repeat(200);
  report.device = "d\u009b31m";
  const text = renderReportText(report);
  for (const line of text.split("\n")) assert.ok([...line].length <= textWidth, line);
  assert.doesNotMatch(text.replaceAll("\n", ""), /\p{Cc}/u);
  assert.match(text, /a\?\[31m/);
});

Deno.test("renderReportText() has every primary figure with its interval, and chance", () => {
  const text = renderReportText(fakeReport());
  const line = (start: string) => text.split("\n").find((one) => one.startsWith(start))!.replace(spaces, " ");
  assert.equal(line("Random "), "Random 40.2 [35.2, 44.6] 43.0 [38.1, 47.2]");
  assert.equal(line("chance "), "chance 6.6 7.1");
  assert.match(line("Supervised "), /^Supervised 86\.1 \[81\.1, 90\.5\]\* 87\.4/);
  for (const { key, unit, isPrimary } of fakeReport().metrics) {
    for (const { figures } of isPrimary && unit === "share" ? fakeReport().rows : []) {
      if (figures[key]) {
        assert.ok(
          text.includes(` ${(100 * figures[key].value).toFixed(1)} `),
          `${key} ${figures[key].value}`,
        );
      }
    }
  }
  assert.match(text, /^n\/a: Random, Video only and Supervised$/m);
});

Deno.test("renderReportText() tells comparisons, checks and the verdict in words", () => {
  const text = renderReportText(fakeReport()).replace(spaces, " ");
  assert.match(
    text,
    /holds Video only better than Random, F1, macro over 13 planes: \+11\.0 \[5\.6, 15\.9\], adjusted p 0\.0016/,
  );
  assert.match(text, /reversed Correlation \+ contrast better than Correlation, NSS: −0\.24/);
  assert.match(text, /FAILS certificate: One of 72 differs\. holds shuffled pairs: /);
  assert.match(
    text,
    /Of 12 orderings of the paper’s table, 8 hold at adjusted p < 0\.05, 3 are open, 1 is reversed\./,
  );
});

Deno.test("renderReportText() of a report without results says so and shows no empty parts", () => {
  const report = fakeReport();
  const text = renderReportText({
    ...report,
    rows: report.rows.map((row) => ({ ...row, figures: {} })),
    baselines: [],
    comparisons: [],
    checks: [],
  });
  assert.equal(text.split("\n\n").length, 2);
  assert.match(text, /No ordering was tested, so nothing is concluded\./);
  assert.doesNotMatch(text, /NaN|undefined|null|chance/);
});
