/**
 * From the results of all cells to the report.
 *
 * @module
 */

import type { SplitCertificate } from "../data/split_certificate.ts";
import { nextTurn } from "../event_loop.ts";
import { gazeMap } from "../evaluation/gaze_map.ts";
import { confusionMatrix } from "../evaluation/classification.ts";
import type { Confound } from "../evaluation/confound_probe.ts";
import { affinityCurves } from "./affinity_curves.ts";
import type { Cell, CellKind } from "./cell.ts";
import type { CellRecord } from "./cell_store.ts";
import { certificateCheck, confoundChecks, leakChecks, overfitCheck, shuffledControl } from "./checks.ts";
import { compareAll } from "./comparisons.ts";
import type { CellResults } from "./compute_cell.ts";
import { type Draws, figureOf, type Measurement } from "./measurement.ts";
import { metricInfos } from "./metrics.ts";
import { type Figure, type ReportRow, type ReproductionReport, type RowId, rowIds } from "./report.ts";
import {
  gazeMeasurements,
  labelEfficiencyMeasurements,
  rowMeasurements,
  type RowResults,
} from "./row_measurements.ts";
import { rowDefinitions } from "./rows.ts";
import type { Study } from "./study.ts";
import type { StudyData } from "./study_data.ts";

/** What the report is made of. */
export interface SummaryOptions {
  /** The settings. */
  study: Study;
  /** The windows. */
  data: StudyData;
  /** Of the data's split. */
  certificate: SplitCertificate;
  /** Every cell with its record. */
  records: ReadonlyMap<Cell, CellRecord>;
  /** The command that makes this report again, without folders. */
  command: string;
  /** Version of the program. */
  programVersion: string;
  /** Sentences for the reader on where the data is from. */
  notes: readonly string[];
  /** Asks to stop. */
  signal?: AbortSignal;
}

/** Draws of label-efficiency curves and affinity curves: many figures, looked at rather than tested. */
const fewResamples = 400;

/**
 * Makes the report; this takes a while, for intervals and tests draw the same numbers thousands of times.
 *
 * @throws The signal's reason.
 */
export async function summarize(options: SummaryOptions): Promise<ReproductionReport> {
  const { study, data, records } = options;
  const draws: Draws = { resamples: study.resamples, permutations: study.permutations };
  const results = new ResultsByRow(study, records);
  const measured = new Map<RowId, Measurement[]>(
    results.rows.map((row) => [row, rowMeasurements(results.of(row), data)]),
  );
  const breathe = async () => {
    await nextTurn();
    options.signal?.throwIfAborted();
  };
  const rows: ReportRow[] = [];
  for (const row of results.rows) {
    const figures: Record<string, Figure> = {};
    for (const one of measured.get(row)!) {
      await breathe();
      figures[one.key] = figureOf(one, draws);
    }
    rows.push(reportRow(row, figures, results, data, draws));
  }
  const confounds = new Map(results.rows.map((row) => [row, results.of(row).frozen[0].confounds]));
  return {
    formatVersion: 1,
    programVersion: options.programVersion,
    finishedAt: new Date().toISOString(),
    computeSeconds: [...records.values()].reduce((sum, { seconds }) => sum + seconds, 0),
    device: [...new Set([...records.values()].map(({ device }) => device))].sort().join("; "),
    protocol: protocolOf(options, results),
    metrics: [...metricInfos],
    rows,
    baselines: baselinesOf(results, data, draws),
    comparisons: await compareAll(measured, draws, breathe),
    affinity: affinityCurves(
      {
        frozen: new Map(results.rows.map((row) => [row, results.of(row).frozen])),
        pretraining: new Map(results.rows.map((row) => [row, results.all(row, "pretraining")])),
      },
      data,
      { ...draws, resamples: fewResamples },
    ),
    checks: [
      certificateCheck(options.certificate),
      ...results.all("paper", "overfit").map(overfitCheck),
      ...shuffledControl(rows),
      ...leakChecks(data),
      ...confoundChecks(confounds),
    ],
    saliencyExamples: saliencyExamples(results, data),
  };
}

/** Results of cells by row, seeds and folds in order. */
class ResultsByRow {
  /** Those that were computed, in the report's order. */
  readonly rows: readonly RowId[];
  /** Of the study. */
  readonly gazeSigmaCells: number;
  readonly #study: Study;
  readonly #records: ReadonlyMap<Cell, CellRecord>;

  constructor(study: Study, records: ReadonlyMap<Cell, CellRecord>) {
    this.#study = study;
    this.#records = records;
    this.gazeSigmaCells = study.gazeSigmaCells;
    const computed = new Set([...records.keys()].map(({ row }) => row));
    this.rows = rowIds.filter((row) => computed.has(row));
  }

  /** Of one kind, by seed, then fold. */
  all<K extends CellKind>(row: RowId, kind: K, seed?: number): CellResults[K][] {
    return [...this.#records]
      .filter(([cell]) => cell.row === row && cell.kind === kind && (seed ?? cell.seed) === cell.seed)
      .sort(([a], [b]) => a.seed - b.seed || (a.fold ?? 0) - (b.fold ?? 0))
      .map(([, { result }]) => result as CellResults[K]);
  }

  of(row: RowId): RowResults {
    const folds = <K extends CellKind>(kind: K) =>
      this.#study.seeds.map((seed) => this.all(row, kind, seed)).filter((found) => found.length > 0);
    return { frozen: this.all(row, "frozen"), planes: folds("planes"), gaze: folds("gaze") };
  }
}

function reportRow(
  id: RowId,
  figures: Record<string, Figure>,
  results: ResultsByRow,
  data: StudyData,
  draws: Draws,
): ReportRow {
  const { title, description, isControl } = rowDefinitions[id];
  const { frozen, planes } = results.of(id);
  return {
    id,
    title,
    description,
    isControl,
    figures: {
      ...figures,
      ...confoundFigures(frozen.map(({ confounds }) => confounds)),
    },
    confusion: planes.length > 0 ? confusionOf(planes.flat(), data) : undefined,
    labelEfficiency: labelEfficiencyMeasurements(frozen, data).map(({ share, subjects, measurement }) => ({
      share,
      subjects,
      f1: figureOf(measurement, { ...draws, resamples: fewResamples }),
    })),
    curves: results.all(id, "pretraining")[0]?.curves ?? [],
  };
}

/** Balanced accuracies of the linear probe; intervals are those of the first seed. */
function confoundFigures(seeds: readonly (readonly Confound[])[]): Record<string, Figure> {
  const wanted = [
    ["confounds.voiceInSpeech", "speech", "voice"],
    ["confounds.voiceInVideo", "video", "voice"],
    ["confounds.subjectInVideo", "video", "subject"],
    ["confounds.subjectInSpeech", "speech", "subject"],
  ] as const;
  return Object.fromEntries(wanted.flatMap(([key, embedding, factor]) => {
    const told = seeds.flatMap((confounds) =>
      confounds.find((one) => one.embedding === embedding && one.factor === factor)?.told ?? []
    );
    if (told.length === 0) return [];
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const runs = told.map(({ linear }) => linear.score);
    const figure: Figure = {
      value: mean(runs),
      standardDeviation: runs.length > 1
        ? Math.sqrt(runs.reduce((sum, run) => sum + (run - mean(runs)) ** 2, 0) / (runs.length - 1))
        : null,
      interval: told[0].linear.interval,
      chance: mean(told.map(({ linear }) => linear.chance)),
      runs,
    };
    return [[key, figure]];
  }));
}

function confusionOf(folds: readonly CellResults["planes"][], data: StudyData) {
  const pictures = data.pictures(data.transfer);
  const truth = folds.flatMap((fold) => fold.pictures.map((picture) => pictures[picture].label));
  const { classes, counts } = confusionMatrix(
    truth,
    folds.flatMap(({ predicted }) => predicted),
    data.classes,
  );
  return { classes: [...classes], counts };
}

/** Maps that have not seen the picture do not depend on the row. */
function baselinesOf(results: ResultsByRow, data: StudyData, draws: Draws): ReproductionReport["baselines"] {
  const row = results.rows.find((one) => results.of(one).gaze.length > 0);
  if (row === undefined) return [];
  const pictures = data.pictures(data.transfer);
  const of = (title: string, kind: "centreBias" | "uniform") => ({
    title,
    figures: Object.fromEntries(
      gazeMeasurements(results.of(row).gaze.slice(0, 1), pictures, kind).map((one) => [
        one.key,
        figureOf(one, draws),
      ]),
    ),
  });
  return [of("centre bias of the training pictures", "centreBias"), of("uniform map", "uniform")];
}

function saliencyExamples(results: ResultsByRow, data: StudyData): ReproductionReport["saliencyExamples"] {
  const shown = results.rows.filter((row) => results.of(row).gaze.length > 0);
  if (shown.length === 0) return [];
  const pictures = data.pictures(data.transfer);
  const folds = new Map(shown.map((row) => [row, results.of(row).gaze[0]]));
  return folds.get(shown[0])!.flatMap((fold, f) =>
    fold.examples.map((_, i) => {
      const { window, frame, gaze } = pictures[fold.pictures[i]];
      const truth = gazeMap(gaze, { sigmaCells: results.gazeSigmaCells });
      const top = Math.max(...truth.values);
      const grey = (values: ArrayLike<number>) => Uint8Array.from(values).toBase64();
      return {
        size: [truth.height, truth.width] as const,
        picture: grey(data.dataset.readFrames(window.scanId, frame, 1)),
        pictureSize: data.dataset.config.frameSize,
        maps: [
          { title: "truth", values: grey(truth.values.map((value) => (255 * value) / top)) },
          ...shown.map((row) => ({
            title: rowDefinitions[row].title,
            values: grey(folds.get(row)![f].examples[i]),
          })),
        ],
      };
    })
  );
}

function protocolOf(
  { study, data, notes, command }: SummaryOptions,
  results: ResultsByRow,
): ReproductionReport["protocol"] {
  const subjects = (windows: readonly { subject: string }[]) => new Set(windows.map((w) => w.subject)).size;
  return {
    command,
    size: study.size,
    isSynthetic: data.truth !== undefined,
    seeds: [...study.seeds],
    folds: study.folds,
    subjects: { pretraining: subjects(data.pretraining), transfer: subjects(data.transfer) },
    windows: { pretraining: data.pretraining.length, transfer: data.transfer.length },
    labelledPictures: data.pictures(data.transfer).length,
    pretrainingSteps: Object.fromEntries(results.rows.flatMap((row) => {
      const [first] = results.all(row, "pretraining");
      return first ? [[row, first.steps]] : [];
    })),
    fineTuningEpochs: study.fineTuningEpochs,
    datasetHash: data.hash,
    notes: [...notes],
  };
}
