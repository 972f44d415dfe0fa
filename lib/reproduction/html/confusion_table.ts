/**
 * A confusion matrix as a table: counts with their share of the true class, shaded by the share.
 *
 * @module
 */

import type { ConfusionCounts } from "../report.ts";
import { count, fixed, shareFormat } from "../report_numbers.ts";
import { accuracyOf } from "../report_reading.ts";
import { html, type Markup } from "./markup.ts";

/** Shades from 0, none, to 9; the style sheet gives each a colour and a text that can be read on it. */
function shadeOf(share: number): number {
  return share === 0 ? 0 : Math.min(9, 1 + Math.floor(share * 9));
}

/** The table inside a box that scrolls; rows are the truth, columns the answers. */
export function confusionTable(title: string, { classes, counts }: ConfusionCounts): Markup {
  const sums = counts.map((row) => row.reduce((sum, n) => sum + n, 0));
  const answers = classes.map((_, column) => counts.reduce((sum, row) => sum + row[column], 0));
  const total = sums.reduce((sum, n) => sum + n, 0);
  return html`
    <div class="scroll" role="region" tabindex="0" aria-label="Confusion matrix of ${title}">
      <table class="confusion">
        <caption>${title}: what each class was taken for. Rows are the truth, columns the answer;
        each cell has its count and, beneath, its share of the row in percent. Of ${count(
          total,
        )} answers ${shareFormat.withUnit(accuracyOf(counts))} are right.</caption>
        <thead>
          <tr><th scope="col" class="corner">truth ↓ answer →</th>${classes.map((name) =>
            html`<th scope="col" class="turned"><span>${name}</span></th>`
          )}<th scope="col" class="turned"><span>all</span></th></tr>
        </thead>
        <tbody>${classes.map((name, i) =>
          html`<tr><th scope="row">${name}</th>${
            counts[i].map((n, j) => cell(n, sums[i], i === j))
          }<td class="sum">${count(sums[i])}</td></tr>`
        )}</tbody>
        <tfoot>
          <tr><th scope="row">all</th>${answers.map((n) =>
            html`<td class="sum">${count(n)}</td>`
          )}<td class="sum">${count(total)}</td></tr>
        </tfoot>
      </table>
    </div>
  `;
}

function cell(n: number, sum: number, isRight: boolean): Markup {
  const share = sum === 0 ? 0 : n / sum;
  return html`<td class="s${shadeOf(share)} ${isRight ? "right" : ""}">${count(n)}${
    n === 0 ? null : html`<small>${share < 0.005 ? "<1" : fixed(100 * share, 0)}</small>`
  }</td>`;
}
