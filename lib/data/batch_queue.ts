/**
 * Batches that are read ahead of the steps that ask for them.
 *
 * ```text
 * plans ─► as many as the queue is deep ─► Workers: read, resize, augment ─► arrays handed over ─► step
 * ```
 *
 * A batch follows from its plan alone, so that who reads it, and when, changes no number. What the queue holds is
 * bounded: a plan is given out when a batch is taken.
 *
 * @module
 */

import { workerUrl } from "../app_paths.ts";
import type { RunConfig } from "../config.ts";
import { receivedError, type SentError, SonospeechError } from "../errors.ts";
import { type Batch, type BatchArrays, type BatchFormat, type BatchNeeds, BatchReader } from "./batches.ts";
import type { WindowSource } from "./inputs.ts";
import type { BatchPlan } from "./pairs.ts";

/** Batches ahead of the one that is asked for, for each worker: one that it reads, one that bridges a slow seek. */
const depthPerWorker = 2;

/** What a worker is told. */
export type ReaderRequest =
  | {
    kind: "open";
    path: string;
    datasetId: string;
    config: RunConfig;
    needs: BatchNeeds;
    format: BatchFormat;
  }
  | { kind: "read"; plan: BatchPlan };

/** What a worker says: one answer to each request, in their order. */
export type ReaderReply =
  | { kind: "ready" }
  | { kind: "read"; arrays: BatchArrays }
  | { kind: "failed"; error: SentError };

/** What batches are read from and for. */
export interface QueueOptions {
  /** The prepared windows; read in a Worker when they have a folder, else where they are asked for. */
  source: WindowSource;
  /** The run's settings. */
  config: RunConfig;
  /** What the config's losses use, from `trainingNeeds()`. */
  needs: BatchNeeds;
  /** The form of their arrays. */
  format: BatchFormat;
  /** The batches, in the order of the steps. */
  plans: Iterable<BatchPlan>;
  /** How many Workers read, 1 when left out. */
  workers?: number;
  /** Closes the queue when it is aborted. */
  signal?: AbortSignal;
}

/** Reads the arrays of plans; null once it is closed. */
interface PlanReader {
  read(plan: BatchPlan): Promise<BatchArrays | null>;
  close(): void;
}

/** Batches in the order of their plans. */
export class BatchQueue {
  readonly #reader: PlanReader;
  readonly #plans: Iterator<BatchPlan>;
  readonly #depth: number;
  readonly #signal?: AbortSignal;
  readonly #ahead: { plan: BatchPlan; arrays: Promise<BatchArrays | null> }[] = [];
  readonly #close = () => this.close();

  private constructor(reader: PlanReader, depth: number, { plans, signal }: QueueOptions) {
    this.#reader = reader;
    this.#depth = depth;
    this.#plans = plans[Symbol.iterator]();
    this.#signal = signal;
    signal?.addEventListener("abort", this.#close);
    if (signal?.aborted) this.close();
    else this.#readAhead(depth);
  }

  /**
   * Opens the dataset where it is read, and begins to read.
   *
   * @throws SonospeechError `config` when the settings do not fit the dataset, `store` when it cannot be opened.
   */
  static async open(options: QueueOptions): Promise<BatchQueue> {
    const { source, config, needs, format, workers = 1 } = options;
    if (source.path === undefined) return new BatchQueue(readHere(options), 0, options);
    const reader = new ReaderPool(workers);
    try {
      const { path, id: datasetId } = source;
      await reader.open({ kind: "open", path, datasetId, config, needs, format });
      return new BatchQueue(reader, depthPerWorker * workers, options);
    } catch (error) {
      reader.close();
      throw error;
    }
  }

  /** The next batch; null after the last one and once the queue is closed. @throws What reading it threw. */
  async next(): Promise<Batch | null> {
    this.#readAhead(1);
    const first = this.#ahead.shift();
    this.#readAhead(this.#depth);
    const arrays = await first?.arrays;
    return first && arrays ? { plan: first.plan, ...arrays } : null;
  }

  #readAhead(count: number): void {
    while (this.#ahead.length < count) {
      const { value: plan, done } = this.#plans.next();
      if (done) return;
      const arrays = this.#reader.read(plan);
      arrays.catch(() => {}); // it is told of when it is its turn
      this.#ahead.push({ plan, arrays });
    }
  }

  /** Ends the reading at once; who waits for a batch gets none. */
  close(): void {
    this.#signal?.removeEventListener("abort", this.#close);
    this.#reader.close();
  }
}

/** Reads in this thread, when a batch is asked for. */
function readHere({ source, config, needs, format }: QueueOptions): PlanReader {
  const reader = new BatchReader(source, config, needs, format);
  let isClosed = false;
  return {
    // Asynchronous, so that what reading throws comes out of the promise.
    // deno-lint-ignore require-await
    read: async (plan) => isClosed ? null : reader.read(plan),
    close: () => void (isClosed = true),
  };
}

/** Workers that take turns. */
class ReaderPool implements PlanReader {
  readonly #workers: readonly ReaderWorker[];
  #turn = 0;

  constructor(size: number) {
    this.#workers = Array.from({ length: size }, () => new ReaderWorker());
  }

  async open(request: ReaderRequest): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.ask(request)));
  }

  read(plan: BatchPlan): Promise<BatchArrays | null> {
    return this.#workers[this.#turn++ % this.#workers.length].ask({ kind: "read", plan });
  }

  close(): void {
    for (const worker of this.#workers) worker.close();
  }
}

/** A worker and the answers it owes. */
class ReaderWorker {
  readonly #worker = new Worker(workerUrl("lib/data/batch_worker.ts"), { type: "module" });
  readonly #owed: PromiseWithResolvers<BatchArrays | null>[] = [];
  #isClosed = false;
  #failure?: Error;

  constructor() {
    this.#worker.addEventListener("message", ({ data }: MessageEvent<ReaderReply>) => {
      const owed = this.#owed.shift();
      if (data.kind === "failed") owed?.reject(receivedError(data.error));
      else owed?.resolve(data.kind === "read" ? data.arrays : null);
    });
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#failure = new SonospeechError("environment", {
        action: "read batches",
        must: "the worker that reads them must keep running",
        received: event.message,
        hint: "If memory ran out, make room for it; then continue the run.",
        publicMessage: "Cannot read batches: the worker that reads them has ended",
      });
      for (const owed of this.#owed.splice(0)) owed.reject(this.#failure);
    });
  }

  /** What a request is answered with; null where that is no arrays, and when the worker is closed. */
  ask(request: ReaderRequest): Promise<BatchArrays | null> {
    if (this.#isClosed) return Promise.resolve(null);
    if (this.#failure) return Promise.reject(this.#failure);
    const owed = Promise.withResolvers<BatchArrays | null>();
    this.#owed.push(owed);
    this.#worker.postMessage(request);
    return owed.promise;
  }

  close(): void {
    this.#isClosed = true;
    this.#worker.terminate();
    for (const owed of this.#owed.splice(0)) owed.resolve(null);
  }
}
