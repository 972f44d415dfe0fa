import assert from "node:assert/strict";
import {
  chanceConcepts,
  conceptRanks,
  conceptRetrieval,
  dealtConcepts,
  leaveOut,
  summarizeConcepts,
} from "../../../lib/evaluation/concept_retrieval.ts";
import { averagePrecision } from "../../../lib/evaluation/ranking.ts";
import { Random } from "../../../lib/random.ts";
import { isClose } from "./golden.ts";

/** One query on a line of items whose scores are given. */
function rankOf(scores: readonly number[], concepts: readonly (string | null)[]) {
  return conceptRanks({
    queries: new Float32Array([1]),
    items: Float32Array.from(scores),
    dimension: 1,
    queryConcepts: ["femur"],
    itemConcepts: concepts,
  })[0];
}

Deno.test("conceptRanks() match a ranking worked out by hand", () => {
  // Relevant at ranks 2 and 4 of 5.
  const rank = rankOf([9, 8, 7, 6, 5], ["lips", "femur", null, "femur", "lips"]);
  assert.deepEqual(rank, {
    query: 0,
    concept: "femur",
    items: 5,
    relevant: 2,
    averagePrecision: (1 / 2 + 2 / 4) / 2,
    firstRank: 2,
    hits: [0, 1, 1],
  });
});

/** Every order of the items, by Heap's algorithm. */
function* orders<T>(items: T[], count = items.length): Generator<T[]> {
  if (count <= 1) yield items;
  for (let i = 0; i < count && count > 1; i++) {
    yield* orders(items, count - 1);
    const j = count % 2 === 0 ? i : 0;
    [items[j], items[count - 1]] = [items[count - 1], items[j]];
  }
}

Deno.test("conceptRanks() with equal scores are the mean over all their orders", () => {
  const scores = [2, 2, 2, 2, 1, 1];
  const isFemur = [false, true, false, true, false, true];
  const rank = rankOf(scores, isFemur.map((yes) => yes ? "femur" : "lips"));
  let [precision, first, hit, count] = [0, 0, 0, 0];
  for (const order of orders(scores.map((_, i) => i))) {
    if (order.some((item, place) => place > 0 && scores[item] > scores[order[place - 1]])) continue;
    const labels = order.map((item) => isFemur[item]);
    precision += averagePrecision(order.map((_, place) => -place), labels);
    first += labels.indexOf(true) + 1;
    hit += Number(labels[0]);
    count++;
  }
  assert.equal(count, 24 * 2);
  assert.ok(isClose(rank.averagePrecision, precision / count));
  assert.ok(isClose(rank.firstRank, first / count));
  assert.deepEqual(rank.hits, [hit / count, 1, 1]);
});

function randomRows(count: number, dimension: number, seed: number): Float32Array {
  const random = new Random(seed, "rows");
  return new Float32Array(count * dimension).map(() => random.normal());
}

const planes = ["3VT", "4CH", "femur"];
const windows = Array.from({ length: 60 }, (_, i) => ({
  scanId: `s${i % 6}`,
  subject: `p${i % 6}`,
  startSeconds: 2 * Math.floor(i / 6),
}));
const concepts = windows.map((_, i) => planes[(i * i) % 3]);

Deno.test("conceptRanks() of collapsed embeddings score exactly at chance", () => {
  const same = new Float32Array(60).fill(0.5);
  const ranks = conceptRanks({
    queries: same,
    items: same,
    dimension: 1,
    queryConcepts: concepts,
    itemConcepts: concepts,
    isLeftOut: leaveOut(windows, { kind: "own" }),
  });
  const [found, chance] = [summarizeConcepts(ranks), chanceConcepts(ranks)];
  for (
    const key of [
      "recallAt1",
      "recallAt5",
      "recallAt10",
      "meanAveragePrecision",
      "macroAveragePrecision",
    ] as const
  ) {
    assert.ok(isClose(found[key], chance[key]), key);
  }
});

Deno.test("chanceConcepts() is what random embeddings give", () => {
  const ranks = Array.from({ length: 60 }, (_, seed) =>
    conceptRanks({
      queries: randomRows(60, 8, seed),
      items: randomRows(60, 8, 1000 + seed),
      dimension: 8,
      queryConcepts: concepts,
      itemConcepts: concepts,
    })).flat();
  const [found, chance] = [summarizeConcepts(ranks), chanceConcepts(ranks)];
  assert.ok(Math.abs(found.recallAt1 - chance.recallAt1) < 0.04, `${found.recallAt1} ${chance.recallAt1}`);
  assert.ok(Math.abs(found.meanAveragePrecision - chance.meanAveragePrecision) < 0.015);
  assert.equal(found.medianFirstRank, chance.medianFirstRank);
});

Deno.test("chanceConcepts() match closed forms", () => {
  const rank = rankOf([4, 3, 2, 1], ["femur", "lips", "lips", "lips"]);
  assert.deepEqual(chanceConcepts([rank]), {
    recallAt1: 0.25,
    recallAt5: 1,
    recallAt10: 1,
    meanAveragePrecision: (1 + 1 / 2 + 1 / 3 + 1 / 4) / 4,
    macroAveragePrecision: (1 + 1 / 2 + 1 / 3 + 1 / 4) / 4,
    medianFirstRank: 2,
  });
});

Deno.test("leaveOut() hides the window itself, its neighbours, its scan or its subject", () => {
  const places = [
    { scanId: "s1", subject: "p", startSeconds: 0 },
    { scanId: "s1", subject: "p", startSeconds: 4 },
    { scanId: "s1", subject: "p", startSeconds: 10 },
    { scanId: "s2", subject: "p", startSeconds: 0 },
    { scanId: "s3", subject: "q", startSeconds: 0 },
  ];
  const met = (rule: Parameters<typeof leaveOut>[1]) => {
    const isLeftOut = leaveOut(places, rule);
    return places.flatMap((_, item) => isLeftOut(0, item) ? [] : [item]);
  };
  assert.deepEqual(met({ kind: "none" }), [0, 1, 2, 3, 4]);
  assert.deepEqual(met({ kind: "own" }), [1, 2, 3, 4]);
  assert.deepEqual(met({ kind: "near", nearSeconds: 10 }), [2, 3, 4]);
  assert.deepEqual(met({ kind: "scan" }), [3, 4]);
  assert.deepEqual(met({ kind: "subject" }), [4]);
});

Deno.test("conceptRetrieval() of one-hot concepts is perfect both ways, with intervals and chance", () => {
  const embedding = Float32Array.from(
    concepts.flatMap((concept) => planes.map((plane) => Number(plane === concept))),
  );
  const speechConcepts = concepts.map((concept, i) => i % 5 === 0 ? null : concept);
  const report = conceptRetrieval({
    windows,
    video: embedding,
    speech: embedding,
    dimension: 3,
    videoConcepts: concepts,
    speechConcepts,
    leaveOut: { kind: "subject" },
    seed: 1,
    resamples: 50,
  });
  assert.deepEqual([report.videoToSpeech.queries, report.speechToVideo.queries], [60, 48]);
  const { recallAt1, medianFirstRank } = report.speechToVideo.metrics;
  assert.deepEqual([recallAt1.value, recallAt1.interval, medianFirstRank.value], [1, [1, 1], 1]);
  assert.ok(recallAt1.chance > 0.3 && recallAt1.chance < 0.7);
  // Small talk stands in the way of the video's queries: it is never the answer.
  assert.ok(report.videoToSpeech.metrics.meanAveragePrecision.value < 1);
});

Deno.test("conceptRetrieval() counts queries that no item answers", () => {
  const { videoToSpeech } = conceptRetrieval({
    windows: windows.slice(0, 12),
    video: randomRows(12, 2, 1),
    speech: randomRows(12, 2, 2),
    dimension: 2,
    videoConcepts: Array.from({ length: 12 }, (_, i) => i === 3 ? "kidneys" : "femur"),
    speechConcepts: Array<string>(12).fill("femur"),
    leaveOut: { kind: "own" },
    seed: 1,
    resamples: 10,
  });
  assert.deepEqual([videoToSpeech.queries, videoToSpeech.unanswerable], [11, 1]);
});

Deno.test("conceptRanks() refuse embeddings that do not fit or are not finite", () => {
  const options = { dimension: 1, queryConcepts: ["a"], itemConcepts: ["a"] };
  const one = new Float32Array([1]);
  assert.throws(() => conceptRanks({ ...options, queries: one, items: new Float32Array(2) }), /equally long/);
  assert.throws(() => conceptRanks({ ...options, queries: one, items: new Float32Array([NaN]) }), /finite/);
  assert.throws(() => summarizeConcepts([]), /at least one query/);
});

Deno.test("dealtConcepts() is chance for rankings that heed no question, whatever they prefer", () => {
  // Items of a concept lie before those of none in every ranking; among concepts nothing is preferred.
  const random = new Random(5, "dealt");
  const dimension = 9;
  const itemConcepts = Array.from({ length: 60 }, (_, i) => i < 40 ? ["a", "b", "c", "d"][i % 4] : null);
  const noise = (count: number) => Float32Array.from({ length: count * dimension }, () => random.normal());
  const items = noise(60);
  itemConcepts.forEach((concept, i) => items[i * dimension] = concept === null ? -20 : 20);
  const queries = noise(200);
  for (let q = 0; q < 200; q++) queries[q * dimension] = 1;
  const queryConcepts = Array.from({ length: 200 }, (_, q) => ["a", "b", "c", "d"][q % 4]);
  const options = { queries, items, dimension, queryConcepts, itemConcepts };
  const ranks = conceptRanks(options);
  const own = summarizeConcepts(ranks).meanAveragePrecision;
  const deals = dealtConcepts(options);
  const precision = meanOf(deals.map(({ averagePrecision }) => averagePrecision));
  assert.deepEqual(deals.map(({ query }) => query), ranks.map(({ query }) => query));
  assert.ok(Math.abs(own - precision) < 0.02, `${own} and ${precision}`);
  // A random order would be taken in: to it, the preference looks like knowledge.
  assert.ok(own > chanceConcepts(ranks).meanAveragePrecision + 0.05);
  assert.ok(Math.abs(meanOf(deals.map(({ firstHit }) => firstHit)) - 0.25) < 0.05);
});

Deno.test("dealtConcepts() is far below rankings that heed the question", () => {
  const names = ["a", "b", "c", "d"];
  const dimension = 4;
  const code = (count: number) =>
    Float32Array.from({ length: count * dimension }, (_, i) => Number(i % 4 === Math.floor(i / 4) % 4));
  const concepts = (count: number) => Array.from({ length: count }, (_, i) => names[i % 4]);
  const options = {
    queries: code(8),
    items: code(40),
    dimension,
    queryConcepts: concepts(8),
    itemConcepts: concepts(40),
  };
  assert.equal(summarizeConcepts(conceptRanks(options)).meanAveragePrecision, 1);
  // One deal in four is right; in the others the concept's ten items are spread over the thirty that tie last.
  for (const { averagePrecision, firstHit } of dealtConcepts(options)) {
    assert.equal(firstHit, 0.25);
    assert.ok(averagePrecision > 0.25 && averagePrecision < 0.5, String(averagePrecision));
  }
});

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
