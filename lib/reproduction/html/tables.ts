/**
 * The report's tables: results, published results, baselines, comparisons.
 *
 * @module
 */

import {
  publishedAblation,
  publishedSource,
  type PublishedTable,
  publishedTransfer,
} from "../published_results.ts";
import type { MetricGroup, MetricInfo, ReportComparison, ReproductionReport } from "../report.ts";
import { metricGroups } from "../report.ts";
import { noNumber, type NumberFormat, numberFormat, shownFigure } from "../report_numbers.ts";
import { figuresOf, groupTitles, primaryMetrics, rowTitle } from "../report_reading.ts";
import { comparisonTexts, type FigureTexts, figureTexts, metricTexts } from "../report_texts.ts";
import { html, type Markup } from "./markup.ts";

/** A box in which a wide table scrolls by touch and by keyboard. */
export function scrollBox(label: string, table: Markup): Markup {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}">${table}</div>`;
}

/** The metric's title with its unit and the good direction, as an arrow with words. */
export function metricHeading(metric: MetricInfo, format: Pick<NumberFormat, "unit">): Markup {
  const direction = {
    higher: ["↑", "higher is better"],
    lower: ["↓", "lower is better"],
    chance: [
      "→",
      "should stay at chance",
    ],
  }[metric.better];
  return html`
    ${metric.title}${format.unit && ` (${format.unit})`} <abbr class="direction"
      title="${direction[1]}"><span aria-hidden="true">${direction[0]}</span><span class="unseen">${direction[
        1
      ]}</span></abbr>
  `;
}

/** Metrics down, rows of the comparison across, as in the paper. */
export function resultsTable(
  report: ReproductionReport,
  title: string,
  shown: readonly MetricInfo[],
): Markup {
  const groups = metricGroups.filter((group) => shown.some((metric) => metric.group === group));
  return scrollBox(
    title,
    html`<table class="results"><caption>${title}</caption><thead><tr><th scope="col">Metric</th>
    <th scope="col" class="chance-column">Chance</th>${
      report.rows.map((row) =>
        html`<th scope="col">${row.title}${
          row.isControl
            ? html`
              <small>control, must fail</small>
            `
            : null
        }</th>`
      )
    }</tr></thead>${
      groups.map((group) => groupBody(report, group, shown.filter((metric) => metric.group === group)))
    }</table>`,
  );
}

function groupBody(report: ReproductionReport, group: MetricGroup, metrics: readonly MetricInfo[]): Markup {
  return html`<tbody><tr class="group"><th scope="rowgroup" colspan="${report.rows.length + 2}"><span>${
    groupTitles[group]
  }</span></th></tr>${metrics.map((metric) => metricRow(report, metric))}</tbody>`;
}

function metricRow(report: ReproductionReport, metric: MetricInfo): Markup {
  const { unit, chance, cells } = metricTexts(report, metric);
  return html`<tr><th scope="row">${
    metricHeading(metric, { unit })
  }</th><td class="chance-column">${chance}</td>${cells.map(figureCell)}</tr>`;
}

function figureCell(figure: FigureTexts | null): Markup {
  if (!figure) return html`<td class="none">${noNumber}</td>`;
  const { value, deviation, interval, chance, isBest } = figure;
  const notes = [
    [interval, ""],
    [figure.coversChance ? "covers chance" : "", "at-chance"],
    [chance && `chance ${chance}`, ""],
  ].filter(([note]) => note !== "");
  return html`<td class="${isBest ? "best" : ""}">${isBest ? bestMark(value) : value} ${
    deviation && html`<span class="deviation">${deviation}</span>`
  }${notes.map(([note, kind]) => html`<small class="${kind}">${note}</small>`)}</td>`;
}

function bestMark(text: string): Markup {
  return html`<strong>${text}</strong><span class="star" aria-hidden="true">★</span><span class="unseen"> best</span>`;
}

/** Baselines without a network, where there are any. */
export function baselinesTable(report: ReproductionReport): Markup | null {
  const metrics = primaryMetrics(report).filter(({ key }) =>
    report.baselines.some(({ figures }) => shownFigure(figures[key]))
  );
  if (metrics.length === 0) return null;
  return scrollBox(
    "Baselines without a network",
    html`
      <table class="results">
        <caption>Baselines that need no network: a row that does no better has learned nothing
          of the picture</caption>
        <thead>
          <tr><th scope="col">Metric</th>${report.baselines.map(({ title }) =>
            html`<th scope="col">${title}</th>`
          )}</tr>
        </thead>
        <tbody>${metrics.map((metric) => {
          const format = numberFormat(metric, figuresOf(report, metric.key));
          return html`<tr><th scope="row">${metricHeading(metric, format)}</th>${
            report.baselines.map(({ figures }) => figureCell(figureTexts(figures[metric.key], format)))
          }</tr>`;
        })}</tbody>
      </table>
    `,
  );
}

/** Both tables of the paper. */
export function publishedTables(report: ReproductionReport): Markup {
  return html`
    <p><strong>As published, on private data; not comparable in absolute numbers.</strong> The paper’s scans
      are not public, so only the order of its columns can be compared with the order found here. ${publishedSource}.
      Where a value has ±, that is the standard deviation over three folds of scans.</p>
    <div class="published">${[publishedTransfer, publishedAblation].map((table) =>
      publishedTable(report, table)
    )}</div>
  `;
}

function publishedTable(report: ReproductionReport, { title, columns, rows }: PublishedTable): Markup {
  return scrollBox(
    `As published: ${title}`,
    html`
      <table>
        <caption>As published: ${title}</caption>
        <thead>
          <tr><th scope="col">Metric</th>${columns.map((column) =>
            html`<th scope="col">${column.title}<small>${
              column.counterpart === null ? "not done here" : `here: ${rowTitle(report, column.counterpart)}`
            }</small></th>`
          )}</tr>
        </thead>
        <tbody>${rows.map((row) =>
          html`<tr><th scope="row">${row.title}</th>${
            row.values.map((value) => html`<td>${value}</td>`)
          }</tr>`
        )}</tbody>
      </table>
    `,
  );
}

const signs = { holds: "▲", open: "○", reversed: "▼" } as const;

/** Every ordering that was tested. */
export function comparisonsTable(report: ReproductionReport): Markup {
  const bodies = (["paper", "ours"] as const).map((claimedBy) => {
    const tests = report.comparisons.filter((test) => test.claimedBy === claimedBy);
    if (tests.length === 0) return null;
    const heading = claimedBy === "paper"
      ? "Orderings of the paper’s table"
      : "Orderings that this project adds";
    return html`<tbody><tr class="group"><th scope="rowgroup" colspan="7"><span>${heading}</span></th></tr>${
      tests.map((test) => comparisonRow(report, test))
    }</tbody>`;
  });
  return scrollBox(
    "Table of comparisons",
    html`
      <table
        class="comparisons"><caption>Differences are better minus worse, signed so that above 0 the order holds;
          those of shares are in percentage points</caption><thead><tr><th scope="col">Ordering tested</th>
          <th scope="col">Metric</th><th scope="col">Difference</th><th scope="col">p</th><th scope="col">adjusted p</th>
          <th scope="col">smallest possible p</th><th scope="col">Verdict</th></tr></thead>${bodies}</table>
    `,
  );
}

function comparisonRow(report: ReproductionReport, test: ReportComparison): Markup {
  const texts = comparisonTexts(report, test);
  return html`
    <tr class="${texts.verdict}">
      <th scope="row">${texts.ordering}</th>
      <td class="words">${texts.metric}</td>
      <td>${texts.difference}${texts.interval && html`<small>${texts.interval}</small>`}</td>
      <td>${texts.pValue}</td>
      <td>${texts.adjustedPValue}</td>
      <td>${texts.smallestPValue}</td>
      <td
        class="words verdict"><span class="sign" aria-hidden="true">${signs[texts.verdict]}</span> <b>${texts
          .verdict}</b><small>${texts.sentence}</small></td>
    </tr>
  `;
}
