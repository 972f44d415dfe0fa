/**
 * A report as one page that needs nothing else: no scripts, no fonts, no network.
 *
 * @module
 */

import { raw } from "hono/html";
import { affinityPlots } from "./html/affinity_plots.ts";
import { confusionTable } from "./html/confusion_table.ts";
import { html, type Markup } from "./html/markup.ts";
import { definitions, howToReproduce, limits, methodNotes } from "./html/notes.ts";
import { labelEfficiencyPlots, lossPlots, metricPlots } from "./html/plots.ts";
import { saliencyPictures } from "./html/saliency_pictures.ts";
import { style } from "./html/style.ts";
import { checks, pageHead, verdict } from "./html/summary.ts";
import { baselinesTable, comparisonsTable, publishedTables, resultsTable } from "./html/tables.ts";
import type { MetricGroup, ReproductionReport } from "./report.ts";
import { noNumber } from "./report_numbers.ts";
import { highlightedRows, primaryMetrics } from "./report_reading.ts";

/** Nothing may be loaded or run, but for the page's own style and pictures inside it. */
const contentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** A part of the page; one without content is left out. */
interface Section {
  id: string;
  title: string;
  content: Markup | null;
}

/**
 * The whole page. It is a pure function of the report: the same report gives the same bytes. All text of the report is
 * escaped; parts that the report has no data for are left out.
 */
export function renderReport(report: ReproductionReport): string {
  const sections = sectionsOf(report).filter(({ content }) => content !== null);
  return String(html`
    ${raw("<!doctype html>")}
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="${raw(contentSecurityPolicy)}">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex">
        <title>Reproduction report · Sonospeech</title>
        <style>${raw(style)}</style>
      </head>
      <body><a class="skip" href="#verdict">Skip to the verdict</a>
    <nav aria-label="Sections"><ol>${sections.map(({ id, title }) =>
      html`<li><a href="#${id}">${title}</a></li>`
    )}</ol></nav>
    <main>${pageHead(report)}${sections.map(({ id, title, content }) =>
      html`
        <section id="${id}"
          aria-labelledby="${id}-heading"><h2 id="${id}-heading">${title}</h2>${content}</section>
      `
    )}</main></body>
    </html>
  `);
}

function sectionsOf(report: ReproductionReport): Section[] {
  const plotted: MetricGroup[] = ["planes", "gaze", "probe", "retrieval", "affinity"];
  return [
    { id: "verdict", title: "Verdict", content: verdict(report) },
    { id: "checks", title: "Checks", content: checks(report) },
    { id: "results", title: "Results", content: results(report) },
    { id: "published", title: "As published", content: publishedTables(report) },
    { id: "plots", title: "Results as plots", content: plots(report, plotted) },
    { id: "comparisons", title: "Comparisons", content: comparisons(report) },
    { id: "confusion", title: "Confusion of planes", content: confusion(report) },
    { id: "labels", title: "Label efficiency", content: labelEfficiencyPlots(report) },
    { id: "losses", title: "Losses in training", content: lossPlots(report) },
    { id: "affinity", title: "Affinity", content: affinityPlots(report) },
    { id: "confounds", title: "Confounds", content: confounds(report) },
    { id: "saliency", title: "Where people look", content: saliency(report) },
    { id: "method", title: "How it was done", content: methodNotes(report) },
    { id: "reproduce", title: "How to do it again", content: howToReproduce(report) },
    { id: "limits", title: "What may not be concluded", content: limits(report) },
    { id: "definitions", title: "Definitions", content: definitions(report) },
  ];
}

function results(report: ReproductionReport): Markup {
  const metrics = primaryMetrics(report);
  if (metrics.length === 0) return html`<p class="note">No numbers were found.</p>`;
  return html`<p>The score of all test items ± the standard deviation of single runs, with the 95 % interval over subjects
  beneath. ★ stands where a row was found better than the next best and than all it was compared with; a larger number alone is not
  marked. ${noNumber}: the row cannot do it.</p>${
    resultsTable(report, "Results by metric and row", metrics)
  }${baselinesTable(report)}`;
}

function plots(report: ReproductionReport, groups: readonly MetricGroup[]): Markup | null {
  const content = metricPlots(report, groups);
  return content && html`<p>${plotKey}</p>${content}`;
}

const plotKey =
  "The mark is the value and the line its 95 % interval; faint dots beneath are single runs. Round marks " +
  "are rows of the comparison, diamonds controls that must fail, squares baselines without a network. The dashed " +
  "line is chance.";

function comparisons(report: ReproductionReport): Markup {
  return report.comparisons.length === 0
    ? html`<p class="note">No orderings were tested.</p>`
    : comparisonsTable(report);
}

function confusion(report: ReproductionReport): Markup | null {
  const rows = report.rows.filter(({ confusion }) => confusion && confusion.classes.length > 0);
  if (rows.length === 0) return null;
  const open = highlightedRows(report);
  return html`<p>Of the test pictures of all folds and seeds.</p>${
    rows.map(({ id, title, confusion }) =>
      html`<details ${raw(open.has(id) ? "open" : "")}><summary>${title}</summary>${
        confusionTable(title, confusion!)
      }</details>`
    )
  }`;
}

function confounds(report: ReproductionReport): Markup | null {
  const metrics = primaryMetrics(report).filter(({ group }) => group === "confounds");
  if (metrics.length === 0) return null;
  return html`<p>What a row may have learned instead of anatomy. These numbers should stay at chance: an interval that
  lies off the dashed line means that the features tell it.</p>${metricPlots(report, ["confounds"])}`;
}

function saliency(report: ReproductionReport): Markup | null {
  if (report.saliencyExamples.length === 0) return null;
  return html`<p>Test pictures, the measured gaze map, and each row’s prediction, each map scaled to its own maximum.</p>${
    saliencyPictures(report.saliencyExamples)
  }`;
}
