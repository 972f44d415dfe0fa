/**
 * Which rows are better than which: the order of the paper's tables, and our own claims.
 *
 * @module
 */

import { holm } from "../evaluation/statistics.ts";
import { compareMeasurements, type Draws, type Measurement } from "./measurement.ts";
import { metricInfos } from "./metrics.ts";
import type { ReportComparison, RowId } from "./report.ts";

/** Better and worse, as claimed. */
type Claim = readonly [RowId, RowId];

/** Tables 1 and 2 of the paper, then ours; what names our row or has no counterpart in the paper is our own claim. */
const transferClaims: readonly Claim[] = [
  ["video", "random"],
  ["paper", "random"],
  ["paper", "video"],
  ["contrastive", "correlation"],
  ["paper", "contrastive"],
  ["learned", "random"],
  ["learned", "paper"],
];
/** Labels win on planes; on gaze the paper's method does. */
const planeClaims: readonly Claim[] = [...transferClaims, ["supervised", "paper"]];
const gazeClaims: readonly Claim[] = [...transferClaims, ["paper", "supervised"]];
const retrievalClaims: readonly Claim[] = [
  ["contrastive", "shuffled"],
  ["paper", "shuffled"],
  ["learned", "shuffled"],
  ["paper", "contrastive"],
  ["learned", "paper"],
];

const claims: readonly (readonly [string, readonly Claim[]])[] = [
  ["planes.f1Macro13", planeClaims],
  ["gaze.klDivergence", gazeClaims],
  ["gaze.nss", gazeClaims],
  ["probe.linearF1Macro13", planeClaims],
  ["retrieval.conceptLiftSpeechToVideo", retrievalClaims],
  ["affinity.heldOutAuc", [["learned", "paper"]]],
];

const claimOf = (key: string) => ([better, worse]: Claim) => ({ key, better, worse });

/**
 * Tests every claim whose rows are there. Verdicts are at 0.05 after Holm's correction for all of them together.
 *
 * @param rows The measurements of each row.
 * @param breathe Waited for before each test, which takes a while.
 */
export async function compareAll(
  rows: ReadonlyMap<RowId, readonly Measurement[]>,
  draws: Draws,
  breathe: () => Promise<void> = () => Promise.resolve(),
): Promise<ReportComparison[]> {
  const tested = [];
  for (const { key, better, worse } of claims.flatMap(([key, pairs]) => pairs.map(claimOf(key)))) {
    const measured = (row: RowId) => rows.get(row)?.find((measurement) => measurement.key === key);
    const [a, b] = [measured(better), measured(worse)];
    if (!a || !b) continue;
    await breathe();
    const sign = metricInfos.find((metric) => metric.key === key)!.better === "lower" ? -1 : 1;
    const isPapers = (key.startsWith("planes.") || key.startsWith("gaze.")) && better !== "learned";
    tested.push({
      ...compareMeasurements({ row: better, measurement: a }, { row: worse, measurement: b }, sign, draws),
      claimedBy: isPapers ? "paper" as const : "ours" as const,
    });
  }
  const adjusted = holm(tested.map(({ pValue }) => pValue));
  return tested.map((one, i) => ({
    ...one,
    adjustedPValue: adjusted[i],
    verdict: adjusted[i] >= 0.05 ? "open" : one.difference > 0 ? "holds" : "reversed",
  }));
}
