/**
 * Work for the map's worker: one job after the other, shared by all who wait for the same, stopped when nobody does.
 *
 * @module
 */

import { receivedError, sentError } from "../mod.ts";
import type { MapQuestion, MapReply, PlacesAnswer, WindowsAnswer } from "./map_worker.ts";

/** A worker that has nothing to do for so long is ended, milliseconds. */
const idleTime = 30_000;

/** What comes while a job runs. */
export interface JobListeners {
  onReply?: (reply: Extract<MapReply, { kind: "progress" | "sample" }>) => void;
}

interface Job {
  question: MapQuestion;
  listeners: Set<(reply: MapReply) => void>;
  answer: PromiseWithResolvers<PlacesAnswer | WindowsAnswer>;
  waiting: number;
}

/** A worker and what it is to do. */
export class MapJobs {
  readonly #workerUrl: URL;
  readonly #jobs = new Map<string, Job>();
  #worker: Worker | null = null;
  #current: string | null = null;
  #idle?: ReturnType<typeof setTimeout>;

  constructor(workerUrl: URL) {
    this.#workerUrl = workerUrl;
  }

  /**
   * Does a job, or waits for the same one that is under way.
   *
   * @param key Equal for equal questions.
   * @param signal Stops waiting; a job for which nobody waits is stopped.
   * @throws Error in the worker's words; the signal's reason.
   */
  async run(
    key: string,
    question: MapQuestion,
    { signal, onReply }: JobListeners & { signal?: AbortSignal } = {},
  ): Promise<PlacesAnswer | WindowsAnswer> {
    signal?.throwIfAborted();
    const job = this.#jobs.get(key) ??
      { question, listeners: new Set(), answer: Promise.withResolvers(), waiting: 0 };
    this.#jobs.set(key, job);
    const listener = (reply: MapReply) => {
      if (reply.kind === "progress" || reply.kind === "sample") onReply?.(reply);
    };
    job.listeners.add(listener);
    job.waiting++;
    const stopped = Promise.withResolvers<never>();
    const stop = () => stopped.reject(signal!.reason);
    signal?.addEventListener("abort", stop, { once: true });
    this.#next();
    try {
      return await Promise.race([job.answer.promise, stopped.promise]);
    } finally {
      signal?.removeEventListener("abort", stop);
      job.listeners.delete(listener);
      if (--job.waiting === 0) this.#forget(key, job);
    }
  }

  /** Ends the worker; whoever waits is told. */
  close(): void {
    for (const { answer } of this.#jobs.values()) answer.reject(new Error("The server is ending."));
    this.#jobs.clear();
    this.#end();
  }

  #forget(key: string, job: Job): void {
    if (this.#jobs.get(key) !== job) return;
    this.#jobs.delete(key);
    // Nobody may be waiting any more for this refusal.
    job.answer.promise.catch(() => {});
    if (this.#current !== key) return;
    this.#end();
    this.#next();
  }

  #next(): void {
    if (this.#current !== null) return;
    const next = this.#jobs.entries().next();
    clearTimeout(this.#idle);
    if (next.done) {
      if (this.#worker) {
        this.#idle = setTimeout(() => this.#end(), idleTime);
        Deno.unrefTimer(Number(this.#idle));
      }
      return;
    }
    const [key, { question }] = next.value;
    this.#current = key;
    this.#worker ??= this.#start();
    this.#worker.postMessage(question);
  }

  #start(): Worker {
    const worker = new Worker(this.#workerUrl, { type: "module", name: "map" });
    worker.addEventListener("message", ({ data }: MessageEvent<MapReply>) => this.#take(data));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#end(false);
      this.#take({ kind: "failed", error: sentError(event.error ?? new Error(event.message)) });
    });
    return worker;
  }

  #take(reply: MapReply): void {
    const key = this.#current;
    const job = key === null ? undefined : this.#jobs.get(key);
    if (key === null || !job) return;
    for (const listener of job.listeners) listener(reply);
    if (reply.kind === "progress" || reply.kind === "sample") return;
    this.#current = null;
    this.#jobs.delete(key);
    if (reply.kind === "failed") job.answer.reject(receivedError(reply.error));
    else job.answer.resolve(reply);
    this.#next();
  }

  #end(forgetsCurrent = true): void {
    clearTimeout(this.#idle);
    this.#worker?.terminate();
    this.#worker = null;
    if (forgetsCurrent) this.#current = null;
  }
}
