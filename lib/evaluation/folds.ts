/**
 * Cross-validation by subject, and the shares of subjects of a label-efficiency curve.
 *
 * @module
 */

import { Random } from "../random.ts";
import { need } from "./requirement.ts";

/** One fold: who is tested and who may be trained on. Both sorted, disjoint, together all subjects. */
export interface SubjectFold {
  /** Sorted. */
  test: string[];
  /** Sorted. */
  train: string[];
}

/**
 * Splits subjects into k folds; each subject is tested in exactly one. Folds are balanced by windows: subjects with the
 * most windows are dealt first, each to the fold with the fewest so far (Graham's rule, 1969), ties by the seed. The
 * result does not depend on the order of the windows.
 *
 * @param subjects The subject of each window, [N].
 * @throws SonospeechError `input` when k is not from 2 to the number of subjects.
 */
export function subjectFolds(
  subjects: readonly string[],
  { folds, seed }: { folds: number; seed: number },
): SubjectFold[] {
  const windows = Map.groupBy(subjects, (subject) => subject);
  const all = [...windows.keys()].sort();
  need(
    Number.isInteger(folds) && folds >= 2 && folds <= all.length,
    "split subjects into folds",
    `folds must be a whole number from 2 to the number of subjects, ${all.length}`,
    folds,
  );
  const weight = (subject: string) => windows.get(subject)!.length;
  const order = new Random(seed, "folds").shuffle(all).sort((a, b) => weight(b) - weight(a));
  const tests: string[][] = Array.from({ length: folds }, () => []);
  const loads = new Array<number>(folds).fill(0);
  for (const subject of order) {
    const fold = lightest(loads, tests);
    tests[fold].push(subject);
    loads[fold] += weight(subject);
  }
  return tests.map((test) => ({
    test: test.sort(),
    train: all.filter((subject) => !test.includes(subject)),
  }));
}

/** The fold with the fewest windows, then the fewest subjects. */
function lightest(loads: readonly number[], tests: readonly string[][]): number {
  let best = 0;
  for (let i = 1; i < loads.length; i++) {
    const fewerSubjects = loads[i] === loads[best] && tests[i].length < tests[best].length;
    if (loads[i] < loads[best] || fewerSubjects) best = i;
  }
  return best;
}

/** The fold of {@linkcode subjectFolds} in which each window is tested, [N]. */
export function foldOfItems(
  subjects: readonly string[],
  options: { folds: number; seed: number },
): Int32Array {
  const foldOf = new Map(
    subjectFolds(subjects, options).flatMap(({ test }, fold) => test.map((one) => [one, fold])),
  );
  return Int32Array.from(subjects, (subject) => foldOf.get(subject)!);
}

/** Shares of the subjects whose labels may be used. */
export const labelShares = [0.01, 0.05, 0.1, 0.25, 0.5, 1] as const;

/** The subjects of one share. */
export interface LabelSubset {
  /** As asked for, in (0, 1]. */
  share: number;
  /** Sorted. */
  subjects: string[];
}

/**
 * Draws subjects for each share, nested: the subjects of a smaller share are among those of every larger one. A share
 * gives ⌈share · S⌉ subjects, so with few subjects the smallest shares are one and the same.
 *
 * @param subjects Subjects to draw from; repetitions do not matter, nor does their order.
 */
export function labelSubsets(
  subjects: readonly string[],
  { seed, shares = labelShares }: { seed: number; shares?: readonly number[] },
): LabelSubset[] {
  const order = new Random(seed, "label subsets").shuffle([...new Set(subjects)].sort());
  return shares.map((share) => {
    need(share > 0 && share <= 1, "draw subjects", "every share must be in (0, 1]", share);
    return { share, subjects: order.slice(0, Math.ceil(share * order.length - 1e-9)).sort() };
  });
}
