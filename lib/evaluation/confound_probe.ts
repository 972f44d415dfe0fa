/**
 * Confound probes: how well frozen embeddings tell what they should not need (the voice, the scanner's settings, the
 * subject), beside how well they tell the anatomy. A contrastive network can match speech and pictures by who speaks
 * and how the machine was set without hearing or seeing what the scan is about.
 *
 * @module
 */

import { Random } from "../random.ts";
import { bootstrapBySubject, type Interval } from "./bootstrap.ts";
import { balancedAccuracyOfRows } from "./classification.ts";
import { type ProbeTask, type Protocol, protocolTask } from "./confound_tasks.ts";
import type { LabelledFeatures } from "./labelled_features.ts";
import { argmaxRows, fitLinearProbe, type LinearProbe } from "./linear_probe.ts";
import { nearestNeighbours } from "./nearest_neighbours.ts";
import { need, needSameLength } from "./requirement.ts";
import type { Fact } from "./scalar_leak.ts";
import { holm } from "./statistics.ts";
import { dealtChance, SubjectDeals } from "./subject_deals.ts";

/** Frozen features of the items. */
export interface FrozenFeatures {
  /** [N, E], row-major. */
  features: Float32Array | Float64Array;
  /** E. */
  dimension: number;
}

/** What to probe. */
export interface ConfoundProbeOptions {
  /** By name, as `video` and `speech`; probing costs N² · E for each and each factor: thin many items out first. */
  embeddings: Readonly<Record<string, FrozenFeatures>>;
  /**
   * By name, as `voice` and `depth`, one entry per item, [N]: names, or numbers that are cut into low, middle and high
   * with equally many subjects each; null where unknown. The subject is probed without being named here.
   */
  factors: Readonly<Record<string, readonly Fact[]>>;
  /** What the embeddings are there to tell, as the plane that is seen, [N]; null where unknown. */
  anatomy: readonly (string | null)[];
  /** The subject of each item, [N]; items of one subject in the order of time. */
  subjects: readonly string[];
  /** Draws folds, resamples and deals. */
  seed: number;
}

/** How well one thing is told by one probe, on items it was not fitted on. */
export interface ProbeScore {
  /** Balanced accuracy. */
  score: number;
  /** 95 % interval by bootstrap over subjects; null with fewer than two. */
  interval: Interval | null;
  /** The mean score of the same answers with labels dealt out anew ({@linkcode SubjectDeals}). */
  chance: number;
  /** Share of the deals that score at least as high. */
  pValue: number;
  /** (score − chance) / (1 − chance): 0 at chance, 1 when always right, whatever the number of classes. */
  skill: number;
}

/** How well one thing is told by both probes. */
export interface Reading {
  /** Classes to choose from; one that a single subject has is left out where others must tell it. */
  classes: number;
  /** Items probed. */
  items: number;
  /** Subjects probed. */
  subjects: number;
  /** By the linear probe. */
  linear: ProbeScore;
  /** By the nearest neighbours. */
  neighbours: ProbeScore;
}

/** What one embedding tells of one factor. */
export interface Confound {
  /** Name of the embedding. */
  embedding: string;
  /** Name of the factor. */
  factor: string;
  /** What was learned from, and what the probes were tried on. */
  protocol: Protocol;
  /** How well the factor is told; null when it has no two classes to choose from. */
  told: Reading | null;
  /** How well the anatomy is told under the same protocol; null as above. */
  anatomy: Reading | null;
  /** P-value of the better probe, for two probes and all factors and embeddings together (Bonferroni, Holm). */
  adjustedPValue: number;
  /**
   * `clear`: not told above chance (adjusted p above 0.05). `traces`: told above chance, but with less skill than the
   * anatomy. `alarm`: told above chance and with at least as much skill as the anatomy. Skills are those of the
   * better probe for each.
   */
  level: "clear" | "traces" | "alarm";
  /** One sentence. */
  verdict: string;
}

const deals = 999;

/**
 * Reads every factor, and the subject, from every embedding by a linear probe and by nearest neighbours.
 *
 * Factors are learned from some subjects and told for others, in five folds: what is read there is the voice itself,
 * not the subject who has it. The subject is told for later windows from earlier ones and the reverse, with a gap
 * between. Anatomy is told in the same folds.
 *
 * @throws SonospeechError `input` when lengths differ, a number is not finite or there are fewer than two subjects.
 */
export function confoundProbe(options: ConfoundProbeOptions): Confound[] {
  const { embeddings, factors, subjects, anatomy, seed } = options;
  const action = "probe for confounds";
  needSameLength(action, {
    subjects: subjects.length,
    anatomy: anatomy.length,
    ...Object.fromEntries(Object.entries(factors).map(([name, values]) => [name, values.length])),
    ...Object.fromEntries(
      Object.entries(embeddings).map(([name, one]) => [name, one.features.length / one.dimension]),
    ),
  });
  const people = new Set(subjects).size;
  need(people > 1, action, "there must be at least two subjects", people);
  const protocols: Protocol[] = ["held-out subjects", "other times of the same subjects"];
  const found = Object.entries(embeddings).flatMap(([embedding, frozen]) => {
    const readings = protocols.map((protocol) => {
      const read = (values: readonly Fact[]) =>
        readingOf(frozen, protocolTask(values, subjects, protocol, seed), seed);
      const told = protocol === "held-out subjects"
        ? Object.entries(factors).map(([factor, values]) => ({ factor, told: read(values) }))
        : [{ factor: "subject", told: read(subjects) }];
      const anatomyTold = told.length > 0 ? read(anatomy) : null;
      return told.map((one) => ({ embedding, protocol, ...one, anatomy: anatomyTold }));
    });
    return readings.flat();
  });
  const adjusted = holm(found.map(({ told }) => told ? Math.min(1, 2 * best(told).pValue) : 1));
  return found.map((one, i) => {
    const level = levelOf(one.told, one.anatomy, adjusted[i]);
    return { ...one, adjustedPValue: adjusted[i], level, verdict: verdictOf({ ...one, level }) };
  });
}

/** The score of the probe that tells it better. */
function best({ linear, neighbours }: Reading): ProbeScore {
  return linear.skill >= neighbours.skill ? linear : neighbours;
}

function levelOf(told: Reading | null, anatomy: Reading | null, pValue: number): Confound["level"] {
  if (told === null || pValue > 0.05) return "clear";
  return best(told).skill >= (anatomy ? best(anatomy).skill : 0) ? "alarm" : "traces";
}

function verdictOf(
  { embedding, factor, told, anatomy, level }: Omit<Confound, "verdict" | "adjustedPValue">,
): string {
  if (told === null) return `the ${factor} takes no two values that could be told apart`;
  const numbers = (what: string, reading: Reading | null) => {
    if (reading === null) return `${what} unknown`;
    const { score, chance } = best(reading);
    return `${what} ${(100 * score).toFixed(1)} % right, chance ${(100 * chance).toFixed(1)} %`;
  };
  const both = `${numbers(factor, told)}; ${numbers("anatomy", anatomy)}`;
  if (level === "clear") return `the ${embedding} embedding does not tell the ${factor}: ${both}`;
  return level === "traces"
    ? `the ${embedding} embedding tells the ${factor}, too, though less than the anatomy: ${both}`
    : `the ${embedding} embedding tells the ${factor} no worse than the anatomy, so it may have learned the ${factor} ` +
      `instead: ${both}`;
}

function readingOf(
  { features, dimension }: FrozenFeatures,
  task: ProbeTask | null,
  seed: number,
): Reading | null {
  if (task === null) return null;
  const { rows, labels, subjects, folds, classes } = task;
  const part = (places: readonly number[]): LabelledFeatures => {
    const out = new Float64Array(places.length * dimension);
    places.forEach((place, i) => {
      const from = rows[place] * dimension;
      out.set(features.subarray(from, from + dimension), i * dimension);
    });
    return {
      features: out,
      dimension,
      labels: places.map((place) => labels[place]),
      subjects: places.map((place) => subjects[place]),
    };
  };
  const predicted = { linear: new Int32Array(rows.length), neighbours: new Int32Array(rows.length) };
  for (const { train, test } of folds) {
    const [known, asked] = [part(train), part(test).features];
    const linear = likeliestOfEqual(
      fitLinearProbe(known, { l2: 0.01, iterations: 100 }),
      known.labels,
      asked,
    );
    const neighbours = nearestNeighbours(known, asked, { balanced: true });
    test.forEach((place, i) => {
      predicted.linear[place] = linear[i];
      predicted.neighbours[place] = neighbours[i];
    });
  }
  const score = (answers: Int32Array) => scoreOf(task, answers, seed);
  return {
    classes,
    items: rows.length,
    subjects: new Set(subjects).size,
    linear: score(predicted.linear),
    neighbours: score(predicted.neighbours),
  };
}

/**
 * The likeliest classes were all classes equally frequent: p(k | x) / p(k). Without this a probe that knows nothing
 * names the class that is frequent in training, which is the rarer one among the subjects held out: it would score
 * below chance.
 */
function likeliestOfEqual(
  probe: LinearProbe,
  labels: readonly number[],
  features: Float64Array | Float32Array,
): number[] {
  const counts = probe.classes.map((name) => labels.filter((label) => label === name).length);
  const scores = probe.probabilities(features);
  return argmaxRows(scores.map((value, i) => value / counts[i % counts.length]), probe.classes);
}

function scoreOf({ labels, subjects, classes }: ProbeTask, answers: Int32Array, seed: number): ProbeScore {
  const { value: score, interval } = bootstrapBySubject({
    subjects,
    seed,
    resamples: 1000,
    statistic: (rows) => balancedAccuracyOfRows(labels, answers, classes, rows),
  });
  const dealt = new SubjectDeals(subjects);
  const scores = Float64Array.from({ length: deals }, (_, deal) => {
    const source = dealt.deal(new Random(seed, "confound", deal));
    return balancedAccuracyOfRows(source.map((row) => labels[row]), answers, classes);
  });
  const { chance, pValue } = dealtChance(score, scores);
  return { score, interval, chance, pValue, skill: (score - chance) / (1 - chance) };
}
