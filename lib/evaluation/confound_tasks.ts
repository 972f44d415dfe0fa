/**
 * What a confound probe learns from and what it is tried on.
 *
 * @module
 */

import { Random } from "../random.ts";
import { foldOfItems } from "./folds.ts";
import { need } from "./requirement.ts";
import type { Fact } from "./scalar_leak.ts";
import { quantile } from "./statistics.ts";

/**
 * Which items a probe learns from: all of other subjects, or those of the same subjects that were recorded at another
 * time.
 */
export type Protocol = "held-out subjects" | "other times of the same subjects";

/** Classes of some items, and the folds in which they are told. Places are indices into `rows`. */
export interface ProbeTask {
  /** The items that take part. */
  rows: readonly number[];
  /** Class index of each, [rows]. */
  labels: Int32Array;
  /** Subject of each, [rows]. */
  subjects: readonly string[];
  /** Every place is tested once. */
  folds: readonly { train: readonly number[]; test: readonly number[] }[];
  /** Number of classes. */
  classes: number;
}

/** At most so many subjects are told apart: time grows with the classes, the answer does not change. */
const mostSubjects = 40;

/** Share of a subject's items before the gap and after it. */
const sideShare = 0.45;

/**
 * The items whose value is known, with classes and folds; null when fewer than two classes are left.
 *
 * @param values Names are classes; numbers are cut at the terciles of the subjects' means.
 * @throws SonospeechError `input` when a number is not finite.
 */
export function protocolTask(
  values: readonly Fact[],
  subjects: readonly string[],
  protocol: Protocol,
  seed: number,
): ProbeTask | null {
  const names = classNames(values, subjects);
  return protocol === "held-out subjects"
    ? acrossSubjects(names, subjects, seed)
    : acrossTime(names, subjects, seed);
}

function acrossSubjects(
  names: readonly (string | null)[],
  subjects: readonly string[],
  seed: number,
): ProbeTask | null {
  // Nobody could tell the class of a subject that alone has it.
  const owners = new Map<string, Set<string>>();
  names.forEach((name, row) => {
    if (name !== null) owners.set(name, (owners.get(name) ?? new Set()).add(subjects[row]));
  });
  const rows = [...names.keys()].filter((row) => names[row] !== null && owners.get(names[row])!.size > 1);
  const task = withoutFolds(rows, names, subjects);
  if (task === null) return null;
  const people = new Set(task.subjects).size;
  const folds = Math.min(5, people);
  const foldOf = foldOfItems(task.subjects, { folds, seed });
  const places = (is: (fold: number) => boolean) => [...rows.keys()].filter((place) => is(foldOf[place]));
  return {
    ...task,
    folds: Array.from({ length: folds }, (_, fold) => ({
      train: places((other) => other !== fold),
      test: places((other) => other === fold),
    })),
  };
}

function acrossTime(
  names: readonly (string | null)[],
  subjects: readonly string[],
  seed: number,
): ProbeTask | null {
  const known = [...names.keys()].filter((row) => names[row] !== null);
  const groups = [...Map.groupBy(known, (row) => subjects[row]).values()]
    .filter((rows) => Math.floor(sideShare * rows.length) >= 2);
  const chosen = new Random(seed, "confound subjects").shuffle(groups).slice(0, mostSubjects);
  const sides = [
    chosen.map((rows) => rows.slice(0, Math.floor(sideShare * rows.length))),
    chosen.map((rows) => rows.slice(-Math.floor(sideShare * rows.length))),
  ].map((side) => side.flat());
  const rows = sides.flat();
  const task = withoutFolds(rows, names, subjects);
  if (task === null) return null;
  const [early, late] = [[...sides[0].keys()], sides[1].map((_, i) => sides[0].length + i)];
  return { ...task, folds: [{ train: early, test: late }, { train: late, test: early }] };
}

function withoutFolds(
  rows: readonly number[],
  names: readonly (string | null)[],
  subjects: readonly string[],
): Omit<ProbeTask, "folds"> | null {
  const classes = [...new Set(rows.map((row) => names[row]))].sort();
  if (classes.length < 2) return null;
  return {
    rows,
    labels: Int32Array.from(rows, (row) => classes.indexOf(names[row])),
    subjects: rows.map((row) => subjects[row]),
    classes: classes.length,
  };
}

/** Numbers become `low`, `middle` and `high`, cut where the subjects' means have their terciles. */
function classNames(values: readonly Fact[], subjects: readonly string[]): (string | null)[] {
  const isNumber = (value: Fact): value is number => typeof value === "number";
  for (const value of values) {
    need(
      !isNumber(value) || Number.isFinite(value),
      "probe for confounds",
      "every number must be finite",
      value,
    );
  }
  const numbers = [...values.keys()].filter((row) => isNumber(values[row]));
  const means = [...Map.groupBy(numbers, (row) => subjects[row]).values()].map((rows) =>
    rows.reduce((sum, row) => sum + (values[row] as number), 0) / rows.length
  ).sort((a, b) => a - b);
  const [low, high] = [quantile(means, 1 / 3), quantile(means, 2 / 3)];
  return values.map((value) => {
    if (!isNumber(value)) return value;
    return value < low ? "low" : value < high ? "middle" : "high";
  });
}
