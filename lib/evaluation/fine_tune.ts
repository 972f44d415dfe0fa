/**
 * Fine-tuning of a network on labelled pictures, as a stream of events.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import type { EncoderUse, TransferStep } from "../models/transfer_network.ts";
import { type Progress, ProgressMeter } from "../progress.ts";
import { Random } from "../random.ts";
import type { Executor, InferenceProgram, Tensor, Tensors, TrainingGraph } from "../tensor/executor.ts";
import type { Node } from "../tensor/graph.ts";
import type { FrameChangeLimits } from "./frame_change.ts";
import { fitParameters, type ParameterOutcome } from "./parameter_fit.ts";
import { need } from "./requirement.ts";

/** How a transfer task is trained. */
export interface FineTuneSettings {
  /** Draws first values, batches and changes of the pictures. */
  seed: number;
  /** Passes over the training pictures. */
  epochs: number;
  /** Pictures in a step. */
  batchSize: number;
  /** Of the first epochs. */
  learningRate: number;
  /** Epochs, from 0, before which the learning rate is multiplied by {@linkcode FineTuneSettings.decayFactor}. */
  decayEpochs: readonly number[];
  /** See above. */
  decayFactor: number;
  /** Of SGD. */
  momentum: number;
  /** Of SGD; it reaches biases and scales too, as PyTorch does by default. */
  weightDecay: number;
  /** Largest global L2 norm of the gradients. */
  clipNorm: number;
  /** Whether the encoder is trained end to end or only the head on it. */
  encoder: EncoderUse;
  /** Random changes of the training pictures. */
  augmentation: FrameChangeLimits;
}

/**
 * The paper's recipe: it follows Droste et al. (IPMI 2019). They state no clipping; a norm of 5 keeps the first steps
 * of a random head in hand. Which way brightness is varied is not stated; here it is a factor.
 */
export const fineTuneDefaults: Readonly<FineTuneSettings> = {
  seed: 1,
  epochs: 50,
  batchSize: 16,
  learningRate: 0.01,
  decayEpochs: [20, 35],
  decayFactor: 0.1,
  momentum: 0.9,
  weightDecay: 5e-4,
  clipNorm: 5,
  encoder: "fineTuned",
  augmentation: {
    flipShare: 0.5,
    rotationDegrees: 10,
    aspect: 0.1,
    crop: 0.05,
    gamma: 0.25,
    brightness: 0.25,
  },
};

/** The recipe squeezed into fewer epochs: the learning rate falls at the same shares of the way. */
export function shortenedRecipe(epochs: number, base: FineTuneSettings = fineTuneDefaults): FineTuneSettings {
  const decayEpochs = base.decayEpochs.map((epoch) => Math.round((epoch * epochs) / base.epochs));
  return { ...base, epochs, decayEpochs };
}

/** Sent first. */
export interface FineTuneStarted {
  /** Tells the events apart. */
  kind: "started";
  /** Where each parameter's first value came from. */
  outcomes: ParameterOutcome[];
  /** Steps in an epoch; the last batch is filled up from the epoch's first pictures. */
  stepsPerEpoch: number;
  /** Steps in all. */
  totalSteps: number;
}

/** Sent after every step. */
export interface FineTuneStep {
  /** Tells the events apart. */
  kind: "step";
  /** Steps done. */
  step: number;
  /** From 0. */
  epoch: number;
  /** The step's objective. */
  loss: number;
  /** Before clipping. */
  gradientNorm: number;
  /** Of the step. */
  learningRate: number;
  /** Rate and time left. */
  progress: Progress;
}

/** Sent last. */
export interface FineTuneFinished<R> {
  /** Tells the events apart. */
  kind: "finished";
  /** What came out. */
  result: R;
}

/** What a transfer task tells while it runs. */
export type FineTuneEvent<R> = FineTuneStarted | FineTuneStep | FineTuneFinished<R>;

/** The step's rule that follows from the settings. */
export function transferStep({ encoder, clipNorm, momentum, weightDecay }: FineTuneSettings): TransferStep {
  return {
    encoder,
    clipNorm,
    optimizer: { kind: "sgd", momentum, weightDecay, decayBiasAndNorm: true },
  };
}

/** What is trained, on what. */
export interface FineTuneJob {
  /** Computes. */
  executor: Executor;
  /** The recipe. */
  settings: FineTuneSettings;
  /** The training step. */
  graph: TrainingGraph;
  /** A run's parameters to start from. */
  start?: Tensors;
  /** First values that the task itself knows; they replace drawn ones. */
  known?: Tensors;
  /** Pictures to train on. */
  items: readonly number[];
  /** The step's inputs for some items, one random stream for each; there are always `settings.batchSize` of them. */
  feeds(items: readonly number[], randoms: readonly Random[]): Tensors;
  /** Ends the work with its reason. */
  signal?: AbortSignal;
}

/**
 * Trains and gives the parameters, running moments among them. Every epoch shows all items in an order of its own; an
 * item's changes depend on the seed, the epoch and the item alone.
 *
 * @throws SonospeechError `input` without items or when nothing of `start` fits; `not-finite` when training diverges.
 */
export async function* fineTune(
  job: FineTuneJob,
): AsyncGenerator<FineTuneStarted | FineTuneStep, Map<string, Tensor>, void> {
  const { executor, settings, graph, items } = job;
  need(items.length > 0, "fine-tune", "there must be pictures to train on", 0);
  const nodes = [graph.objective, ...graph.stateUpdates.map(({ value }) => value)];
  const { parameters, outcomes } = fitParameters(nodes, settings.seed, job.start);
  for (const [name, tensor] of job.known ?? []) if (parameters.has(name)) parameters.set(name, tensor);
  const stepsPerEpoch = Math.ceil(items.length / settings.batchSize);
  const totalSteps = stepsPerEpoch * settings.epochs;
  const program = await executor.compileTraining(graph, parameters);
  const meter = new ProgressMeter("fine-tune", "steps", { total: totalSteps });
  try {
    yield { kind: "started", outcomes, stepsPerEpoch, totalSteps };
    for (let step = 0; step < totalSteps; step++) {
      job.signal?.throwIfAborted();
      const epoch = Math.floor(step / stepsPerEpoch);
      const batch = batchOf(items, settings, epoch, step % stepsPerEpoch);
      const randoms = batch.map((item) => new Random(settings.seed, "picture", epoch, item));
      const learningRate = learningRateOf(settings, epoch);
      const result = await program.step(job.feeds(batch, randoms), { learningRate, step });
      if (!result.applied) throw diverged(step, result.objective, result.gradientNorm);
      const { objective: loss, gradientNorm } = result;
      const progress = meter.update(step + 1);
      yield { kind: "step", step: step + 1, epoch, loss, gradientNorm, learningRate, progress };
    }
    const state = await program.readState();
    return new Map([...state].filter(([name]) => parameters.has(name)));
  } finally {
    program.dispose();
  }
}

function batchOf(
  items: readonly number[],
  { seed, batchSize }: FineTuneSettings,
  epoch: number,
  stepInEpoch: number,
): number[] {
  const order = new Random(seed, "fine-tune", epoch).shuffle(items);
  return Array.from({ length: batchSize }, (_, i) => order[(stepInEpoch * batchSize + i) % order.length]);
}

function learningRateOf({ learningRate, decayEpochs, decayFactor }: FineTuneSettings, epoch: number): number {
  return learningRate * decayFactor ** decayEpochs.filter((from) => epoch >= from).length;
}

function diverged(step: number, objective: number, gradientNorm: number): SonospeechError {
  return new SonospeechError("not-finite", {
    action: `make fine-tuning step ${step + 1}`,
    must: "the objective and the gradients must be finite",
    received: `objective ${objective}, gradient norm ${gradientNorm}`,
    hint: "lower the learning rate",
  });
}

/** What to run forward, over what. */
export interface ForwardJob {
  /** Computes. */
  executor: Executor;
  /** `[B, width]`, of the input `frames`. */
  output: Node;
  /** Of the network. */
  parameters: Tensors;
  /** Height and width of a frame. */
  frameSize: readonly [number, number];
  /** Pictures to run. */
  items: readonly number[];
  /** Writes a picture's H·W values to `out[offset …]`. */
  write(item: number, out: Float32Array, offset: number): void;
  /** Ends the work with its reason. */
  signal?: AbortSignal;
}

/** A network's output for each item, `[items, width]`. */
export async function runForward(job: ForwardJob): Promise<Float32Array> {
  const [batch, width] = job.output.shape;
  const program = await job.executor.compileInference({ output: job.output }, job.parameters);
  try {
    const out = new Float32Array(job.items.length * width);
    for (let start = 0; start < job.items.length; start += batch) {
      job.signal?.throwIfAborted();
      const items = job.items.slice(start, start + batch);
      out.set((await forwardBatch(program, job, items)).subarray(0, items.length * width), start * width);
    }
    return out;
  } finally {
    program.dispose();
  }
}

async function forwardBatch(
  program: InferenceProgram,
  { output, frameSize: [height, width], write }: ForwardJob,
  items: readonly number[],
): Promise<Float32Array> {
  const shape = [output.shape[0], height, width, 1];
  const data = new Float32Array(output.shape[0] * height * width);
  items.forEach((item, i) => write(item, data, i * height * width));
  const result = await program.run(new Map([["frames", { shape, data }]]));
  return result.get("output")!.data;
}
