/** How well a single number tells a label, on subjects that were not learned from. @module */

import { Random } from "../../../lib/random.ts";

/** One thing whose label is to be told. */
export interface LeakSample {
  subject: string;
  label: string;
  value: number;
}

/** What a number tells, beside what is right by chance. */
export interface Leak {
  /** Share of right answers, the mean over all labels: the frequent ones count no more than the rare ones. */
  accuracy: number;
  /** The same with labels dealt out anew, the mean of many deals. */
  chance: number;
  /** What 99 of 100 such deals stay below. */
  limit: number;
}

const deals = 300, cells = 12;

/**
 * Learns from half of the subjects which label is the most over-represented in each twelfth of the numbers, and
 * tries it on the other half; chance is what the same reaches when the labels are dealt out anew.
 */
export function measureLeak(samples: readonly LeakSample[]): Leak {
  const subjects = [...new Set(samples.map(({ subject }) => subject))].sort();
  const learned = new Set(subjects.filter((_, index) => index % 2 === 0));
  const [seen, unseen] = [true, false].map((side) => samples.filter((s) => learned.has(s.subject) === side));
  const sorted = seen.map(({ value }) => value).sort((a, b) => a - b);
  const edges = Array.from(
    { length: cells - 1 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / cells)],
  );
  const cellOf = ({ value }: LeakSample) => edges.filter((edge) => value >= edge).length;
  const [seenCells, unseenCells] = [seen.map(cellOf), unseen.map(cellOf)];
  const accuracyOf = (random?: Random) => {
    const dealt = (part: readonly LeakSample[]) => {
      const labels = part.map(({ label }) => label);
      return random ? random.shuffle(labels) : labels;
    };
    const guesses = favourites(dealt(seen), seenCells), truth = dealt(unseen);
    return balancedAccuracy(truth, unseenCells.map((cell) => guesses[cell]));
  };
  const byChance = Array.from({ length: deals }, (_, deal) => accuracyOf(new Random(11, deal)));
  byChance.sort((a, b) => a - b);
  return {
    accuracy: accuracyOf(),
    chance: byChance.reduce((a, b) => a + b) / deals,
    limit: byChance[Math.floor(0.99 * deals)],
  };
}

function countOf(labels: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

/** The label of each cell whose share of itself that lies there is the largest. */
function favourites(labels: readonly string[], places: readonly number[]): (string | undefined)[] {
  const all = countOf(labels);
  return Array.from({ length: cells }, (_, cell) => {
    const here = [...countOf(labels.filter((_, i) => places[i] === cell))];
    const share = ([label, count]: [string, number]) => count / all.get(label)!;
    return here.sort((a, b) => share(b) - share(a) || (a[0] < b[0] ? -1 : 1))[0]?.[0];
  });
}

function balancedAccuracy(truth: readonly string[], guesses: readonly (string | undefined)[]): number {
  const all = countOf(truth), right = countOf(truth.filter((label, i) => label === guesses[i]));
  return [...all].reduce((sum, [label, count]) => sum + (right.get(label) ?? 0) / count, 0) / all.size;
}
