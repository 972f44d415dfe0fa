/**
 * The parts of a study that can be computed one by one: what they are, what each waits for, and how long they take
 * beside one another.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { overfitSteps, overfitWindows } from "../training/overfit_gate.ts";
import type { RowId } from "./report.ts";
import { rowDefinitions } from "./rows.ts";
import { rowConfig, type Study, type StudyDataset } from "./study.ts";

/**
 * - `overfit`: whether the paper's row can learn one batch by heart.
 * - `pretraining`: the row's encoder, from the pretraining subjects.
 * - `frozen`: what the encoder knows as it is: probes, retrieval, affinity, confounds, on the transfer subjects.
 * - `planes`, `gaze`: a transfer task, trained on all transfer subjects but those of one fold.
 */
export type CellKind = "overfit" | "pretraining" | "frozen" | "planes" | "gaze";

/** One part. */
export interface Cell {
  /** As `planes/paper/seed 1/fold 2`; for people and logs. */
  id: string;
  /** What is computed. */
  kind: CellKind;
  /** For which row. */
  row: RowId;
  /** Of training. */
  seed: number;
  /** Of a transfer task, from 0. */
  fold?: number;
  /** The encoder that it starts from; undefined for encoders themselves and for random ones. */
  needs?: Cell;
  /** Work beside that of other cells, in pictures and spectrograms through an encoder and back. */
  cost: number;
  /** Says what it computes: equal keys, equal results. Also the name of its folder. */
  key: string;
}

/** Numbers of the data that costs and keys depend on. */
export interface StudyFacts {
  /** {@linkcode StudyData.hash}. */
  dataHash: string;
  /** What rows' settings are fitted to. */
  dataset: StudyDataset;
  /** Windows of the pretraining subjects. */
  pretrainingWindows: number;
  /** Labelled pictures of the pretraining subjects; without any the supervised reference is left out. */
  pretrainingPictures: number;
  /** Windows of the transfer subjects. */
  transferWindows: number;
  /** Labelled pictures of the transfer subjects. */
  transferPictures: number;
  /** Those that somebody looked at; 0 where gaze is left out. */
  gazePictures: number;
}

/** Rises when cells compute something else from the same settings and data. */
const protocolVersion = 2;

/** What probes and retrieval cost for a window beside a picture through an encoder and back. */
const frozenCost = 30;

/** Every cell of a study; a cell comes after the one that it needs. */
export function planCells(study: Study, facts: StudyFacts): Cell[] {
  const isPossible = (row: RowId) =>
    rowDefinitions[row].training !== "supervised" || facts.pretrainingPictures > 0;
  const rows = study.rows.filter(isPossible);
  const cells = study.seeds.flatMap((seed) => rows.flatMap((row) => rowCells(study, facts, row, seed)));
  const paper = cells.find(({ kind, row }) => kind === "pretraining" && row === "paper");
  return paper ? [overfitCell(paper), ...cells] : cells;
}

/** One batch for as many steps as the gate takes at most; it is the first to be worth stopping for. */
function overfitCell({ row, seed, key }: Cell): Cell {
  const cost = overfitSteps * overfitWindows;
  return {
    id: `overfit/${row}/seed ${seed}`,
    kind: "overfit",
    row,
    seed,
    cost,
    key: keyOf("overfit", [key]),
  };
}

function rowCells(study: Study, facts: StudyFacts, row: RowId, seed: number): Cell[] {
  const { training, isControl } = rowDefinitions[row];
  const encoder = training === "none" ? undefined : pretrainingCell(study, facts, row, seed);
  const make = (kind: CellKind, rest: Pick<Cell, "cost" | "fold">, settings: unknown): Cell => {
    const fold = rest.fold === undefined ? "" : `/fold ${rest.fold + 1}`;
    return {
      id: `${kind}/${row}/seed ${seed}${fold}`,
      kind,
      row,
      seed,
      needs: encoder,
      ...rest,
      key: keyOf(kind, [facts.dataHash, encoder?.key ?? row, seed, rest.fold ?? null, settings]),
    };
  };
  const { model, pacing, data } = rowConfig(study, row, seed, facts.dataset);
  const folds = Array.from({ length: study.folds }, (_, fold) => fold);
  const shared = [model, study.folds, study.fineTuningEpochs];
  const share = (study.folds - 1) / study.folds;
  const asked = [model, study.folds, pacing.detector, pacing.voicedFractionThreshold, data.speechSeconds];
  const frozen = make("frozen", { cost: facts.transferWindows * frozenCost }, asked);
  if (isControl) return [...encoder ? [encoder] : [], frozen];
  return [
    ...encoder ? [encoder] : [],
    frozen,
    ...folds.map((fold) =>
      make("planes", { fold, cost: facts.transferPictures * share * study.fineTuningEpochs }, shared)
    ),
    ...facts.gazePictures === 0
      ? []
      : folds.map((fold) =>
        make("gaze", { fold, cost: facts.gazePictures * share * study.fineTuningEpochs }, [
          ...shared,
          study.gazeSigmaCells,
          study.gazeLearningRate,
        ])
      ),
  ];
}

/** The encoder of a row. A spectrogram costs as many pictures as it has times their pixels. */
function pretrainingCell(study: Study, facts: StudyFacts, row: RowId, seed: number): Cell {
  const { training, shufflesSpeech } = rowDefinitions[row];
  const config = rowConfig(study, row, seed, facts.dataset);
  const { losses, data, model } = config;
  const hears = losses.correlationWeight + losses.contrastiveWeight > 0;
  const area = (size: readonly number[]) => size[0] * size[1];
  const frames = Math.max(losses.orderWeight > 0 ? 4 : 0, hears ? data.samplingGroups : 0);
  const speech = hears ? 2 * data.samplingGroups * area(model.speechSize) / area(model.frameSize) : 0;
  const isSupervised = training === "supervised";
  const cost = isSupervised
    ? facts.pretrainingPictures * study.supervisedEpochs
    : facts.pretrainingWindows * config.training.epochs * (frames + speech);
  const settings = isSupervised ? [model, study.supervisedEpochs] : [config, shufflesSpeech];
  return {
    id: `pretraining/${row}/seed ${seed}`,
    kind: "pretraining",
    row,
    seed,
    cost,
    key: keyOf("pretraining", [facts.dataHash, training, settings, seed]),
  };
}

function keyOf(kind: CellKind, facts: unknown[]): string {
  const text = JSON.stringify([protocolVersion, kind, ...facts]);
  return `${kind}-${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
}
