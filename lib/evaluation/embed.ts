/**
 * Windows become embeddings.
 *
 * @module
 */

import type { RunConfig } from "../config.ts";
import { InputReader, type InputSource } from "../data/inputs.ts";
import type { WindowRecord } from "../data/dataset_store.ts";
import { speechStart } from "../data/pairs.ts";
import { nextTurn } from "../event_loop.ts";
import { buildEmbeddingGraph } from "../models/dual_encoder.ts";
import { sizeOf } from "../shape.ts";
import type { Executor, InferenceProgram, Tensors } from "../tensor/executor.ts";

/** Embeddings of both modalities of some windows, unit length, row i of each belonging to window i. */
export interface EmbeddedWindows {
  /** The windows, in the order asked for. */
  windows: readonly WindowRecord[];
  /** D. */
  dimension: number;
  /** `[N, D]`. */
  video: Float32Array;
  /** `[N, D]`. */
  speech: Float32Array;
}

/** Most frames and most speech samples of a window that are averaged into its embedding. */
const samplesPerWindow = 4;
/** Most rows in one go. */
const largestBatch = 64;

/** What to embed and with what. */
export interface EmbedOptions {
  /** Computes. */
  executor: Executor;
  /** The settings of the run that the parameters are from. */
  config: RunConfig;
  /** The network's parameters and running moments by name; other entries are ignored. */
  parameters: Tensors;
  /** Where frames and spectrograms are read. */
  source: InputSource;
  /** What to embed. */
  windows: readonly WindowRecord[];
  /** Stops the work. */
  signal?: AbortSignal;
  /** Called with the number of windows done. */
  onProgress?: (done: number) => void;
}

/**
 * Embeds windows with the running moments. A window's video embedding is the mean over a few frames spread evenly,
 * its speech embedding the mean over enough samples to hear all of it (at most four), both scaled to unit length.
 */
export async function embedWindows(options: EmbedOptions): Promise<EmbeddedWindows> {
  const { windows, config, onProgress } = options;
  const half = (start: number) => (done: number) => onProgress?.(Math.floor((start + done) / 2));
  return {
    windows,
    dimension: config.model.embeddingDim,
    video: await embedModality("video", { ...options, onProgress: half(0) }),
    speech: await embedModality("speech", { ...options, onProgress: half(windows.length) }),
  };
}

/**
 * The embeddings of windows by what is seen or by what is said alone, as {@linkcode embedWindows} has them.
 *
 * @returns `[N, D]`, unit length.
 */
export async function embedModality(
  modality: "video" | "speech",
  options: EmbedOptions,
): Promise<Float32Array> {
  const { executor, config, parameters, source, windows } = options;
  const inputs = new InputReader(source, config.model, config.data.speechSeconds);
  const jobs = windows.map((window) =>
    modality === "video" ? frameJobs(inputs, window) : speechJobsOf(inputs, window, source, config)
  );
  const batch = Math.max(1, Math.min(largestBatch, jobs.flat().length));
  const embedding = buildEmbeddingGraph(config.model, batch)[modality];
  const program = await executor.compileInference({ embedding }, parameters);
  try {
    const { frameSize, speechSize } = config.model;
    const input = modality === "video"
      ? { name: "frames", shape: [batch, ...frameSize, 1] }
      : { name: "speech", shape: [batch, ...speechSize, 1] };
    return await averageEmbeddings(program, input, jobs, config.model.embeddingDim, options);
  } finally {
    program.dispose();
  }
}

/** Writes one network input at an offset. */
type Job = (out: Float32Array, offset: number) => void;

function frameJobs(inputs: InputReader, window: WindowRecord): Job[] {
  const count = Math.min(samplesPerWindow, window.frameCount);
  return Array.from({ length: count }, (_, k) => {
    const frame = window.firstFrame + Math.floor(((k + 0.5) / count) * window.frameCount);
    return (out, offset) => inputs.frame(window.scanId, frame, out, offset);
  });
}

function speechJobsOf(
  inputs: InputReader,
  window: WindowRecord,
  source: InputSource,
  config: RunConfig,
): Job[] {
  const { windowSeconds } = source.config;
  const { speechSeconds } = config.data;
  const places = { windowSeconds, speechSeconds, scanSeconds: inputs.scanSeconds(window.scanId) };
  const count = Math.min(samplesPerWindow, Math.max(1, Math.ceil(windowSeconds / speechSeconds - 1e-9)));
  return Array.from({ length: count }, (_, k) => {
    const position = count === 1 ? 0.5 : k / (count - 1);
    const start = speechStart(window.startSeconds, position, places);
    return (out, offset) => inputs.speech(window.scanId, start, out, offset);
  });
}

async function averageEmbeddings(
  program: InferenceProgram,
  input: { name: string; shape: readonly number[] },
  jobs: readonly Job[][],
  dimension: number,
  { signal, onProgress }: Pick<EmbedOptions, "signal" | "onProgress">,
): Promise<Float32Array> {
  const flat = jobs.flatMap((windowJobs, window) => windowJobs.map((job) => ({ job, window })));
  const [batchSize, ...size] = input.shape;
  const out = new Float32Array(jobs.length * dimension);
  for (let start = 0; start < flat.length; start += batchSize) {
    await nextTurn();
    signal?.throwIfAborted();
    const batch = flat.slice(start, start + batchSize);
    const data = new Float32Array(sizeOf(input.shape));
    batch.forEach(({ job }, i) => job(data, i * sizeOf(size)));
    const result = await program.run(new Map([[input.name, { shape: input.shape, data }]]));
    const embedding = result.get("embedding")!.data;
    batch.forEach(({ window }, i) => {
      for (let d = 0; d < dimension; d++) out[window * dimension + d] += embedding[i * dimension + d];
    });
    onProgress?.(batch[batch.length - 1].window + 1);
  }
  normalizeRows(out, dimension);
  return out;
}

function normalizeRows(values: Float32Array, dimension: number): void {
  for (let start = 0; start < values.length; start += dimension) {
    let squares = 0;
    for (let d = 0; d < dimension; d++) squares += values[start + d] ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let d = 0; d < dimension; d++) values[start + d] *= scale;
  }
}
