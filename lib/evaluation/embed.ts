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
const batchSize = 64;

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
  const { executor, config, parameters, source, windows } = options;
  const graph = buildEmbeddingGraph(config.model, batchSize);
  const video = await executor.compileInference({ embedding: graph.video }, parameters);
  const speech = await executor.compileInference({ embedding: graph.speech }, parameters);
  try {
    const inputs = new InputReader(source, config.model, config.data.speechSeconds);
    const videoJobs = windows.map((window) => frameJobs(inputs, window));
    const speechJobs = windows.map((window) => speechJobsOf(inputs, window, source, config));
    const total = windows.length * 2;
    const report = (jobs: number) => options.onProgress?.(Math.floor((jobs / total) * windows.length));
    const run = (
      program: InferenceProgram,
      name: string,
      shape: readonly number[],
      jobs: Job[][],
      base: number,
    ) =>
      averageEmbeddings(program, name, shape, jobs, config.model.embeddingDim, {
        signal: options.signal,
        onProgress: (done) => report(base + done),
      });
    return {
      windows,
      dimension: config.model.embeddingDim,
      video: await run(video, "frames", config.model.frameSize, videoJobs, 0),
      speech: await run(speech, "speech", config.model.speechSize, speechJobs, windows.length),
    };
  } finally {
    video.dispose();
    speech.dispose();
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
  const count = Math.min(samplesPerWindow, Math.max(1, Math.ceil(windowSeconds / speechSeconds - 1e-9)));
  return Array.from({ length: count }, (_, k) => {
    const position = count === 1 ? 0.5 : k / (count - 1);
    const start = speechStart(window.startSeconds, windowSeconds, speechSeconds, position);
    return (out, offset) => inputs.speech(window.scanId, start, out, offset);
  });
}

async function averageEmbeddings(
  program: InferenceProgram,
  input: string,
  shape: readonly number[],
  jobs: readonly Job[][],
  dimension: number,
  { signal, onProgress }: { signal?: AbortSignal; onProgress: (windows: number) => void },
): Promise<Float32Array> {
  const flat = jobs.flatMap((windowJobs, window) => windowJobs.map((job) => ({ job, window })));
  const size = shape[0] * shape[1];
  const out = new Float32Array(jobs.length * dimension);
  for (let start = 0; start < flat.length; start += batchSize) {
    await nextTurn();
    signal?.throwIfAborted();
    const batch = flat.slice(start, start + batchSize);
    const data = new Float32Array(batchSize * size);
    batch.forEach(({ job }, i) => job(data, i * size));
    const result = await program.run(new Map([[input, { shape: [batchSize, ...shape, 1], data }]]));
    const embedding = result.get("embedding")!.data;
    batch.forEach(({ window }, i) => {
      for (let d = 0; d < dimension; d++) out[window * dimension + d] += embedding[i * dimension + d];
    });
    onProgress(batch[batch.length - 1].window + 1);
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
