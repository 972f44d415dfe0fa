/**
 * Retrieval by concept: given one modality of a window, how high do the other modality's windows of the same concept
 * (as the same standard plane) rank? Finding the query's own window is {@linkcode "./retrieval.ts"}'s question.
 *
 * @module
 */

import { bootstrapAllBySubject, type ChanceEstimate } from "./bootstrap.ts";
import { expectedAveragePrecision } from "./ranking.ts";
import { need, needSameLength } from "./requirement.ts";
import { recallDepths } from "./retrieval.ts";

/** What to retrieve from what. */
export interface ConceptRankOptions {
  /** [Q, D], row-major. */
  queries: Float32Array;
  /** [N, D], row-major. */
  items: Float32Array;
  /** D. */
  dimension: number;
  /** What each query is about, [Q]; null for a query that is not asked, as small talk. */
  queryConcepts: readonly (string | null)[];
  /** What each item is about, [N]; null for an item that answers no query but stands in the way. */
  itemConcepts: readonly (string | null)[];
  /** Items that a query does not meet; none when left out. See {@linkcode leaveOut}. */
  isLeftOut?: (query: number, item: number) => boolean;
}

/** How one query fared. Where items score equally, numbers are means over all orders of those. */
export interface ConceptRank {
  /** Index of the query. */
  query: number;
  /** What the query is about. */
  concept: string;
  /** Items that the query met. */
  items: number;
  /** Items of its concept among them, at least 1. */
  relevant: number;
  /** Mean precision at the ranks of the relevant items. */
  averagePrecision: number;
  /** Rank of the first item of its concept, 1 is best. */
  firstRank: number;
  /** For each of {@linkcode recallDepths}, whether (the chance that) one of the first K items is of its concept. */
  hits: number[];
}

/** Numbers of one direction. */
export interface ConceptMetrics {
  /** Share of the queries with an item of their concept among the first K. */
  recallAt1: number;
  /** As above with K = 5. */
  recallAt5: number;
  /** As above with K = 10. */
  recallAt10: number;
  /** Mean over queries of average precision. */
  meanAveragePrecision: number;
  /** Mean over concepts of the mean over their queries, so that frequent concepts do not decide. */
  macroAveragePrecision: number;
  /** Median over queries of the rank of the first item of the concept. */
  medianFirstRank: number;
}

/**
 * Ranks items by dot product for each query that has a concept and meets at least one item of it.
 *
 * Items with equal scores are taken in all orders: average precision after McSherry and Najork (Computing information
 * retrieval performance measures efficiently in the presence of tied scores, ECIR 2008), hits as draws without
 * replacement. Collapsed embeddings thus score exactly at {@linkcode chanceConcepts}.
 *
 * @throws SonospeechError `input` when lengths differ or an embedding is not finite.
 */
export function conceptRanks(options: ConceptRankOptions): ConceptRank[] {
  const { queries, items, dimension, queryConcepts, itemConcepts, isLeftOut } = options;
  const action = "rank by concept";
  needSameLength(action, { queries: queries.length / dimension, queryConcepts: queryConcepts.length });
  needSameLength(action, { items: items.length / dimension, itemConcepts: itemConcepts.length });
  need(queries.every(Number.isFinite) && items.every(Number.isFinite), action, "embeddings must be finite");
  return queryConcepts.flatMap((concept, query) => {
    if (concept === null) return [];
    const met = [...itemConcepts.keys()].filter((item) => !isLeftOut?.(query, item));
    const scores = Float64Array.from(met, (item) => dot(queries, query, items, item, dimension));
    const relevant = scores.filter((_, i) => itemConcepts[met[i]] === concept);
    if (relevant.length === 0) return [];
    const counts = { query, concept, items: scores.length, relevant: relevant.length };
    return [{ ...counts, ...fare(tieGroups(scores, relevant)) }];
  });
}

function dot(a: Float32Array, rowA: number, b: Float32Array, rowB: number, dimension: number): number {
  const [offsetA, offsetB] = [rowA * dimension, rowB * dimension];
  let sum = 0;
  for (let k = 0; k < dimension; k++) sum += a[offsetA + k] * b[offsetB + k];
  return sum;
}

/** Items with one score, of which at least one is relevant. */
interface TieGroup {
  /** Items that score higher. */
  above: number;
  size: number;
  relevant: number;
}

/** Groups from the highest score down; those without relevant items are left out. Sorts its arguments. */
function tieGroups(scores: Float64Array, relevant: Float64Array): TieGroup[] {
  scores.sort().reverse();
  relevant.sort().reverse();
  const groups: TieGroup[] = [];
  let above = 0;
  for (let i = 0; i < relevant.length;) {
    const score = relevant[i];
    const start = i;
    while (i < relevant.length && relevant[i] === score) i++;
    while (scores[above] > score) above++;
    let end = above;
    while (end < scores.length && scores[end] === score) end++;
    groups.push({ above, size: end - above, relevant: i - start });
  }
  return groups;
}

function fare(groups: readonly TieGroup[]): Pick<ConceptRank, "averagePrecision" | "firstRank" | "hits"> {
  const total = groups.reduce((sum, group) => sum + group.relevant, 0);
  let found = 0;
  let precision = 0;
  for (const { above, size, relevant } of groups) {
    for (let i = 0; i < size; i++) {
      const before = size > 1 ? (i * (relevant - 1)) / (size - 1) : 0;
      precision += ((relevant / size) * (found + 1 + before)) / (above + i + 1);
    }
    found += relevant;
  }
  const [first] = groups;
  return {
    averagePrecision: precision / total,
    firstRank: first.above + (first.size + 1) / (first.relevant + 1),
    hits: recallDepths.map((depth) => hitChance(first.size, first.relevant, depth - first.above)),
  };
}

/** The chance of one relevant item or more among `draws` of `items` without replacement. */
function hitChance(items: number, relevant: number, draws: number): number {
  let miss = 1;
  for (let i = 0; i < Math.min(draws, items); i++) miss *= Math.max(0, items - relevant - i) / (items - i);
  return 1 - miss;
}

/** Summarizes queries. @throws SonospeechError `input` when there is none. */
export function summarizeConcepts(ranks: readonly ConceptRank[]): ConceptMetrics {
  const firstRanks = ranks.map((rank) => rank.firstRank).sort((a, b) => a - b);
  const middle = firstRanks.length >> 1;
  const isOdd = firstRanks.length % 2 === 1;
  return {
    ...means(ranks, (rank) => rank.hits, (rank) => rank.averagePrecision),
    medianFirstRank: isOdd ? firstRanks[middle] : (firstRanks[middle - 1] + firstRanks[middle]) / 2,
  };
}

/**
 * What a random order gives, exactly, for queries that meet as many items and relevant ones as these. The median is
 * that of the first ranks of all queries taken together: the smallest m with a mean P(first rank ≤ m) of ½ or more.
 */
export function chanceConcepts(ranks: readonly ConceptRank[]): ConceptMetrics {
  return {
    ...means(
      ranks,
      ({ items, relevant }) => recallDepths.map((depth) => hitChance(items, relevant, depth)),
      ({ items, relevant }) => expectedAveragePrecision(items, relevant),
    ),
    medianFirstRank: chanceMedian(ranks),
  };
}

/** What a query's ranking gives whatever it is asked for. */
export interface DealtConcept {
  /** Index of the query. */
  query: number;
  /** Mean over the queries' concepts, frequent ones counting more. */
  averagePrecision: number;
  /** Likewise, the chance that the first item is of the concept. */
  firstHit: number;
}

/**
 * What each query's ranking gives when it is asked for the concepts of all queries instead of its own: the mean over
 * all deals. Unlike a random order it keeps what a ranking prefers whatever it is asked for, as items of any concept
 * before those of none; what lies above it was found by asking.
 *
 * @returns One for each query that {@linkcode conceptRanks} answers, in its order.
 * @throws SonospeechError `input` as {@linkcode conceptRanks}.
 */
export function dealtConcepts(options: ConceptRankOptions): DealtConcept[] {
  const own = conceptRanks(options);
  const dealt = new Map(own.map(({ query }) => [query, { averagePrecision: 0, firstHit: 0, weight: 0 }]));
  for (const [concept, { length }] of Map.groupBy(own, ({ concept }) => concept)) {
    const queryConcepts = options.queryConcepts.map((_, query) => dealt.has(query) ? concept : null);
    for (const { query, averagePrecision, hits } of conceptRanks({ ...options, queryConcepts })) {
      const sums = dealt.get(query)!;
      sums.averagePrecision += length * averagePrecision;
      sums.firstHit += length * hits[0];
      sums.weight += length;
    }
  }
  return [...dealt].map(([query, { averagePrecision, firstHit, weight }]) => ({
    query,
    averagePrecision: averagePrecision / weight,
    firstHit: firstHit / weight,
  }));
}

function chanceMedian(ranks: readonly ConceptRank[]): number {
  const miss = ranks.map(() => 1);
  for (let m = 1;; m++) {
    let missed = 0;
    ranks.forEach(({ items, relevant }, i) => {
      miss[i] *= Math.max(0, items - relevant - (m - 1)) / Math.max(1, items - (m - 1));
      missed += miss[i];
    });
    if (missed <= ranks.length / 2) return m;
  }
}

function means(
  ranks: readonly ConceptRank[],
  hits: (rank: ConceptRank) => number[],
  precision: (rank: ConceptRank) => number,
): Omit<ConceptMetrics, "medianFirstRank"> {
  need(
    ranks.length > 0,
    "summarize retrieval by concept",
    "at least one query must meet an item of its concept",
    0,
  );
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const hitRows = ranks.map(hits);
  const [recallAt1, recallAt5, recallAt10] = recallDepths.map((_, k) => mean(hitRows.map((row) => row[k])));
  const byConcept = Map.groupBy(ranks, (rank) => rank.concept);
  return {
    recallAt1,
    recallAt5,
    recallAt10,
    meanAveragePrecision: mean(ranks.map(precision)),
    macroAveragePrecision: mean([...byConcept.values()].map((group) => mean(group.map(precision)))),
  };
}

/** Where a window lies. */
export interface WindowPlace {
  /** The recording. */
  scanId: string;
  /** The patient. */
  subject: string;
  /** Start on the scan's time axis. */
  startSeconds: number;
}

/**
 * Which windows a query does not meet: `own`: itself; `near`: those of its scan that start less than `nearSeconds`
 * from it, itself among them, since neighbours look and sound alike whatever was learned; `scan` and `subject`: all of
 * its own scan or subject, which leaves only what holds across them.
 */
export type LeaveOut = { kind: "none" | "own" | "scan" | "subject" } | { kind: "near"; nearSeconds: number };

/** The rule for queries and items that belong to the same windows. */
export function leaveOut(
  windows: readonly WindowPlace[],
  rule: LeaveOut,
): (query: number, item: number) => boolean {
  switch (rule.kind) {
    case "none":
      return () => false;
    case "own":
      return (query, item) => query === item;
    case "near":
      return (query, item) =>
        windows[query].scanId === windows[item].scanId &&
        Math.abs(windows[query].startSeconds - windows[item].startSeconds) < rule.nearSeconds;
    case "scan":
      return (query, item) => windows[query].scanId === windows[item].scanId;
    case "subject":
      return (query, item) => windows[query].subject === windows[item].subject;
  }
}

/** Both modalities of some windows. */
export interface ConceptRetrievalOptions {
  /** The places of the windows, [N]. */
  windows: readonly WindowPlace[];
  /** [N, D], row i of window i. */
  video: Float32Array;
  /** [N, D], row i of window i. */
  speech: Float32Array;
  /** D. */
  dimension: number;
  /** What each window shows, [N]; null where it shows nothing that has a name. */
  videoConcepts: readonly (string | null)[];
  /** What is said in each window, [N]; null where the speech is about something else. */
  speechConcepts: readonly (string | null)[];
  /** Which windows a query does not meet. */
  leaveOut: LeaveOut;
  /** Draws subjects. */
  seed: number;
  /** Bootstrap draws; 2000 when left out. */
  resamples?: number;
}

/** One direction's numbers, each with its interval over subjects and its chance level. */
export interface ConceptDirection {
  /** Each number with its interval and chance level. */
  metrics: Record<keyof ConceptMetrics, ChanceEstimate>;
  /** Queries that were asked. */
  queries: number;
  /** Queries with a concept that met no item of it, and are left out. */
  unanswerable: number;
}

/** Retrieval by concept, both ways. */
export function conceptRetrieval(
  options: ConceptRetrievalOptions,
): { videoToSpeech: ConceptDirection; speechToVideo: ConceptDirection } {
  const { video, speech, videoConcepts, speechConcepts } = options;
  return {
    videoToSpeech: direction(video, speech, videoConcepts, speechConcepts, options),
    speechToVideo: direction(speech, video, speechConcepts, videoConcepts, options),
  };
}

function direction(
  queries: Float32Array,
  items: Float32Array,
  queryConcepts: readonly (string | null)[],
  itemConcepts: readonly (string | null)[],
  { windows, dimension, leaveOut: rule, seed, resamples }: ConceptRetrievalOptions,
): ConceptDirection {
  const isLeftOut = leaveOut(windows, rule);
  const ranks = conceptRanks({ queries, items, dimension, queryConcepts, itemConcepts, isLeftOut });
  const chance = chanceConcepts(ranks);
  const subjects = ranks.map((rank) => windows[rank.query].subject);
  const estimates = bootstrapAllBySubject({
    subjects,
    statistics: (rows) => ({ ...summarizeConcepts(Array.from(rows, (row) => ranks[row])) }),
    seed,
    resamples,
  });
  const keys = Object.keys(chance) as (keyof ConceptMetrics)[];
  const asked = queryConcepts.filter((concept) => concept !== null).length;
  return {
    metrics: Object.fromEntries(
      keys.map((key) => [key, { ...estimates[key], chance: chance[key] }]),
    ) as ConceptDirection["metrics"],
    queries: ranks.length,
    unanswerable: asked - ranks.length,
  };
}
