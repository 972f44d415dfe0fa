/** An engine of searches whose answers are known and that waits when it is told to. */

import type { FindJob, Found, IndexPlace, SearchEngine } from "../../routes/find_engine.ts";
import { SonospeechError } from "../../lib/errors.ts";

export interface FakeSearch extends SearchEngine {
  /** What was asked, in order; a file with its bytes as they were read. */
  jobs: (FindJob & { bytes?: Uint8Array })[];
  places: IndexPlace[];
  forgotten: string[];
  threads: number[];
  /** Lets the index or the answers under way go on. */
  release(): void;
}

/** @param waits Whether indexing and answering wait for `release()`; `refuses` makes an index that fails. */
export function fakeSearch({ waits = false, refuses = false } = {}): FakeSearch {
  const held = new Set<() => void>();
  const hold = (signal: AbortSignal) =>
    !waits ? Promise.resolve() : new Promise<void>((resolve, reject) => {
      held.add(resolve);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  const engine: FakeSearch = {
    jobs: [],
    places: [],
    forgotten: [],
    threads: [],
    release: () => {
      held.forEach((resolve) => resolve());
      held.clear();
    },
    index: async (_key, place, { threads, signal, onProgress }) => {
      engine.places.push(place);
      engine.threads.push(threads);
      onProgress(35, 140);
      await hold(signal);
      if (refuses) {
        const action = "search the dataset";
        throw new SonospeechError("input", { action, must: "there must be a window to search", received: 0 });
      }
      return { windows: 140, step: 240 };
    },
    find: async (_key, job, signal) => {
      const { question } = job;
      const bytes = "path" in question ? await Deno.readFile(question.path) : undefined;
      engine.jobs.push({ ...job, bytes });
      await hold(signal);
      return answerTo(job);
    },
    forget: (key) => void engine.forgotten.push(key),
    close: () => {},
  };
  return engine;
}

function answerTo({ question, top }: FindJob): Found {
  const histogram = Array.from(
    { length: 40 },
    (_, i) => Math.round(14 * Math.exp(-(((i - 15) / 6) ** 2))) + (i > 37 ? 1 : 0),
  );
  return {
    query: question.kind === "picture" ? "video" : question.kind === "window" ? question.modality : "speech",
    among: "video",
    hits: [3003, 3004, 5010, 6001, 2002, 1].slice(0, top).map((windowId, i) => ({
      windowId,
      similarity: 0.62 - 0.07 * i,
    })),
    searched: 140,
    medianSimilarity: 0.06,
    mean: 0.05,
    deviation: 0.12,
    low: -0.3,
    high: 0.62,
    histogram,
    own: question.kind === "window" ? { rank: 4, similarity: 0.41 } : null,
    labelCounts: [["even", 70]],
  };
}
