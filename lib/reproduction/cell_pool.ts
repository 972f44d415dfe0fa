/**
 * Computes the cells of a study side by side in workers, each as soon as what it needs is there.
 *
 * @module
 */

import { workerUrl } from "../app_paths.ts";
import type { SplitCertificate } from "../data/split_certificate.ts";
import { EventQueue } from "../data/event_queue.ts";
import { receivedError, type SentError } from "../errors.ts";
import type { DeviceChoice } from "../tensor/device.ts";
import type { Cell } from "./cell.ts";
import type { Study } from "./study.ts";
import type { StudyPlaces } from "./study_data.ts";

/** What a worker is told. */
export type WorkerRequest =
  | {
    kind: "open";
    study: Study;
    places: StudyPlaces;
    certificate: SplitCertificate;
    cells: string;
    device: DeviceChoice;
    threads: number | undefined;
  }
  | { kind: "compute"; cell: Cell }
  | { kind: "stop" };

/** What a worker says. */
export type WorkerReply =
  | { kind: "ready" }
  | { kind: "progress"; share: number }
  | { kind: "done"; seconds: number }
  | { kind: "stopped" }
  | { kind: "failed"; error: SentError };

/** What the pool works with. */
export interface PoolOptions {
  /** The settings. */
  study: Study;
  /** The data. */
  places: StudyPlaces;
  /** Of the data's split. */
  certificate: SplitCertificate;
  /** The folder of all cells. */
  cells: string;
  /** What each worker computes on. */
  device: DeviceChoice;
  /** How many workers. */
  workers: number;
  /** Threads of each worker's device. */
  threads?: number;
  /** Asks to stop: cells under way save what they can. */
  signal?: AbortSignal;
}

/** What the pool tells. */
export type PoolEvent =
  | { kind: "progress"; cell: Cell; share: number }
  | { kind: "done"; cell: Cell; seconds: number };

/**
 * Computes cells.
 *
 * @param cells Those to compute; what a cell needs is among them or there already.
 * @throws What a cell threw, once the others have stopped; the signal's reason when it was asked to stop.
 */
export async function* computeCells(
  cells: readonly Cell[],
  options: PoolOptions,
): AsyncGenerator<PoolEvent, void, void> {
  const queue = new CellQueue(cells);
  const events = new EventQueue<PoolEvent>();
  const workers = Array.from(
    { length: Math.min(options.workers, cells.length) },
    () => new CellWorker(options),
  );
  const stop = () => workers.forEach((worker) => worker.stop());
  options.signal?.addEventListener("abort", stop);
  if (options.signal?.aborted) stop();
  // When one fails, the others stop, too; all of them are waited for, so that what they save is whole.
  const work = Promise.allSettled(
    workers.map((worker) => serve(worker, queue, events).catch((error) => (stop(), Promise.reject(error)))),
  ).finally(() => events.end());
  try {
    yield* events;
    options.signal?.throwIfAborted();
    const failed = (await work).find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
  } finally {
    stop();
    queue.close();
    await work;
    options.signal?.removeEventListener("abort", stop);
    workers.forEach((worker) => worker.end());
  }
}

/** Gives a worker cell after cell until there is nothing left for it. */
async function serve(worker: CellWorker, queue: CellQueue, events: EventQueue<PoolEvent>): Promise<void> {
  try {
    await worker.open();
    for (let cell = await queue.take(); cell; cell = await queue.take()) {
      const taken = cell;
      const seconds = await worker.compute(
        taken,
        (share) => events.push({ kind: "progress", cell: taken, share }),
      );
      if (seconds === null) return queue.close();
      queue.finish(taken);
      events.push({ kind: "done", cell: taken, seconds });
    }
  } catch (error) {
    queue.close();
    throw error;
  }
}

/** Cells whose needs are met, the costliest first: the last ones are then short, and no worker waits long. */
class CellQueue {
  readonly #waiting: Set<Cell>;
  readonly #unfinished: Set<string>;
  #changed = Promise.withResolvers<void>();
  #closed = false;

  constructor(cells: readonly Cell[]) {
    this.#waiting = new Set(cells);
    this.#unfinished = new Set(cells.map(({ key }) => key));
  }

  /** The next cell, as soon as there is one; undefined when there will be none. */
  async take(): Promise<Cell | undefined> {
    while (!this.#closed && this.#waiting.size > 0) {
      const ready = [...this.#waiting].filter(({ needs }) => !needs || !this.#unfinished.has(needs.key));
      if (ready.length > 0) {
        const next = ready.reduce((most, cell) => cell.cost > most.cost ? cell : most);
        this.#waiting.delete(next);
        return next;
      }
      await this.#changed.promise;
    }
    return undefined;
  }

  finish(cell: Cell): void {
    this.#unfinished.delete(cell.key);
    this.#wake();
  }

  /** Nothing more is given out. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** One worker and the answer it owes. */
class CellWorker {
  readonly #worker: Worker;
  readonly #options: PoolOptions;
  #answer = Promise.withResolvers<WorkerReply>();
  #onProgress: (share: number) => void = () => {};

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#worker = new Worker(workerUrl("lib/reproduction/cell_worker.ts"), { type: "module" });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<WorkerReply>) => {
      if (data.kind === "progress") this.#onProgress(data.share);
      else this.#answer.resolve(data);
    });
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#answer.resolve({ kind: "failed", error: { message: event.message } });
    });
  }

  /** Opens the data and the device. */
  async open(): Promise<void> {
    const { study, places, certificate, cells, device, threads } = this.#options;
    await this.#ask({ kind: "open", study, places, certificate, cells, device, threads });
  }

  /** @returns Seconds it took; null when it stopped before the end. */
  async compute(cell: Cell, onProgress: (share: number) => void): Promise<number | null> {
    this.#onProgress = onProgress;
    const reply = await this.#ask({ kind: "compute", cell });
    return reply.kind === "done" ? reply.seconds : null;
  }

  async #ask(request: WorkerRequest): Promise<WorkerReply> {
    this.#answer = Promise.withResolvers();
    this.#worker.postMessage(request);
    const reply = await this.#answer.promise;
    if (reply.kind !== "failed") return reply;
    throw receivedError(reply.error);
  }

  stop(): void {
    this.#worker.postMessage({ kind: "stop" } satisfies WorkerRequest);
  }

  end(): void {
    this.#worker.terminate();
  }
}
