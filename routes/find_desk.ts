/**
 * Who may search when: indexes are made one after another and kept while they are used, questions wait in a short
 * queue, and nobody has two of them.
 *
 * @module
 */

import { isAborted } from "./aborted.ts";
import type { FindJob, Found, IndexPlace, SearchEngine } from "./find_engine.ts";
import { Refusal, refusalOf } from "./guard.ts";
import type { FindIndexWire } from "./wire/find.ts";

/** Indexes that are kept. */
const mostIndexes = 4;
/** Questions that wait or are answered. */
const mostQuestions = 5;
/** A question that takes longer is given up. */
const longestMilliseconds = 60_000;

/** Who asks: one per session. */
export type Asking = object;

interface Index {
  state: "working" | "ready" | "failed";
  done: number;
  total: number;
  startedAt: number;
  step: number | null;
  problem: Refusal | null;
  owner: Asking;
  ending: AbortController;
}

const givenUp = (why: string) => new DOMException(why, "AbortError");

/** Takes questions to an engine. */
export class FindDesk {
  readonly #engine: SearchEngine;
  readonly #log: (message: string) => void;
  readonly #indexes = new Map<string, Index>();
  readonly #asking = new Map<Asking, { question: string; ending: AbortController }>();
  #questions = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(engine: SearchEngine, log: (message: string) => void) {
    this.#engine = engine;
    this.#log = log;
    engine.onLost = () => this.#indexes.clear();
  }

  /** How far an index is. */
  status(key: string): FindIndexWire {
    const index = this.#indexes.get(key);
    if (!index) {
      return { state: "absent", done: 0, total: null, secondsLeft: null, step: null, problem: null };
    }
    const { state, done, total, startedAt, step, problem } = index;
    const seconds = (performance.now() - startedAt) / 1000;
    const secondsLeft = state === "working" && done > 0 ? (seconds * (total - done)) / done : null;
    return { state, done, total: total || null, secondsLeft, step, problem: problem?.message ?? null };
  }

  /**
   * Starts to make an index, unless it is there or being made. One that failed is tried again.
   *
   * @throws Refusal 503 while another one is being made.
   */
  start(key: string, place: IndexPlace, owner: Asking, threads: number): FindIndexWire {
    const known = this.#indexes.get(key);
    if (known && known.state !== "failed") {
      this.#indexes.delete(key);
      this.#indexes.set(key, known);
      return this.status(key);
    }
    const busy = [...this.#indexes].find(([, { state }]) => state === "working");
    if (busy) {
      const seconds = Math.ceil(Math.min(600, Math.max(2, this.status(busy[0]).secondsLeft ?? 5)));
      throw new Refusal(
        503,
        "Windows of another dataset or run are being embedded; one is done after another.",
        { "retry-after": String(seconds) },
      );
    }
    this.#makeRoom();
    const index: Index = {
      ...{ state: "working", done: 0, total: 0, startedAt: performance.now(), step: null, problem: null },
      ...{ owner, ending: new AbortController() },
    };
    this.#indexes.delete(key);
    this.#indexes.set(key, index);
    this.#make(key, index, place, threads);
    return this.status(key);
  }

  /** Stops making an index. @throws Refusal 403 when another one asked for it and the asker may not change things. */
  cancel(key: string, asker: Asking, mayStopOthers: boolean): FindIndexWire {
    const index = this.#indexes.get(key);
    if (index?.state === "working") {
      if (index.owner !== asker && !mayStopOthers) {
        throw new Refusal(403, "Somebody else is waiting for this; an operator can stop it.");
      }
      index.ending.abort(givenUp("Stopped"));
      this.#indexes.delete(key);
    }
    return this.status(key);
  }

  /** Gives a question up, if its asker is still waiting for it. @param question As it was asked with. */
  giveUp(asker: Asking, question: string): void {
    const asking = this.#asking.get(asker);
    if (asking && question !== "" && asking.question === question) asking.ending.abort(givenUp("Given up"));
  }

  /**
   * Asks what is kept under a key, when the questions before are answered.
   *
   * @param question The asker's own name for it, with which it can be given up; empty without one.
   * @param ask Makes the job, once it is its turn, and keeps what it needs until the answer is there.
   * @throws Refusal 409 when the index is not ready, 429 for a second question of the same asker, 503 when too many
   * wait.
   */
  async find(
    key: string,
    { asker, question, signal }: { asker: Asking; question: string; signal: AbortSignal },
    ask: (answer: (job: FindJob) => Promise<Found>) => Promise<Found>,
  ): Promise<Found> {
    const index = this.#indexes.get(key);
    if (index?.state === "failed") throw index.problem!;
    if (index?.state !== "ready") throw new Refusal(409, "The windows are not embedded yet.");
    if (this.#asking.has(asker)) {
      throw new Refusal(429, "One question at a time: the last one is still being answered.", {
        "retry-after": "1",
      });
    }
    if (this.#questions >= mostQuestions) {
      throw new Refusal(503, "Too many questions are waiting; try again soon.", { "retry-after": "3" });
    }
    // The one used last is let go last.
    this.#indexes.delete(key);
    this.#indexes.set(key, index);
    const ending = new AbortController();
    this.#asking.set(asker, { question, ending });
    this.#questions++;
    const limit = AbortSignal.any([signal, ending.signal]);
    const timer = setTimeout(
      () => ending.abort(new DOMException("It took too long", "TimeoutError")),
      longestMilliseconds,
    );
    const turn = this.#last;
    const answer = turn.then(() => ask((job) => this.#engine.find(key, job, limit)));
    this.#last = answer.catch(() => {});
    try {
      return await answer;
    } catch (error) {
      if (isAborted(error)) throw new Refusal(503, "The search took too long, or was given up.");
      throw error;
    } finally {
      clearTimeout(timer);
      this.#asking.delete(asker);
      this.#questions--;
    }
  }

  /** Ends it all. */
  close(): void {
    for (const { ending } of this.#indexes.values()) ending.abort(givenUp("Ended"));
    this.#engine.close();
    this.#indexes.clear();
  }

  async #make(key: string, index: Index, place: IndexPlace, threads: number): Promise<void> {
    const onProgress = (done: number, total: number) => void Object.assign(index, { done, total });
    try {
      const { signal } = index.ending;
      const { windows, step } = await this.#engine.index(key, place, { threads, signal, onProgress });
      Object.assign(index, { state: "ready", done: windows, total: windows, step });
    } catch (error) {
      // One that was cancelled is no longer in the list.
      if (!isAborted(error)) {
        Object.assign(index, { state: "failed", problem: searchRefusal(error, this.#log) });
      }
    }
  }

  /** The index that was not used for longest makes place for a new one. */
  #makeRoom(): void {
    for (const [key, { state }] of this.#indexes) {
      if (this.#indexes.size < mostIndexes) return;
      if (state === "working") continue;
      this.#engine.forget(key);
      this.#indexes.delete(key);
    }
  }
}

/** What a search cannot use is not missing, as `refusalOf()` has it, but cannot be worked with. */
export function searchRefusal(error: unknown, log: (message: string) => void): Refusal {
  const refusal = refusalOf(error, log);
  const isUnusable = refusal.status === 404 && !(error instanceof Refusal) ||
    (error as { code?: unknown }).code === "usage";
  return isUnusable ? new Refusal(422, refusal.message) : refusal;
}
