/**
 * The training step as a value: the dual encoder in training mode under equation 3.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { type BatchFormat, finishedFormat } from "../data/batches.ts";
import { correlationAccuracy, correlationLoss } from "../losses/correlation.ts";
import { crossModalContrastive } from "../losses/cross_modal_contrastive.ts";
import {
  frameOrderAccuracy,
  frameOrderClasses,
  frameOrderLoss,
  orderedFrames,
} from "../losses/frame_order.ts";
import { infoNce } from "../losses/info_nce.ts";
import { otherSimilarity, ownSimilarity } from "../losses/pair_similarity.ts";
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
  stopGradient,
  toneFrames,
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
  /** Whether any loss hears hard negatives, or what stands in for them. */
  negatives: boolean;
}

/** Derives the needs from the losses that are on. */
export function trainingNeeds({ data, losses }: RunConfig): TrainingNeeds {
  const contrastive = losses.contrastiveWeight > 0;
  const literal = losses.contrastiveForm === "literal";
  const correlation = losses.correlationWeight > 0;
  return {
    framesPerWindow: Math.max(data.samplingGroups, losses.orderWeight > 0 ? orderedFrames : 0),
    speech: correlation || contrastive,
    negatives: correlation || (contrastive && (literal || losses.hardNegatives)),
  };
}

/** The features a step's losses read, of N = B·K pairs. */
interface PairFeatures {
  /** `[N, E]`. */
  video: Node;
  /** `[N, E]`. */
  speech: Node;
  /** `[N, E]`; undefined when no loss hears negatives of a pair's own. */
  negative?: Node;
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
 * - `frameShifts` `[B, 2]`, `frameTones` `[B, 256]`, with stored frames alone: what is made of a window's frames.
 * - `speech` `[N, M, F, 1]`, `negativeSpeech` `[N, M, F, 1]`: row `w·K + k` goes with frame row `w·P + k`.
 * - `hardNegativeMask` `[N]`: 1 where that negative is a hard one. Where a scan has no neighbouring window to take it
 *   from, the speech of another scan stands in: L_cls takes it, L_cont leaves it out.
 * - `negativeMask` `[N, N]`: 1 where pair k (column) may be an ordinary negative of pair i (row).
 * - `positiveMask` `[N, N]`, with `data.bagSeconds` alone: 1 where the speech of pair k (column) is in the bag of pair i.
 * - `pairWeights` `[N]`: pace weights v; 0 for pairs of low affinity.
 * - `orderWeights` `[B]`: weights u of the order loss; `orderOneHot` `[B, 12]`: the class of the first four frames.
 *
 * Outputs, as far as their loss is on: `lossCorrelation`, `correlationAccuracy`, `lossContrastive`, `similarity`
 * (v·s of a pair's own, whatever its bag: how many neighbours the batch happens to hold must not move it),
 * `otherSimilarity` (the mean of v·s with the speech of all other pairs), `guarded` (literal form), all `[N]`;
 * `temperature` (stable form), a scalar; `lossOrder`, `orderAccuracy`, `[B]`.
 *
 * @param format The form in which frames and speech are fed; in single precision without.
 * @see Jiao et al., MICCAI 2020, equation 3.
 */
export function buildTrainingGraph(
  config: RunConfig,
  format: BatchFormat = finishedFormat,
): TrainingGraph {
  const { model, data } = config;
  const needs = trainingNeeds(config);
  const encoder = buildDualEncoder(model, "train");
  const chunks = batchChunks(config);
  const frames = framesOf(config, needs, format);
  const video = videoFeatureChunks(encoder, frames, chunks, needs.framesPerWindow);
  const videoFeatures = joined(video);
  const speech = needs.speech ? speechFeatureChunks(config, encoder, chunks, { needs, format }) : [];
  const terms: LossTerm[] = [];
  if (needs.speech) {
    const first = firstRows(videoFeatures, data.batchSize, data.samplingGroups);
    terms.push(...pairTerms(config, encoder, { video: first, ...speechFeatures(speech, needs) }));
  }
  if (config.losses.orderWeight > 0) terms.push(orderTerm(config, encoder, videoFeatures));
  return {
    objective: terms.map(weighted).reduce(add),
    outputs: Object.assign({}, ...terms.map((term) => term.outputs)),
    stateUpdates: encoder.stateUpdates(),
    optimizer: optimizerRule(config.optimizer),
    recomputed: chunks.length > 1 ? [...video, ...speech] : [],
    clipNorm: config.optimizer.clipNorm,
    storage: config.training.storage,
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

/** The frames as the encoder sees them, whichever way they are fed. */
function framesOf({ model, data }: RunConfig, needs: TrainingNeeds, format: BatchFormat): Node {
  const frames = framesInput(model, data.batchSize * needs.framesPerWindow, format.frames);
  if (format.frames === "f32") return frames;
  return toneFrames(
    frames,
    input("frameShifts", [data.batchSize, 2]),
    input("frameTones", [data.batchSize, 256]),
  );
}

/** Windows that are encoded together: `count` of them from `first` on. */
interface Chunk {
  first: number;
  count: number;
}

/** The batch in as few chunks as `training.chunkSize` allows, as equal as they can be. */
function batchChunks({ data: { batchSize }, training: { chunkSize } }: RunConfig): Chunk[] {
  const chunks = chunkSize > 0 ? Math.ceil(batchSize / chunkSize) : 1;
  const begin = (k: number) => Math.floor(k * batchSize / chunks);
  return Array.from({ length: chunks }, (_, k) => ({ first: begin(k), count: begin(k + 1) - begin(k) }));
}

/** A chunk's rows of an input with so many rows a window; the input itself where the chunk is all of it. */
function chunkRows(x: Node, { first, count }: Chunk, rowsPerWindow: number): Node {
  const [rows, ...rest] = x.shape;
  const size = count * rowsPerWindow;
  if (size === rows) return x;
  return slice(x, [first * rowsPerWindow, ...rest.map(() => 0)], [size, ...rest]);
}

/** Parts one below the other. */
function joined(parts: readonly Node[]): Node {
  return parts.length === 1 ? parts[0] : concat(parts, 0);
}

function videoFeatureChunks(
  encoder: DualEncoder,
  frames: Node,
  chunks: readonly Chunk[],
  framesPerWindow: number,
): Node[] {
  return chunks.map((chunk) => encoder.videoFeatures(chunkRows(frames, chunk, framesPerWindow)));
}

/**
 * Positives and negatives of a chunk go through the speech encoder as one batch, so that they share its moments; the
 * negatives' rows are the lower half.
 */
function speechFeatureChunks(
  { model, data }: RunConfig,
  encoder: DualEncoder,
  chunks: readonly Chunk[],
  { needs, format }: { needs: TrainingNeeds; format: BatchFormat },
): Node[] {
  const groups = data.samplingGroups;
  const heard = (name: string) => {
    const speech = speechInput(model, data.batchSize * groups, name, format.speech);
    // Unpacked once, for the first convolution reads every element many times.
    return format.speech === "f32" ? speech : stopGradient(speech);
  };
  const inputs = [heard("speech")];
  if (needs.negatives) inputs.push(heard("negativeSpeech"));
  return chunks.map((chunk) => {
    return encoder.speechFeatures(joined(inputs.map((input) => chunkRows(input, chunk, groups))));
  });
}

function speechFeatures(chunks: readonly Node[], needs: TrainingNeeds): Omit<PairFeatures, "video"> {
  if (!needs.negatives) return { speech: joined(chunks) };
  const parts = chunks.map(halves);
  return {
    speech: joined(parts.map(([positive]) => positive)),
    negative: joined(parts.map(([, negative]) => negative)),
  };
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
  { video, speech, negative }: PairFeatures,
): UnweightedTerm {
  const logits = encoder.correlationLogits(
    concat([video, video], 0),
    concat([speech, negative!], 0),
  );
  const [ofPositive, ofNegative] = halves(logits);
  const loss = correlationLoss(ofPositive, ofNegative);
  return {
    loss,
    outputs: { lossCorrelation: loss, correlationAccuracy: correlationAccuracy(ofPositive, ofNegative) },
  };
}

function contrastiveTerm(
  { data, losses }: RunConfig,
  encoder: DualEncoder,
  features: PairFeatures,
): UnweightedTerm {
  const pairs = features.video.shape[0];
  const video = encoder.videoEmbedding(features.video);
  const { speech, negative } = speechEmbeddings(encoder, features);
  const negativeMask = input("negativeMask", [pairs, pairs]);
  const hardNegativeMask = input("hardNegativeMask", [pairs]);
  const similarity = ownSimilarity(video, speech);
  const similarities = { similarity, otherSimilarity: otherSimilarity(video, speech) };
  if (losses.contrastiveForm === "literal") {
    const { loss, guarded } = crossModalContrastive({
      video,
      speech,
      hardNegative: negative!,
      hardNegativeMask,
      negativeMask,
      literalFloor: losses.literalFloor,
    });
    return { loss, outputs: { lossContrastive: loss, ...similarities, guarded } };
  }
  const temperature = learnedTemperature({
    initial: losses.initialTemperature,
    minimum: losses.minimumTemperature,
  });
  const loss = infoNce({
    video,
    speech,
    hardNegative: losses.hardNegatives ? negative : undefined,
    hardNegativeMask,
    temperature,
    negativeMask,
    positiveMask: data.bagSeconds > 0 ? input("positiveMask", [pairs, pairs]) : undefined,
    symmetric: losses.symmetric,
  });
  return { loss, outputs: { lossContrastive: loss, ...similarities, temperature } };
}

/** Both kinds of speech through one application of the projection head. */
function speechEmbeddings(
  encoder: DualEncoder,
  { speech, negative }: PairFeatures,
): { speech: Node; negative?: Node } {
  if (negative === undefined) return { speech: encoder.speechEmbedding(speech) };
  const [ofPositive, ofNegative] = halves(encoder.speechEmbedding(concat([speech, negative], 0)));
  return { speech: ofPositive, negative: ofNegative };
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
