/**
 * The training step as a value: the dual encoder in training mode under equation 3.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { correlationAccuracy, correlationLoss } from "../losses/correlation.ts";
import { crossModalContrastive } from "../losses/cross_modal_contrastive.ts";
import {
  frameOrderAccuracy,
  frameOrderClasses,
  frameOrderLoss,
  orderedFrames,
} from "../losses/frame_order.ts";
import { infoNce } from "../losses/info_nce.ts";
import { learnedTemperature } from "../losses/temperature.ts";
import type { OptimizerRule, TrainingGraph } from "../tensor/executor.ts";
import {
  add,
  affine,
  clampMin,
  concat,
  divide,
  input,
  multiply,
  type Node,
  reduceSum,
  reshape,
  slice,
} from "../tensor/graph.ts";
import { buildDualEncoder, type DualEncoder } from "./dual_encoder.ts";
import { speechInput } from "./speech_encoder.ts";
import { framesInput } from "./video_encoder.ts";

/** Weights that sum to less than this count as none: the loss is then 0 instead of 0 / 0. */
const smallestWeightSum = 1e-6;

/** What the config's losses need of a batch. */
export interface TrainingNeeds {
  /** Frames of each window, P: K for the pairs, at least four when their order is asked for. */
  framesPerWindow: number;
  /** Whether any loss hears speech. */
  speech: boolean;
  /** Whether any loss hears hard negatives. */
  hardNegatives: boolean;
}

/** Derives the needs from the losses that are on. */
export function trainingNeeds({ data, losses }: RunConfig): TrainingNeeds {
  const contrastive = losses.contrastiveWeight > 0;
  const literal = losses.contrastiveForm === "literal";
  const correlation = losses.correlationWeight > 0;
  return {
    framesPerWindow: Math.max(data.samplingGroups, losses.orderWeight > 0 ? orderedFrames : 0),
    speech: correlation || contrastive,
    hardNegatives: correlation || (contrastive && (literal || losses.hardNegatives)),
  };
}

/** The features a step's losses read, of N = B·K pairs. */
interface PairFeatures {
  /** `[N, E]`. */
  video: Node;
  /** `[N, E]`. */
  speech: Node;
  /** `[N, E]`; undefined when no loss hears hard negatives. */
  hardNegative?: Node;
}

/** One loss per pair or window, its weight in equation 3, and what is told about it. */
interface LossTerm {
  coefficient: number;
  loss: Node;
  /** Pace weights, of the loss's shape. */
  weights: Node;
  outputs: Record<string, Node>;
}

/**
 * The whole training step of a config: `α·Σ v·l_cls/Σ v + β·Σ v·l_cont/Σ v + γ·Σ u·l_ord/Σ u`, the only place
 * where losses are reduced. A batch whose weights are all 0 adds 0.
 *
 * Inputs, with B windows, K groups, N = B·K pairs, P frames a window (see {@linkcode trainingNeeds}); an input that
 * no enabled loss reads is not in the graph:
 * - `frames` `[B·P, H, W, 1]`: row `w·P + j` is the j-th shown frame of window w; the first K belong to its pairs.
 * - `speech` `[N, M, F, 1]`, `hardNegativeSpeech` `[N, M, F, 1]`: row `w·K + k` goes with frame row `w·P + k`.
 * - `negativeMask` `[N, N]`: 1 where pair k (column) may be an ordinary negative of pair i (row).
 * - `pairWeights` `[N]`: pace weights v; 0 for pairs of low affinity.
 * - `orderWeights` `[B]`: weights u of the order loss; `orderOneHot` `[B, 12]`: the class of the first four frames.
 *
 * Outputs, as far as their loss is on: `lossCorrelation`, `correlationAccuracy`, `lossContrastive`, `similarity`
 * (v·s), `guarded` (literal form), all `[N]`; `temperature` (stable form), a scalar; `lossOrder`, `orderAccuracy`,
 * `[B]`.
 *
 * @see Jiao et al., MICCAI 2020, equation 3.
 */
export function buildTrainingGraph(config: RunConfig): TrainingGraph {
  const { model, data } = config;
  const needs = trainingNeeds(config);
  const encoder = buildDualEncoder(model, "train");
  const frames = framesInput(model, data.batchSize * needs.framesPerWindow);
  const videoFeatures = encoder.videoFeatures(frames);
  const terms: LossTerm[] = [];
  if (needs.speech) {
    const video = firstRows(videoFeatures, data.batchSize, data.samplingGroups);
    terms.push(...pairTerms(config, encoder, { video, ...speechFeatures(config, encoder, needs) }));
  }
  if (config.losses.orderWeight > 0) terms.push(orderTerm(config, encoder, videoFeatures));
  return {
    objective: terms.map(weighted).reduce(add),
    outputs: Object.assign({}, ...terms.map((term) => term.outputs)),
    stateUpdates: encoder.stateUpdates(),
    optimizer: optimizerRule(config.optimizer),
    clipNorm: config.optimizer.clipNorm,
  };
}

/** `coefficient · Σ weights·loss / Σ weights`. */
function weighted({ coefficient, loss, weights }: LossTerm): Node {
  const mean = divide(
    reduceSum(multiply(weights, loss)),
    clampMin(reduceSum(weights), smallestWeightSum),
  );
  return affine(mean, coefficient);
}

/** The first `count` rows of each of `groups` equal groups of rows: `[groups·P, E]` to `[groups·count, E]`. */
function firstRows(x: Node, groups: number, count: number): Node {
  const [rows, width] = x.shape;
  const sideBySide = reshape(x, [groups, (rows / groups) * width]);
  return reshape(slice(sideBySide, [0, 0], [groups, count * width]), [groups * count, width]);
}

/** Positives and hard negatives go through the speech encoder as one batch, so that they share its moments. */
function speechFeatures(
  { model, data }: RunConfig,
  encoder: DualEncoder,
  needs: TrainingNeeds,
): Omit<PairFeatures, "video"> {
  const pairs = data.batchSize * data.samplingGroups;
  const speech = speechInput(model, pairs);
  if (!needs.hardNegatives) return { speech: encoder.speechFeatures(speech) };
  const stacked = concat([speech, speechInput(model, pairs, "hardNegativeSpeech")], 0);
  const [positive, hardNegative] = halves(encoder.speechFeatures(stacked));
  return { speech: positive, hardNegative };
}

/** The upper and the lower half of a matrix's rows. */
function halves(x: Node): [Node, Node] {
  const [rows, width] = x.shape;
  const half = [rows / 2, width];
  return [slice(x, [0, 0], half), slice(x, [rows / 2, 0], half)];
}

function pairTerms(config: RunConfig, encoder: DualEncoder, features: PairFeatures): LossTerm[] {
  const { correlationWeight, contrastiveWeight } = config.losses;
  const weights = input("pairWeights", [features.video.shape[0]]);
  const terms: LossTerm[] = [];
  if (correlationWeight > 0) {
    terms.push({ coefficient: correlationWeight, weights, ...correlationTerm(encoder, features) });
  }
  if (contrastiveWeight > 0) {
    terms.push({ coefficient: contrastiveWeight, weights, ...contrastiveTerm(config, encoder, features) });
  }
  return terms;
}

type UnweightedTerm = Pick<LossTerm, "loss" | "outputs">;

function correlationTerm(
  encoder: DualEncoder,
  { video, speech, hardNegative }: PairFeatures,
): UnweightedTerm {
  const logits = encoder.correlationLogits(
    concat([video, video], 0),
    concat([speech, hardNegative!], 0),
  );
  const [positive, negative] = halves(logits);
  const loss = correlationLoss(positive, negative);
  return {
    loss,
    outputs: { lossCorrelation: loss, correlationAccuracy: correlationAccuracy(positive, negative) },
  };
}

function contrastiveTerm(
  { losses }: RunConfig,
  encoder: DualEncoder,
  features: PairFeatures,
): UnweightedTerm {
  const pairs = features.video.shape[0];
  const video = encoder.videoEmbedding(features.video);
  const { speech, hardNegative } = speechEmbeddings(encoder, features);
  const negativeMask = input("negativeMask", [pairs, pairs]);
  const similarity = reduceSum(multiply(video, speech), [1]);
  if (losses.contrastiveForm === "literal") {
    const { loss, guarded } = crossModalContrastive({
      video,
      speech,
      hardNegative: hardNegative!,
      negativeMask,
      literalFloor: losses.literalFloor,
    });
    return { loss, outputs: { lossContrastive: loss, similarity, guarded } };
  }
  const temperature = learnedTemperature({
    initial: losses.initialTemperature,
    minimum: losses.minimumTemperature,
  });
  const loss = infoNce({
    video,
    speech,
    hardNegative: losses.hardNegatives ? hardNegative : undefined,
    temperature,
    negativeMask,
    symmetric: losses.symmetric,
  });
  return { loss, outputs: { lossContrastive: loss, similarity, temperature } };
}

/** Both kinds of speech through one application of the projection head. */
function speechEmbeddings(
  encoder: DualEncoder,
  { speech, hardNegative }: PairFeatures,
): { speech: Node; hardNegative?: Node } {
  if (hardNegative === undefined) return { speech: encoder.speechEmbedding(speech) };
  const [positive, negative] = halves(encoder.speechEmbedding(concat([speech, hardNegative], 0)));
  return { speech: positive, hardNegative: negative };
}

function orderTerm({ data, losses }: RunConfig, encoder: DualEncoder, videoFeatures: Node): LossTerm {
  const { batchSize } = data;
  const shown = firstRows(videoFeatures, batchSize, orderedFrames);
  const logits = encoder.orderLogits(reshape(shown, [batchSize, orderedFrames * shown.shape[1]]));
  const oneHot = input("orderOneHot", [batchSize, frameOrderClasses.length]);
  const loss = frameOrderLoss(logits, oneHot);
  return {
    coefficient: losses.orderWeight,
    loss,
    weights: input("orderWeights", [batchSize]),
    outputs: { lossOrder: loss, orderAccuracy: frameOrderAccuracy(logits, oneHot) },
  };
}

function optimizerRule(optimizer: RunConfig["optimizer"]): OptimizerRule {
  const { kind, momentum, beta1, beta2, epsilon, weightDecay, decayBiasAndNorm } = optimizer;
  return kind === "sgd"
    ? { kind, momentum, weightDecay, decayBiasAndNorm }
    : { kind, beta1, beta2, epsilon, weightDecay, decayBiasAndNorm };
}
