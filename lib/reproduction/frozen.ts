/**
 * The cell that asks what a row's encoders know as they are, on subjects that they never saw.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import type { WindowRecord } from "../data/dataset_store.ts";
import {
  type ConceptRank,
  conceptRanks,
  type DealtConcept,
  dealtConcepts,
  leaveOut,
} from "../evaluation/concept_retrieval.ts";
import { type Confound, confoundProbe } from "../evaluation/confound_probe.ts";
import { embedWindows } from "../evaluation/embed.ts";
import { runForward } from "../evaluation/fine_tune.ts";
import { labelSubsets } from "../evaluation/folds.ts";
import { noFrameChange, writeFrame } from "../evaluation/frame_change.ts";
import { type LabelledFeatures, ofSubjects } from "../evaluation/labelled_features.ts";
import { fitLinearProbe } from "../evaluation/linear_probe.ts";
import { nearestNeighbours } from "../evaluation/nearest_neighbours.ts";
import { datasetPictures, resizedPictures, type TransferSplit } from "../evaluation/pictures.ts";
import { ranks } from "../evaluation/retrieval.ts";
import { buildEmbeddingGraph } from "../models/dual_encoder.ts";
import { affinityLevel } from "../pacing/affinity.ts";
import { voicedFractionOf } from "../pacing/pace.ts";
import type { Tensor } from "../tensor/executor.ts";
import { initializeParameters } from "../tensor/parameters.ts";
import type { Cell } from "./cell.ts";
import { type CellContext, type CellProgress, startOf } from "./cell_context.ts";
import { rowDefinitions } from "./rows.ts";
import { studyFolds } from "./folds.ts";
import { rowConfig } from "./study.ts";

/** Predictions of every labelled picture of the transfer subjects, each by probes fitted on other folds. */
export interface FrozenResult {
  /** By a linear probe. */
  probe: number[];
  /** By the nearest neighbours. */
  neighbours: number[];
  /** By linear probes that saw the labels of a share of the subjects. */
  labelEfficiency: { share: number; subjects: number; predicted: number[] }[];
  /** Where a window's own other half ranks, and where its concept's; null without trained projections. */
  retrieval: FrozenRetrieval | null;
  /** Voice, scanner and subject beside the anatomy; empty where their truth is not known. */
  confounds: Confound[];
}

/** One direction of retrieval by plane. */
export interface ConceptAnswers {
  /** One for each query. */
  ranks: ConceptRank[];
  /** Of the same rankings, asked for one another's planes; in the same order. */
  dealt: DealtConcept[];
}

/** Retrieval among the windows with speech. */
export interface FrozenRetrieval {
  /** Ids of the windows, [N]. */
  windows: number[];
  /** Ranks of the own other half, from 1, [N]. */
  instance: { videoToSpeech: number[]; speechToVideo: number[] };
  /** Queries by plane among the windows of other scans. */
  concept: { videoToSpeech: ConceptAnswers; speechToVideo: ConceptAnswers };
  /** Cosine of the window's own pair, [N]. */
  similarity: number[];
}

const batchSize = 32;
/** Strengths that a probe chooses from, within its training subjects. */
const probeStrengths = [1, 0.1, 0.01, 0.001];
/** Confounds are probed on at most this many windows: the probes' cost grows with the square. */
const confoundWindows = 600;

/** Computes the cell. */
export async function* evaluateFrozen(
  cell: Cell,
  context: CellContext,
): AsyncGenerator<CellProgress, FrozenResult, void> {
  const { study, data } = context;
  const config = rowConfig(study, cell.row, cell.seed, data.dataset);
  const start = await startOf(context, cell);
  const { video, speech } = buildEmbeddingGraph(config.model, 1);
  const parameters = new Map([...initializeParameters([video, speech], cell.seed), ...start ?? []]);
  const pictures = data.pictures(data.transfer);
  const features: LabelledFeatures = {
    ...await pictureFeatures(context, config, parameters, pictures),
    labels: pictures.map(({ label }) => label),
    subjects: pictures.map(({ window }) => window.subject),
  };
  yield 0.3;
  const folds = studyFolds(study, data);
  const probed = (fit: (train: LabelledFeatures, test: LabelledFeatures["features"]) => number[]) =>
    overFolds(features, folds, fit);
  const linear = (train: LabelledFeatures, test: LabelledFeatures["features"]) =>
    fitLinearProbe(train, { l2: probeStrengths, seed: cell.seed }).predict(test);
  const probe = probed(linear);
  const neighbours = probed(nearestNeighbours);
  yield 0.5;
  const labelEfficiency = shareCurve(features, folds, cell.seed);
  yield 0.7;
  const { retrieves, training } = rowDefinitions[cell.row];
  if (!retrieves && training !== "none") {
    return { probe, neighbours, labelEfficiency, retrieval: null, confounds: [] };
  }
  const embedded = await embedWindows({
    executor: context.executor,
    config,
    parameters,
    source: data.dataset,
    windows: data.transfer,
    signal: context.signal,
  });
  yield 0.9;
  return {
    probe,
    neighbours,
    labelEfficiency,
    retrieval: retrieve(embedded, context, config),
    confounds: confounds(embedded, context, cell.seed),
  };
}

/** Features of single pictures before any head, [N, E]. */
async function pictureFeatures(
  { data, executor, signal }: CellContext,
  { model }: RunConfig,
  parameters: ReadonlyMap<string, Tensor>,
  pictures: readonly { window: WindowRecord; frame: number }[],
): Promise<Pick<LabelledFeatures, "features" | "dimension">> {
  const { videoFeatures } = buildEmbeddingGraph(model, batchSize);
  const stored = datasetPictures(
    data.dataset,
    pictures.map(({ window, frame }) => ({ scanId: window.scanId, frame })),
  );
  const resized = resizedPictures(stored, model.frameSize);
  const features = await runForward({
    executor,
    output: videoFeatures,
    parameters,
    frameSize: model.frameSize,
    items: pictures.map((_, i) => i),
    write: (item, out, at) => writeFrame(resized.read(item), model.frameSize, noFrameChange, out, at),
    signal,
  });
  return { features, dimension: videoFeatures.shape[1] };
}

/** Predictions of every item by what was fitted on the other folds. */
function overFolds(
  all: LabelledFeatures,
  folds: readonly TransferSplit[],
  fit: (train: LabelledFeatures, test: LabelledFeatures["features"]) => number[],
): number[] {
  const predicted = new Array<number>(all.labels.length).fill(0);
  for (const { train, test } of folds) {
    const [known, asked] = [train, test].map((rows) =>
      ofSubjects(all, new Set(rows.map((row) => all.subjects[row])))
    );
    // Both keep the order of the items.
    fit(known, asked.features).forEach((label, i) => predicted[test[i]] = label);
  }
  return predicted;
}

function shareCurve(
  all: LabelledFeatures,
  folds: readonly TransferSplit[],
  seed: number,
): FrozenResult["labelEfficiency"] {
  const subsets = folds.map(({ train }) => labelSubsets(train.map((row) => all.subjects[row]), { seed }));
  // Of small shares that come to the same number of subjects, one is enough.
  const counts = subsets[0].map(({ subjects }) => subjects.length);
  return subsets[0].flatMap(({ share }, i) => {
    if (counts.indexOf(counts[i]) < i) return [];
    let fold = 0;
    const predicted = overFolds(all, folds, (train, test) => {
      const known = ofSubjects(train, subsets[fold++][i].subjects);
      return fitLinearProbe(known, { l2: 0.01 }).predict(test);
    });
    return [{ share, subjects: counts[i], predicted }];
  });
}

type Embedded = Awaited<ReturnType<typeof embedWindows>>;

function retrieve(embedded: Embedded, { data }: CellContext, { pacing }: RunConfig): FrozenRetrieval {
  const { dimension, windows } = embedded;
  const places = windows.flatMap((window, i) => {
    const voiced = voicedFractionOf(window, pacing.detector);
    return affinityLevel(voiced, pacing.voicedFractionThreshold) === "high" ? [i] : [];
  });
  const chosen = places.map((i) => windows[i]);
  const rows = (values: Float32Array) => {
    const out = new Float32Array(places.length * dimension);
    places.forEach((i, k) => out.set(values.subarray(i * dimension, (i + 1) * dimension), k * dimension));
    return out;
  };
  const [video, speech] = [rows(embedded.video), rows(embedded.speech)];
  const seen = chosen.map((window) => {
    const label = data.labelOf(window);
    return label === undefined || label === data.background ? null : label;
  });
  // Speech counts for a plane only where it is known to name it, as far as anything is known of that.
  const said = chosen.map(({ id }, i) => data.truth?.get(id)?.isRelated === false ? null : seen[i]);
  const isLeftOut = leaveOut(chosen, { kind: "scan" });
  const concept = (queries: Float32Array, items: Float32Array, asked: typeof seen, found: typeof seen) => {
    const options = { queries, items, dimension, queryConcepts: asked, itemConcepts: found, isLeftOut };
    return { ranks: conceptRanks(options), dealt: dealtConcepts(options) };
  };
  return {
    windows: chosen.map(({ id }) => id),
    instance: {
      videoToSpeech: Array.from(ranks(video, speech, dimension)),
      speechToVideo: Array.from(ranks(speech, video, dimension)),
    },
    concept: {
      videoToSpeech: concept(video, speech, seen, said),
      speechToVideo: concept(speech, video, said, seen),
    },
    similarity: chosen.map((_, k) => {
      let sum = 0;
      for (let e = k * dimension; e < (k + 1) * dimension; e++) sum += video[e] * speech[e];
      return sum;
    }),
  };
}

/** What the two embeddings tell of who speaks and how the machine is set; nothing where that is not known. */
function confounds(embedded: Embedded, { data }: CellContext, seed: number): Confound[] {
  if (data.truth === undefined || data.factors === undefined) return [];
  const { windows, dimension } = embedded;
  const step = Math.max(1, Math.ceil(windows.length / confoundWindows));
  const places = [...windows.keys()].filter((i) => i % step === 0);
  const rows = (values: Float32Array) => {
    const features = new Float32Array(places.length * dimension);
    places.forEach((i, k) =>
      features.set(values.subarray(i * dimension, (i + 1) * dimension), k * dimension)
    );
    return { features, dimension };
  };
  const chosen = places.map((i) => windows[i]);
  const factors = chosen.map(({ scanId }) => data.factors!.get(scanId)!);
  return confoundProbe({
    embeddings: { video: rows(embedded.video), speech: rows(embedded.speech) },
    factors: {
      voice: chosen.map(({ id }) => data.truth!.get(id)!.voice),
      gain: factors.map(({ subject }) => subject.gain),
      depth: factors.map(({ subject }) => subject.sector.depth),
    },
    anatomy: chosen.map((window) => data.labelOf(window) ?? null),
    subjects: chosen.map(({ subject }) => subject),
    seed,
  });
}
