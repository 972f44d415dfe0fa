/**
 * How it was done, how to do it again, what may not be concluded, and what the numbers mean.
 *
 * @module
 */

import type { ReproductionReport } from "../report.ts";
import { count, counted } from "../report_numbers.ts";
import { primaryMetrics, rowTitle, significance } from "../report_reading.ts";
import { rowIds } from "../report.ts";
import { html, type Markup } from "./markup.ts";

/** The rows, the recipe and the notes of the protocol. */
export function methodNotes(report: ReproductionReport): Markup {
  const { pretrainingSteps, fineTuningEpochs, notes } = report.protocol;
  const steps = rowIds.filter((id) => pretrainingSteps[id] !== undefined)
    .map((id) => `${rowTitle(report, id)} ${count(pretrainingSteps[id]!)}`);
  return html`
    <dl class="terms">${report.rows.map(({ title, description }) =>
      html`
        <div>
          <dt>${title}</dt>
          <dd>${description}</dd>
        </div>
      `
    )}</dl>
    <ul>${steps.length === 0
      ? null
      : html`<li>Training steps without labels: ${steps.join(", ")}.</li>`}<li>${counted(
        fineTuningEpochs,
        "epoch",
      )} of fine-tuning for each task.</li>${notes.map((note) => html`<li>${note}</li>`)}</ul>
  `;
}

/** The command, and what to compare. */
export function howToReproduce({ protocol, programVersion }: ReproductionReport): Markup {
  return html`
    <pre tabindex="0" aria-label="Command"><code>${protocol.command}</code></pre>
    <p>With Sonospeech ${programVersion} the dataset’s hash must come out as <code>${protocol
      .datasetHash}</code>; on one
      device the same seeds give the same numbers. Every number of this page, and those that it leaves out, are in
      <code>report.json</code> beside it.</p>
  `;
}

/** Limits that follow from how it was done. */
export function limits(report: ReproductionReport): Markup {
  const { isSynthetic, size, subjects, seeds } = report.protocol;
  const open = report.comparisons.filter(({ verdict }) => verdict === "open").length;
  const failed = report.checks.filter(({ holds }) => !holds).length;
  const sentences = [
    isSynthetic &&
    "Nothing about patients: synthetic scans are simpler than real ones, and their narration was written by rule.",
    "Nothing about the paper’s absolute numbers: data, networks’ sizes and lengths of training differ.",
    open > 0 &&
    `Not that two rows are equal where a comparison is open (${
        count(open)
      } here): it only says that this many ` +
      "subjects do not tell them apart.",
    `Nothing about other subjects than ones like the ${
      count(subjects.transfer)
    } tested here: intervals come from ` +
    "drawing these again.",
    seeds.length < 3 &&
    `Little about how much training varies: there ${
      seeds.length === 1 ? "is one seed" : `are ${seeds.length} seeds`
    }.`,
    "Not that a row is best because its number is the largest: only ★ and the comparisons say so.",
    size === "quick" && "Nothing about the method at full length: this was a quick run.",
    failed > 0 && "Nothing from the orderings, as long as a check fails.",
  ];
  return html`<ul>${sentences.map((text) => text ? html`<li>${text}</li>` : null)}</ul>`;
}

/** Of every metric shown, and of the words used throughout. */
export function definitions(report: ReproductionReport): Markup {
  const words: [string, string][] = [
    [
      "Value ± deviation",
      "The score of all test items together, averaged over seeds, and the standard deviation of the scores of single " +
      "runs (each seed, or each seed and fold).",
    ],
    [
      "95 % interval",
      "Bootstrap over subjects, corrected for bias and skew (BCa): subjects are drawn with replacement, and the score " +
      "of those drawn is averaged over seeds (Efron, Better bootstrap confidence intervals, 1987). With fewer than some " +
      "twenty subjects it is narrower than it should be.",
    ],
    ["Chance", "The same number for answers that know nothing of the picture."],
    ["Covers chance", "The interval holds the chance level: the row is not told apart from knowing nothing."],
    [
      "p",
      "Two-sided permutation test that exchanges the two rows within subjects (Fisher, The design of experiments, " +
      "1935; Phipson and Smyth, 2010). The smallest possible p is the least that this many subjects allow.",
    ],
    [
      "Adjusted p",
      "Corrected for all comparisons of the report (Holm, A simple sequentially rejective multiple test procedure, " +
      `1979); an ordering holds or is reversed below ${significance}, else it is open.`,
    ],
    ["★", "The best number, found better than the next best and than every other row it was compared with."],
  ];
  const metrics = primaryMetrics(report).map((
    { title, definition },
  ): [string, string] => [title, definition]);
  return html`<dl class="terms">${
    [...words, ...metrics].map(([word, text]) =>
      html`
        <div>
          <dt>${word}</dt>
          <dd>${text}</dd>
        </div>
      `
    )
  }</dl>`;
}
