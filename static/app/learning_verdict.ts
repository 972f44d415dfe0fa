/**
 * What a run's numbers say of its learning, in plain words with the number behind each.
 *
 * @module
 */

import type { EvaluationWire, RunState, SeriesWire, StartedWire } from "../../routes/wire/runs.ts";
import { formatCount, formatNumber, formatShare } from "./format.ts";

/** What can be said of a run. */
export type FindingKind =
  | "divergence"
  | "collapse"
  | "over-fitting"
  | "data-stalls"
  | "at-chance"
  | "learning"
  | "few-subjects"
  | "too-early";

/** One sentence about a run. */
export interface Finding {
  kind: FindingKind;
  tone: "good" | "bad" | "neutral";
  sentence: string;
  /** The numbers that it rests on. */
  evidence: string;
}

/** What a verdict is made from. */
export interface VerdictInput {
  state: RunState;
  pausedMessage: string | null;
  started: StartedWire | null;
  /** A metric's series; an empty one for an unknown name. */
  series: (name: string) => SeriesWire;
  evaluations: readonly EvaluationWire[];
}

/** Share of a run's values that is called recent. */
const recentShare = 0.2;
/** Fewer values than these say nothing. */
const fewestValues = 20;
/** Above this, waiting for data is worth doing something about. */
const muchStall = 0.2;
/** Similarities above this, at chance, are those of embeddings that are all the same. */
const collapsedSimilarity = 0.95;
/** A loss this close to chance is at chance. */
const nearChance = 0.97;

/** Depths of recall, the better known first; one that chance often reaches says little, as of few windows. */
const recallDepths = [5, 1] as const;
const muchChance = 0.25;

/**
 * Fewer subjects than these speak for no others, even if each of them is above chance: of five, that happens by chance
 * with p = 2 · 2⁻⁵ = 0.06 (sign test), and an interval of so few is too narrow.
 */
const fewestSubjects = 6;

/** All that can be said, what is wrong first. */
export function learningVerdict(input: VerdictInput): Finding[] {
  const values = input.series("loss.total").values.length;
  if (values < fewestValues && input.evaluations.length === 0 && !isNotFinite(input)) {
    return [{
      kind: "too-early",
      tone: "neutral",
      sentence: "It is too early to tell.",
      evidence: `${values} of at least ${fewestValues} loss values`,
    }];
  }
  const collapse = findCollapse(input);
  const findings = [
    findDivergence(input),
    collapse,
    findOverfitting(input),
    findStalls(input),
    collapse ? null : findLearning(input),
  ];
  return findings.filter((finding) => finding !== null);
}

function isNotFinite({ state, pausedMessage, series }: VerdictInput): boolean {
  const values = series("loss.total").values;
  const ended = values.length > 0 && values.at(-1) === null;
  return ended || (state === "paused" && /not finite|NaN/i.test(pausedMessage ?? ""));
}

function findDivergence(input: VerdictInput): Finding | null {
  const { steps, values } = input.series("loss.total");
  if (isNotFinite(input)) {
    const first = values.findLastIndex((value) => value !== null) + 1;
    const missing = values.filter((value) => value === null).length;
    return {
      kind: "divergence",
      tone: "bad",
      sentence: "Training has diverged: the loss is no longer a finite number.",
      evidence: missing === 0
        ? input.pausedMessage ?? ""
        : `${formatCount(missing)} losses not finite, the last ones from step ${
          formatCount(steps[first] ?? 0)
        } on`,
    };
  }
  const early = meanOf(values.slice(0, Math.ceil(values.length * recentShare)));
  const late = recentMean(input.series("loss.total"));
  if (early === null || late === null || !(late > 1.5 * early)) return null;
  return {
    kind: "divergence",
    tone: "bad",
    sentence: "The loss grows instead of falling.",
    evidence: `from ${formatNumber(early)} in the first fifth to ${formatNumber(late)} in the last`,
  };
}

function findCollapse(input: VerdictInput): Finding | null {
  const loss = recentMean(input.series("loss.contrastive"));
  const chance = chanceOf(input, "loss.contrastive");
  const similarity = recentMean(input.series("similarity.positive")) ??
    input.series("pace.meanAffinity").values.at(-1) ?? null;
  if (loss === null || chance === null || similarity === null) return null;
  if (similarity < collapsedSimilarity || loss < nearChance * chance) return null;
  const deviation = input.series("pace.affinityDeviation").values.at(-1) ?? null;
  return {
    kind: "collapse",
    tone: "bad",
    sentence: "The embeddings have collapsed: all pictures and all speech look the same to the network.",
    evidence: `similarity ${formatNumber(similarity)}` +
      (deviation === null ? "" : ` with a deviation of ${formatNumber(deviation)}`) +
      `, contrastive loss ${formatNumber(loss)} where chance is ${formatNumber(chance)}`,
  };
}

function findOverfitting(input: VerdictInput): Finding | null {
  const scored = heldOut(input.evaluations);
  const best = scored.reduce<Scored | null>((top, one) => !top || one.value > top.value ? one : top, null);
  const last = scored.at(-1);
  // One worse evaluation may be chance; two in a row after the best are a trend.
  if (!best || !last || scored.indexOf(best) > scored.length - 3) return null;
  const halfWidth = best.interval ? (best.interval[1] - best.interval[0]) / 2 : 0;
  const after = scored.slice(scored.indexOf(best) + 1);
  const margin = Math.max(0.1 * best.value, halfWidth);
  if (!after.slice(-2).every(({ value }) => best.value - value > margin)) return null;
  const train = input.series("loss.total");
  const [then, now] = [meanAround(train, best.step), recentMean(train)];
  if (then === null || now === null || !(now < 0.98 * then)) return null;
  return {
    kind: "over-fitting",
    tone: "bad",
    sentence: "The run over-fits: training still gets better while held-out subjects get worse.",
    evidence:
      `${best.name} ${formatShare(best.value)} at step ${formatCount(best.step)}, now ${
        formatShare(last.value)
      }; ` +
      `training loss ${formatNumber(then)} then, ${formatNumber(now)} now`,
  };
}

function findStalls(input: VerdictInput): Finding | null {
  const share = recentMean(input.series("dataStallShare"));
  if (share === null || share < muchStall) return null;
  return {
    kind: "data-stalls",
    tone: "bad",
    sentence: "Training waits for data: faster storage or smaller frames would speed it up.",
    evidence: `${formatShare(share)} of the time lately`,
  };
}

function findLearning(input: VerdictInput): Finding | null {
  const last = heldOut(input.evaluations).at(-1);
  if (last && last.chance !== null) {
    const { name, value, chance, interval, subjects, split, step } = last;
    const isAbove = interval !== null && interval[0] > chance;
    const over = subjects === null ? "" : ` over ${formatCount(subjects)} subjects`;
    const evidence = `${split} ${name} ${formatShare(value)}` +
      (interval
        ? ` (95 % interval ${formatShare(interval[0])} to ${formatShare(interval[1])}${over})`
        : " of one subject, too few for an interval,") +
      ` at step ${formatCount(step)}, chance ${formatShare(chance)}`;
    if (isAbove && subjects !== null && subjects < fewestSubjects) {
      return {
        kind: "few-subjects",
        tone: "neutral",
        sentence: "The held-out subjects are above chance, but too few to speak for others.",
        evidence: `${evidence}; it takes ${fewestSubjects} subjects or more`,
      };
    }
    return isAbove
      ? {
        kind: "learning",
        tone: "good",
        sentence: "It learns: speech of held-out subjects is found from their pictures.",
        evidence,
      }
      : {
        kind: "at-chance",
        tone: "bad",
        sentence: "On held-out subjects it cannot be told from chance.",
        evidence,
      };
  }
  const loss = recentMean(input.series("loss.contrastive"));
  const chance = chanceOf(input, "loss.contrastive");
  if (loss === null || chance === null) return null;
  const evidence = `contrastive loss ${formatNumber(loss)} lately, chance ${formatNumber(chance)}`;
  return loss < nearChance * chance
    ? {
      kind: "learning",
      tone: "good",
      sentence: "It learns on its training windows; held-out subjects were not asked yet.",
      evidence,
    }
    : { kind: "at-chance", tone: "neutral", sentence: "So far it is at chance.", evidence };
}

interface Scored {
  /** As `R@5`. */
  name: string;
  step: number;
  split: string;
  value: number;
  chance: number | null;
  interval: [number, number] | null;
  /** How many were held out; null where that is not known. */
  subjects: number | null;
}

/** Recall of the validation subjects, of the test subjects only if there are no others. */
function heldOut(evaluations: readonly EvaluationWire[]): Scored[] {
  const split = evaluations.some((one) => one.split === "validation") ? "validation" : "test";
  const own = evaluations.filter((one) => one.split === split);
  const nameAt = (depth: number) => `retrieval.videoToSpeech.recallAt${depth}`;
  const depth = recallDepths.find((one) => (own.at(-1)?.chance[nameAt(one)] ?? 1) <= muchChance) ?? 1;
  return own.flatMap(({ step, subjects, metrics, chance, intervals }) => {
    const name = nameAt(depth);
    const value = metrics[name];
    if (typeof value !== "number") return [];
    return [{
      name: `R@${depth}`,
      step,
      split,
      value,
      chance: chance[name] ?? null,
      interval: intervals[name] ?? null,
      subjects,
    }];
  });
}

function chanceOf({ started }: VerdictInput, name: string): number | null {
  return started && Object.hasOwn(started.chance, name) ? started.chance[name] : null;
}

/** Mean of the last fifth; null when fewer than five values are finite there. */
function recentMean({ means, values }: SeriesWire): number | null {
  return meanOf((means ?? values).slice(-Math.max(5, Math.ceil(values.length * recentShare))));
}

/** Mean of the fifth of the values that lies around a step. */
function meanAround({ steps, values, means = values }: SeriesWire, step: number): number | null {
  const centre = steps.findLastIndex((one) => one <= step);
  const reach = Math.max(3, Math.ceil((values.length * recentShare) / 2));
  return meanOf(means.slice(Math.max(0, centre - reach), centre + reach));
}

function meanOf(values: readonly (number | null)[]): number | null {
  const finite = values.filter((value) => value !== null);
  return finite.length < 5 ? null : finite.reduce((a, b) => a + b, 0) / finite.length;
}
