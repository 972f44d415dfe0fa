/**
 * What computes searches: a Web Worker that holds encoders and the embeddings of datasets, so that the server goes on
 * answering meanwhile.
 *
 * @module
 */

import { receivedError, type SentError, SonospeechError } from "../mod.ts";

/** What is heard or seen. */
export type Modality = "video" | "speech";

/** Whose encoders, and the windows of which dataset. */
export interface IndexPlace {
  /** Folder of the run. */
  run: string;
  /** Which of its checkpoints. */
  checkpoint: "best" | "newest";
  /** Folder of the dataset. */
  dataset: string;
  /** Folder of the run's own dataset, where that can be read. */
  trainedOn?: string;
  /** What of the windows is compared. */
  among: Modality;
}

/** An index that is ready. */
export interface IndexFacts {
  /** Windows in it. */
  windows: number;
  /** Steps of the checkpoint. */
  step: number;
}

/** What is asked with; a window is named by its id. */
export type Question =
  | { kind: "text"; text: string }
  | { kind: "sound" | "picture"; path: string }
  | { kind: "window"; windowId: number; modality: Modality };

/** One search in an index. */
export interface FindJob {
  question: Question;
  top: number;
  /** Only this part of the data. */
  split?: string;
  /** Longer sounds are refused. */
  mostSeconds: number;
}

/** What was found. */
export interface Found {
  /** What was asked with. */
  query: Modality;
  among: Modality;
  hits: { windowId: number; similarity: number }[];
  searched: number;
  medianSimilarity: number;
  mean: number;
  deviation: number;
  low: number;
  high: number;
  histogram: number[];
  /** Of a window that was asked with: its own place among those searched; null when it is not among them. */
  own: { rank: number; similarity: number } | null;
  /** Windows searched by label; empty without labels. */
  labelCounts: [label: string, windows: number][];
}

/** Computes searches. */
export interface SearchEngine {
  /** Called when all that was kept is lost. */
  onLost?: () => void;
  /** Embeds a dataset's windows and keeps them under a key. */
  index(
    key: string,
    place: IndexPlace,
    options: { threads: number; signal: AbortSignal; onProgress: (done: number, total: number) => void },
  ): Promise<IndexFacts>;
  /** Searches what is kept under a key. */
  find(key: string, job: FindJob, signal: AbortSignal): Promise<Found>;
  /** Lets go of what is kept under a key. */
  forget(key: string): void;
  /** Ends it all. */
  close(): void;
}

/** What the worker is told. */
export type FindRequest =
  | { kind: "index"; id: number; key: string; place: IndexPlace; threads: number }
  | { kind: "find"; id: number; key: string; job: FindJob }
  | { kind: "stop"; id: number }
  | { kind: "forget"; key: string };

/** What the worker says of one job. */
export type FindReply =
  | { kind: "progress"; id: number; done: number; total: number }
  | { kind: "done"; id: number; result: unknown }
  | { kind: "failed"; id: number; error: SentError };

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  onProgress?: (done: number, total: number) => void;
}

/** An engine whose worker starts with the first job. */
export class WorkerSearchEngine implements SearchEngine {
  onLost?: () => void;
  readonly #url: URL;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #lastId = 0;

  /** @param workerUrl The worker's module, `find_worker.ts` or what it was bundled into. */
  constructor(workerUrl: URL) {
    this.#url = workerUrl;
  }

  index(
    key: string,
    place: IndexPlace,
    { threads, signal, onProgress }: Parameters<SearchEngine["index"]>[2],
  ): Promise<IndexFacts> {
    return this.#ask((id) => ({ kind: "index", id, key, place, threads }), signal, onProgress);
  }

  find(key: string, job: FindJob, signal: AbortSignal): Promise<Found> {
    return this.#ask((id) => ({ kind: "find", id, key, job }), signal);
  }

  forget(key: string): void {
    this.#worker?.postMessage({ kind: "forget", key } satisfies FindRequest);
  }

  close(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) {
      reject(new DOMException("The server ends", "AbortError"));
    }
    this.#waiting.clear();
  }

  #ask<T>(
    request: (id: number) => FindRequest,
    signal: AbortSignal,
    onProgress?: Waiting["onProgress"],
  ): Promise<T> {
    signal.throwIfAborted();
    const worker = this.#worker ??= this.#start();
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject, onProgress });
    worker.postMessage(request(id));
    const stop = () => worker.postMessage({ kind: "stop", id } satisfies FindRequest);
    signal.addEventListener("abort", stop, { once: true });
    return promise.finally(() => signal.removeEventListener("abort", stop)).catch((error) => {
      signal.throwIfAborted();
      throw error;
    }) as Promise<T>;
  }

  #start(): Worker {
    const worker = new Worker(this.#url, { type: "module", name: "search" });
    worker.addEventListener("message", ({ data }: MessageEvent<FindReply>) => this.#take(data));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#fail(event.message);
    });
    return worker;
  }

  #take(reply: FindReply): void {
    const waiting = this.#waiting.get(reply.id);
    if (reply.kind === "progress") return waiting?.onProgress?.(reply.done, reply.total);
    this.#waiting.delete(reply.id);
    if (reply.kind === "done") waiting?.resolve(reply.result);
    else waiting?.reject(receivedError(reply.error));
  }

  /** A worker that died takes all its jobs and indexes with it; the next job starts another one. */
  #fail(message: string): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    const error = new SonospeechError("environment", {
      action: "search",
      must: "the worker that searches must keep running",
      received: message,
      publicMessage: "Cannot search: the worker that searches has ended; try again",
    });
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.onLost?.();
  }
}
