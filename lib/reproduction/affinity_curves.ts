/**
 * How well voice and learned affinities find the windows whose speech is about the picture, for scans whose truth is
 * known.
 *
 * @module
 */

import type { WindowRecord } from "../data/dataset_store.ts";
import { averagePrecision, expectedAveragePrecision, rocAuc, rocCurve } from "../evaluation/ranking.ts";
import type { WindowTruth } from "../phantom/truth.ts";
import type { FrozenResult } from "./frozen.ts";
import { type Draws, figureOf, oneGroup } from "./measurement.ts";
import type { PretrainingResult } from "./pretraining.ts";
import type { AffinityCurve, RowId } from "./report.ts";
import { rowDefinitions } from "./rows.ts";
import type { StudyData } from "./study_data.ts";

/** Points of a curve and bins of a calibration. */
const rocPoints = 60, calibrationBins = 10;

/** What the rows leave that tells related windows from others. */
export interface AffinitySources {
  /** By row, [seeds]. */
  frozen: ReadonlyMap<RowId, FrozenResult[]>;
  /** By row, [seeds]. */
  pretraining: ReadonlyMap<RowId, PretrainingResult[]>;
}

/** The curves; none without the truth. */
export function affinityCurves(sources: AffinitySources, data: StudyData, draws: Draws): AffinityCurve[] {
  const { truth } = data;
  if (truth === undefined) return [];
  const curve = (title: string, windows: readonly WindowRecord[], scores: readonly number[][], row?: RowId) =>
    affinityCurve({ title, windows, scores, row }, truth, draws);
  const voiced = (windows: readonly WindowRecord[]) => windows.map((window) => window.voicedFractionWebrtc);
  const byId = new Map([...data.pretraining, ...data.transfer].map((window) => [window.id, window]));
  const curves = [curve("voiced share, all windows", data.transfer, [voiced(data.transfer)])];
  for (const row of ["paper", "learned"] as const) {
    const retrievals = (sources.frozen.get(row) ?? []).flatMap(({ retrieval }) => retrieval ?? []);
    if (retrievals.length === 0) continue;
    const windows = retrievals[0].windows.map((id) => byId.get(id)!);
    const title = `agreement on held-out windows with speech, ${rowDefinitions[row].title}`;
    if (curves.length === 1) {
      curves.push(curve("voiced share, held-out windows with speech", windows, [voiced(windows)]));
    }
    curves.push(curve(title, windows, retrievals.map(({ similarity }) => similarity), row));
  }
  const paces = (sources.pretraining.get("learned") ?? []).flatMap(({ pace }) => pace ?? []);
  if (paces.length > 0) {
    // A window that was in no whole batch yet has no affinity.
    const known = paces[0].windows.flatMap((_, i) =>
      paces.every(({ affinity }) => affinity[i] !== null) ? [i] : []
    );
    const windows = known.map((i) => byId.get(paces[0].windows[i])!);
    const affinities = paces.map(({ affinity }) => known.map((i) => affinity[i]!));
    curves.push(curve("voiced share, training windows", windows, [voiced(windows)]));
    curves.push(curve("learned affinity, training windows", windows, affinities, "learned"));
  }
  return curves.filter((one) => one !== undefined);
}

interface Scored {
  title: string;
  windows: readonly WindowRecord[];
  /** [seeds][N] */
  scores: readonly number[][];
  row?: RowId;
}

function affinityCurve(
  { title, windows, scores, row }: Scored,
  truth: ReadonlyMap<number, WindowTruth>,
  draws: Draws,
): AffinityCurve | undefined {
  const related = windows.map(({ id }) => truth.get(id)!.isRelated);
  const count = related.filter(Boolean).length;
  if (count === 0 || count === related.length) return undefined;
  const shared = {
    key: "affinity",
    outcomes: scores,
    subjects: windows.map(({ subject }) => subject),
    groups: oneGroup(windows.length),
  };
  const pick = (items: Int32Array) => Array.from(items, (item) => related[item]);
  const auc = figureOf(
    { ...shared, chance: 0.5, statistic: (values, items) => rocAuc(values, pick(items)) },
    draws,
  );
  const precision = figureOf({
    ...shared,
    chance: expectedAveragePrecision(related.length, count),
    statistic: (values, items) => averagePrecision(values, pick(items)),
  }, draws);
  const points = rocCurve(scores[0], related).map((point): [number, number] => [
    point.falsePositiveRate,
    point.truePositiveRate,
  ]);
  return {
    title,
    row,
    roc: thinned(points, rocPoints),
    auc,
    averagePrecision: precision,
    calibration: equalBins(scores[0], related),
  };
}

/** Some of the points, the first and the last among them. */
function thinned<T>(points: readonly T[], count: number): T[] {
  if (points.length <= count) return [...points];
  return Array.from({ length: count }, (_, i) => points[Math.round((i * (points.length - 1)) / (count - 1))]);
}

function equalBins(scores: readonly number[], related: readonly boolean[]): AffinityCurve["calibration"] {
  const order = [...scores.keys()].sort((a, b) => scores[a] - scores[b]);
  const bins = Math.min(calibrationBins, order.length);
  return Array.from({ length: bins }, (_, b) => {
    const items = order.slice(
      Math.floor((b * order.length) / bins),
      Math.floor(((b + 1) * order.length) / bins),
    );
    const mean = (value: (item: number) => number) =>
      items.reduce((sum, item) => sum + value(item), 0) / items.length;
    return {
      score: mean((item) => scores[item]),
      relatedShare: mean((item) => Number(related[item])),
      windows: items.length,
    };
  });
}
