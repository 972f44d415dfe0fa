/**
 * The report's plots of metrics, label efficiency and losses.
 *
 * @module
 */

import type { LabelSharePoint, LossCurve, MetricGroup, MetricInfo, ReproductionReport } from "../report.ts";
import {
  count,
  counted,
  fixed,
  isNumber,
  listed,
  noNumber,
  numberFormat,
  shareFormat,
  shownFigure,
} from "../report_numbers.ts";
import { extentOf, figuresOf, groupTitles, primaryMetrics } from "../report_reading.ts";
import { curvePlot, type Point } from "./curve_plot.ts";
import { intervalPlot, type IntervalPlotRow } from "./interval_plot.ts";
import { html, type Markup } from "./markup.ts";
import { exactScale, linearScale, logScale, percentTick, plainTick } from "./scale.ts";
import { metricHeading } from "./tables.ts";

/** Dots with intervals for every primary metric of the groups, each group under its name when there are several. */
export function metricPlots(report: ReproductionReport, groups: readonly MetricGroup[]): Markup | null {
  const shown = primaryMetrics(report);
  const parts = groups.flatMap((group) => {
    const metrics = shown.filter((metric) => metric.group === group);
    if (metrics.length === 0) return [];
    const panels = metrics.map((metric) => metricPanel(report, metric, `plot-${shown.indexOf(metric)}`));
    return html`${
      groups.length > 1 ? html`<h3>${groupTitles[group]}</h3>` : null
    }<div class="panels">${panels}</div>`;
  });
  return parts.length === 0 ? null : html`${parts}`;
}

/** Rows that cannot do it are named beneath. */
function metricPanel(report: ReproductionReport, metric: MetricInfo, id: string): Markup {
  const format = numberFormat(metric, figuresOf(report, metric.key));
  const lines = [
    ...report.baselines.map((baseline) => ({ ...baseline, mark: "square" as const })),
    ...report.rows.map((row) => ({ ...row, mark: row.isControl ? "diamond" as const : "dot" as const })),
  ].flatMap(({ title, mark, figures }): IntervalPlotRow[] => {
    const figure = shownFigure(figures[metric.key]);
    return figure ? [{ title, mark, figure }] : [];
  });
  const without = report.rows.filter(({ figures }) => !shownFigure(figures[metric.key]));
  return html`<figure class="panel"><figcaption>${metricHeading(metric, format)}</figcaption>${
    intervalPlot({ id, metric, rows: lines, format })
  }${
    without.length === 0
      ? null
      : html`<p class="cannot">${noNumber}: ${listed(without.map(({ title }) => title))}</p>`
  }</figure>`;
}

/** F1 of frozen features over the share of labelled subjects, a panel for each row. */
export function labelEfficiencyPlots(report: ReproductionReport): Markup | null {
  const rows = report.rows.map((row) => ({
    title: row.title,
    points: row.labelEfficiency.filter(({ f1, share }) => shownFigure(f1) && isNumber(share) && share > 0),
  })).filter(({ points }) => points.length > 0);
  if (rows.length === 0) return null;
  const all = rows.flatMap(({ points }) => points);
  const x = logScale(all.map(({ share }) => share));
  const y = linearScale(extentOf(all.map(({ f1 }) => ({ ...f1, runs: [] })))!);
  const lines = rows.map(({ points }) => points.map(({ share, f1 }): Point => [share, f1.value]));
  const chance = all.find(({ f1 }) => isNumber(f1.chance))?.f1.chance ?? null;
  const panels = rows.map(({ title, points }, i) =>
    html`<figure class="panel"><figcaption>${title}</figcaption>${
      curvePlot({
        id: `labels-${i}`,
        title: `Label efficiency: ${title}`,
        description: points.map(({ share, subjects, f1 }) =>
          `F1 ${shareFormat.withUnit(f1.value)} ${shareFormat.interval(f1.interval)}`.trim() +
          ` with ${fixed(100 * share, 0)} % of the subjects (${fixed(subjects, 0)})`
        ).join("; ") + ".",
        x: {
          title: "share of the labelled subjects",
          scale: x,
          text: (share) => `${fixed(100 * share, 0)} %`,
        },
        y: { title: "F1", scale: y, text: percentTick(y) },
        line: lines[i],
        hasMarks: true,
        band: points.flatMap(({ share, f1 }) =>
          f1.interval?.every(isNumber) ? { x: share, interval: f1.interval } : []
        ),
        faint: lines.filter((_, other) => other !== i),
        level: chance === null || y.place(chance) < 0 || y.place(chance) > 1
          ? undefined
          : { value: chance, title: `chance ${shareFormat.withUnit(chance)}` },
      })
    }</figure>`
  );
  return html`
    <p>Macro F1 of linear probes on frozen features when labels of only some subjects are used. The band is the
      95 % interval; faint lines are the other rows. ${subjectsInWords(
        all,
      )}${chance !== null && y.place(chance) < 0
        ? ` Chance, ${shareFormat.withUnit(chance)}, lies below the axis.`
        : ""}</p>
    <div class="panels">${panels}</div>
  `;
}

/** As "100 % are 16 subjects, 6 % are 1 subject." */
function subjectsInWords(points: readonly LabelSharePoint[]): string {
  const sorted = points.toSorted((a, b) => b.share - a.share);
  const words = [sorted[0], sorted.at(-1)!].map(({ share, subjects }) =>
    `${fixed(100 * share, 0)} % are ${
      isNumber(subjects) ? counted(Math.round(subjects), "subject") : noNumber
    }`
  );
  return `${[...new Set(words)].join(", ")}.`;
}

/** Training losses: for each loss a panel a row, on one scale. */
export function lossPlots(report: ReproductionReport): Markup | null {
  const all = report.rows.flatMap(({ title, curves }) =>
    curves.map((curve) => ({ title, curve, line: lossLine(curve) })).filter(({ line }) => line.length > 1)
  );
  if (all.length === 0) return null;
  const names = [...new Set(all.map(({ curve }) => curve.name))];
  return html`<p>Smoothed, of the first seed. The dashed line is the loss when nothing is learned; faint lines are the
  other rows.</p>${
    names.map((name) => {
      const same = all.filter(({ curve }) => curve.name === name);
      const x = exactScale([0, Math.max(...same.flatMap(({ line }) => line.map(([step]) => step)))], 3);
      const y = linearScale(
        extentOf(
          [],
          same.flatMap(({ line, curve }) => [curve.chance, ...line.map(([, value]) => value)]),
        )!,
      );
      const panels = same.map(({ title, curve, line }, i) =>
        html`<figure class="panel small"><figcaption>${title}</figcaption>${
          curvePlot({
            id: `loss-${names.indexOf(name)}-${i}`,
            title: `${name}: ${title}`,
            description: `From ${fixed(line[0][1], 3)} to ${fixed(line.at(-1)![1], 3)} in ${
              count(line.at(-1)![0])
            } steps.${isNumber(curve.chance) ? ` Chance is ${fixed(curve.chance, 3)}.` : ""}`,
            x: { title: "steps", scale: x, text: plainTick(x) },
            y: { title: "nats", scale: y, text: plainTick(y) },
            line,
            faint: same.filter((_, other) => other !== i).map((other) => other.line),
            level: isNumber(curve.chance)
              ? { value: curve.chance, title: `chance ${fixed(curve.chance, 2)}` }
              : undefined,
          })
        }</figure>`
      );
      return html`
        <h3><code>${name}</code>, nats</h3>
        <div class="panels small">${panels}</div>
      `;
    })
  }`;
}

function lossLine({ steps, values }: LossCurve): Point[] {
  return steps.map((step, i): Point => [step, values[i]]).filter((point) => point.every(isNumber));
}
