/**
 * Leak probes: whether a single fact of an item that shows nothing of it (the size of its file, its brightness, who
 * speaks) tells its label. Where one does, a network can be right without looking.
 *
 * @module
 */

import { Random } from "../random.ts";
import { bootstrapBySubject, type Interval } from "./bootstrap.ts";
import { balancedAccuracyOfRows } from "./classification.ts";
import { foldOfItems } from "./folds.ts";
import { need, needSameLength } from "./requirement.ts";
import { holm } from "./statistics.ts";
import { dealtChance, SubjectDeals } from "./subject_deals.ts";

/** A number, or the name of a kind; null where it is unknown, which may tell something, too. */
export type Fact = number | string | null;

/** What to probe. */
export interface ScalarLeakOptions {
  /** By name, one entry per item, [N]. */
  facts: Readonly<Record<string, readonly Fact[]>>;
  /** What must not be told, [N]. */
  labels: readonly string[];
  /** The subject of each item, [N]; items of one subject in the order of time. */
  subjects: readonly string[];
  /** Draws folds, deals and resamples. */
  seed: number;
  /** How often labels are dealt out anew; 999 when left out. */
  deals?: number;
}

/** What one fact tells. */
export interface ScalarLeak {
  /** Its name. */
  fact: string;
  /** Balanced accuracy on subjects that were not learned from: the mean of the labels' recalls. */
  score: number;
  /** 95 % interval of the score by bootstrap over subjects; null with fewer than two. */
  interval: Interval | null;
  /** The mean score with labels dealt out anew ({@linkcode SubjectDeals}). */
  chance: number;
  /** What 95 of 100 such deals stay below. */
  limit: number;
  /** Share of the deals that score at least as high. */
  pValue: number;
  /** The same, corrected for the number of facts that were tried (Holm, 1979). */
  adjustedPValue: number;
  /** Whether `adjustedPValue` is at most 0.05. */
  isLeak: boolean;
  /** One sentence. */
  verdict: string;
}

/** Numbers are put into this many cells with equally many items each. */
const numberOfCells = 12;

/**
 * Learns, from the subjects of all folds but one, which label is the most over-represented in each twelfth of a
 * fact's numbers (or among the items of one name), and predicts it for the subjects of that fold: the simplest
 * classifier that finds any relation, monotone or not. Chance is what the same reaches with labels dealt out anew.
 *
 * @returns One entry per fact, in their order.
 * @throws SonospeechError `input` when lengths differ, a number is not finite, or there are fewer than two labels or
 * subjects.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { scalarLeaks } from "./scalar_leak.ts";
 * const items = Array.from({ length: 400 }, (_, i) => i);
 * const labels = items.map((i) => (i * i) % 7 < 3 ? "heart" : "spine");
 * const [size, gain] = scalarLeaks({
 *   facts: { size: labels.map((label, i) => (label === "heart" ? 3 : 1) + i % 5), gain: items.map((i) => i % 11) },
 *   labels,
 *   subjects: items.map((i) => `p${Math.floor(i / 20)}`),
 *   seed: 1,
 * });
 * assert(size.isLeak && !gain.isLeak);
 * ```
 */
export function scalarLeaks(options: ScalarLeakOptions): ScalarLeak[] {
  const { facts, labels, subjects, seed, deals = 999 } = options;
  const action = "probe for leaks";
  const lengths = Object.fromEntries(Object.entries(facts).map(([name, values]) => [name, values.length]));
  needSameLength(action, { labels: labels.length, subjects: subjects.length, ...lengths });
  const names = [...new Set(labels)].sort();
  const people = new Set(subjects).size;
  need(names.length > 1, action, "there must be at least two labels", names.length);
  need(people > 1, action, "there must be at least two subjects", people);
  const classes = Int32Array.from(labels, (label) => names.indexOf(label));
  const folds = foldOfItems(subjects, { folds: Math.min(5, people), seed });
  const dealt = new SubjectDeals(subjects);
  const found = Object.entries(facts).map(([fact, values]) => {
    const probe = new CellProbe(values, folds, names.length, `${action} in ${fact}`);
    const predicted = probe.predict(classes);
    const { value: score, interval } = bootstrapBySubject({
      subjects,
      seed,
      resamples: 1000,
      statistic: (rows) => balancedAccuracyOfRows(classes, predicted, names.length, rows),
    });
    const scores = Float64Array.from({ length: deals }, (_, deal) => {
      const source = dealt.deal(new Random(seed, "leak", deal));
      const changed = source.map((row) => classes[row]);
      return balancedAccuracyOfRows(changed, probe.predict(changed), names.length);
    });
    return { fact, score, interval, ...dealtChance(score, scores) };
  });
  const adjusted = holm(found.map(({ pValue }) => pValue));
  return found.map((one, i) => {
    const isLeak = adjusted[i] <= 0.05;
    return { ...one, adjustedPValue: adjusted[i], isLeak, verdict: verdictOf(one, isLeak) };
  });
}

function verdictOf(
  { fact, score, chance, limit }: Pick<ScalarLeak, "fact" | "score" | "chance" | "limit">,
  isLeak: boolean,
): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const numbers = `${percent(score)} right, chance ${percent(chance)}, 95 of 100 deals below ${
    percent(limit)
  }`;
  return isLeak ? `${fact} alone tells the label: ${numbers}` : `${fact} tells nothing: ${numbers}`;
}

/** Predicts labels from the cell that an item's fact lies in. */
class CellProbe {
  readonly #folds: Int32Array;
  readonly #foldCount: number;
  readonly #classes: number;
  /** For each fold, the cell of every item as the other folds' numbers cut them. */
  readonly #cells: readonly Int32Array[];
  readonly #cellCount: number;

  constructor(values: readonly Fact[], folds: Int32Array, classes: number, action: string) {
    this.#folds = folds;
    this.#foldCount = Math.max(...folds) + 1;
    this.#classes = classes;
    const kinds = [...new Set(values.filter((value) => typeof value !== "number"))];
    for (const value of values) {
      need(typeof value !== "number" || Number.isFinite(value), action, "every number must be finite", value);
    }
    this.#cellCount = numberOfCells + kinds.length;
    this.#cells = Array.from({ length: this.#foldCount }, (_, fold) => {
      const edges = edgesOf(values.filter((value, i) => typeof value === "number" && folds[i] !== fold));
      return Int32Array.from(
        values,
        (value) => typeof value === "number" ? place(edges, value) : numberOfCells + kinds.indexOf(value),
      );
    });
  }

  /** The predicted class of every item, learned from the other folds; −1 where nothing like it was seen. */
  predict(classes: Int32Array): Int32Array {
    const out = new Int32Array(classes.length);
    for (let fold = 0; fold < this.#foldCount; fold++) {
      const favourites = this.#favourites(classes, fold);
      const cells = this.#cells[fold];
      for (let i = 0; i < out.length; i++) if (this.#folds[i] === fold) out[i] = favourites[cells[i]];
    }
    return out;
  }

  /** The class of each cell whose share of itself that lies there is the largest. */
  #favourites(classes: Int32Array, fold: number): Int32Array {
    const counts = new Float64Array(this.#cellCount * this.#classes), all = new Float64Array(this.#classes);
    const cells = this.#cells[fold];
    for (let i = 0; i < classes.length; i++) {
      if (this.#folds[i] === fold) continue;
      counts[cells[i] * this.#classes + classes[i]]++;
      all[classes[i]]++;
    }
    return Int32Array.from({ length: this.#cellCount }, (_, cell) => {
      let best = -1, most = 0;
      for (let k = 0; k < this.#classes; k++) {
        const share = counts[cell * this.#classes + k] / all[k];
        if (share > most) [best, most] = [k, share];
      }
      return best;
    });
  }
}

function edgesOf(values: readonly Fact[]): Float64Array {
  const sorted = Float64Array.from(values as number[]).sort();
  if (sorted.length === 0) return sorted;
  return Float64Array.from(
    { length: numberOfCells - 1 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / numberOfCells)],
  );
}

function place(edges: Float64Array, value: number): number {
  let cell = 0;
  while (cell < edges.length && value >= edges[cell]) cell++;
  return cell;
}
