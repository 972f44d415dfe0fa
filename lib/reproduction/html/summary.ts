/**
 * The report's head: what was compared on what, what came of it, and whether it can be trusted.
 *
 * @module
 */

import type { ReproductionReport } from "../report.ts";
import { count, counted, duration, listed } from "../report_numbers.ts";
import { groupTitles, primaryMetrics, summarySentences } from "../report_reading.ts";
import { html, type Markup } from "./markup.ts";

/** Title, what was compared, facts. */
export function pageHead(report: ReproductionReport): Markup {
  const { protocol } = report;
  return html`
    <header>
      <p class="kicker">Sonospeech · reproduction report</p>
      <h1>Does speech teach an ultrasound encoder?</h1>
      <p
        class="lead">The comparison of Jiao et al., <cite>Self-Supervised Contrastive Video-Speech Representation Learning
      for Ultrasound</cite> (MICCAI 2020, arXiv:2008.06607), made again ${protocol.isSynthetic
        ? "on narrated synthetic scans, whose truth is known"
        : "on the scans of the dataset named below"}.</p>
      <p>${comparedInWords(report)}</p>
      <dl class="facts">${facts(report).map(([name, value]) =>
        html`
          <div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>
        `
      )}</dl>
    </header>
  `;
}

function comparedInWords(report: ReproductionReport): string {
  const { subjects, windows, folds, labelledPictures } = report.protocol;
  const groups = [...new Set(primaryMetrics(report).map(({ group }) => groupTitles[group].toLowerCase()))];
  const controls = report.rows.filter(({ isControl }) => isControl).length;
  const ways = `${counted(report.rows.length, "way")} to train one and the same encoder${
    controls === 0 ? "" : `, ${controls} of them there to fail,`
  }`;
  const tested = groups.length === 0 ? "are compared" : `are compared in: ${listed(groups)}`;
  return `${ways} ${tested}. Training without labels saw ${counted(windows.pretraining, "window")} of ` +
    `${counted(subjects.pretraining, "subject")}; the tasks were learned and tested on ` +
    `${counted(labelledPictures, "labelled picture")} of ${counted(subjects.transfer, "other subject")} ` +
    `in ${counted(folds, "fold")}. Nobody is in both.`;
}

function facts({ protocol, device, computeSeconds, finishedAt, programVersion }: ReproductionReport): [
  string,
  string | Markup,
][] {
  return [
    ["Size", protocol.size],
    ["Data", protocol.isSynthetic ? "synthetic, truth known" : "real"],
    ["Seeds", protocol.seeds.join(", ")],
    ["Folds", count(protocol.folds)],
    [
      "Subjects, pretraining / transfer",
      `${count(protocol.subjects.pretraining)} / ${count(protocol.subjects.transfer)}, disjoint`,
    ],
    [
      "Windows, pretraining / transfer",
      `${count(protocol.windows.pretraining)} / ${count(protocol.windows.transfer)}`,
    ],
    ["Device", device],
    ["Computing time", duration(computeSeconds)],
    ["Finished", finishedAt.replace("T", " ").replace(/(:\d\d)(\.\d+)?Z$/, "$1 UTC")],
    ["Program", `Sonospeech ${programVersion}`],
    ["Dataset hash", html`<code>${protocol.datasetHash}</code>`],
  ];
}

/** One paragraph that follows from comparisons and checks, and what kind of data it speaks of. */
export function verdict(report: ReproductionReport): Markup {
  const { size, isSynthetic } = report.protocol;
  const caveats = [
    isSynthetic
      ? "All of this is about synthetic scans; it shows how the method behaves, not what it is worth on patients."
      : "",
    size === "quick"
      ? "This was a quick run, made to show that everything works: too small to conclude from."
      : "",
  ].filter((text) => text !== "");
  return html`<p class="verdict-text">${summarySentences(report).join(" ")}</p>${
    caveats.length === 0 ? null : html`<p class="note">${caveats.join(" ")}</p>`
  }`;
}

/** The checks, those that fail first. */
export function checks(report: ReproductionReport): Markup {
  if (report.checks.length === 0) return html`<p class="note">No checks were made.</p>`;
  const sorted = report.checks.toSorted((a, b) => Number(a.holds) - Number(b.holds));
  return html`<ul class="checks">${
    sorted.map(({ name, must, found, holds }) =>
      html`
        <li class="${holds ? "held" : "failed"}">
          <h3><span class="stamp"><span aria-hidden="true">${holds ? "✓" : "✗"}</span> ${holds
            ? "holds"
            : "FAILS"}</span> ${name}</h3>
          <p><span class="term">Must:</span> ${must}</p>
          <p><span class="term">Found:</span> ${found}</p>
        </li>
      `
    )
  }</ul>`;
}
