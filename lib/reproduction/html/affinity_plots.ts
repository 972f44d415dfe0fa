/**
 * How well scores find the windows whose speech is about the picture, as plots.
 *
 * @module
 */

import type { AffinityCurve, ReproductionReport } from "../report.ts";
import { count, fixed, isNumber, numberFormat, shareFormat } from "../report_numbers.ts";
import { rowTitle } from "../report_reading.ts";
import { curvePlot, type Point } from "./curve_plot.ts";
import { html, type Markup } from "./markup.ts";
import { exactScale, linearScale, percentTick, plainTick } from "./scale.ts";

/** ROC curves and how often windows of each score are related. */
export function affinityPlots(report: ReproductionReport): Markup | null {
  const curves = report.affinity;
  if (curves.length === 0) return null;
  const unit = linearScale([0, 1], 2);
  const panels = curves.map((curve, i) =>
    html`
      <figure
        class="panel"><figcaption>${curve.title}${curve.row
          ? html`<small>learned by: ${rowTitle(report, curve.row)}</small>`
          : null}</figcaption>${curvePlot({
            id: `roc-${i}`,
            title: `ROC curve: ${curve.title}`,
            description: `Area ${aucText(curve)}. Chance is 0.5.`,
            x: { title: "false positive rate", scale: unit, text: plainTick(unit) },
            y: { title: "true positive rate", scale: unit, text: plainTick(unit) },
            line: curve.roc,
            faint: curves.filter((_, other) => other !== i).map(({ roc }) => roc),
            guide: [[0, 0], [1, 1]],
          })}<dl class="figures"><div><dt>area</dt><dd>${aucText(
            curve,
          )}</dd></div><div><dt>average precision</dt><dd>${precisionText(
            curve,
          )}</dd></div></dl>${calibrationPlot(curve, i)}</figure>
    `
  );
  return html`
    <p>How well a score finds the windows whose speech is about the picture. Above, the ROC curve with chance as
      the dotted diagonal and the other scores faint; below, the share of related windows in bins of equally many
      windows, with their overall share dashed.</p>
    <div class="panels">${panels}</div>
  `;
}

function aucText({ auc }: AffinityCurve): string {
  const format = numberFormat({ unit: "number" }, [auc]);
  return `${format.value(auc.value)} ${format.interval(auc.interval)}`.trim();
}

function precisionText({ averagePrecision: { value, interval, chance } }: AffinityCurve): string {
  const format = numberFormat({ unit: "number" }, [{
    value,
    interval,
    chance,
    runs: [],
    standardDeviation: null,
  }]);
  const beside = isNumber(chance) ? `, chance ${format.value(chance)}` : "";
  return `${format.value(value)} ${format.interval(interval)}`.trim() + beside;
}

function calibrationPlot({ title, calibration }: AffinityCurve, number: number): Markup | null {
  const bins = calibration.filter(({ score, relatedShare }) => isNumber(score) && isNumber(relatedShare));
  if (bins.length < 2) return null;
  const line = bins.map(({ score, relatedShare }): Point => [score, relatedShare]);
  const windows = bins.reduce((sum, bin) => sum + bin.windows, 0);
  const share = bins.reduce((sum, bin) => sum + bin.windows * bin.relatedShare, 0) / Math.max(1, windows);
  const scores = bins.map(({ score }) => score);
  const x = exactScale([Math.min(...scores), Math.max(...scores)]);
  const y = linearScale([0, 1], 2);
  return curvePlot({
    id: `calibration-${number}`,
    title: `Calibration: ${title}`,
    description: bins.map(({ score, relatedShare, windows }) =>
      `score ${fixed(score, 2)}: ${shareFormat.withUnit(relatedShare)} of ${count(windows)}`
    ).join("; ") + ".",
    x: { title: "mean score of the bin", scale: x, text: plainTick(x) },
    y: { title: "share of related windows", scale: y, text: percentTick(y) },
    line,
    hasMarks: true,
    level: { value: share, title: `all windows ${shareFormat.withUnit(share)}` },
  });
}
