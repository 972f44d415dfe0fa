/**
 * The embedding maps of runs: what is known of each window, and layouts that are aligned from one evaluation to the
 * next. They are computed when first asked for and kept in memory; nothing is written.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { PlaneMethod, PlaneSample } from "../mod.ts";
import type { DatasetLibrary, DatasetSource } from "./dataset_library.ts";
import { logLine, Refusal } from "./guard.ts";
import { MapJobs } from "./map_jobs.ts";
import type { MapReply, PlacesAnswer, WindowsAnswer } from "./map_worker.ts";
import type { RunLibrary } from "./run_library.ts";
import { openStore } from "./run_store.ts";
import type { EmbeddingMapWire, MapPlacesLine } from "./wire/maps.ts";

/** Answers and samples that are kept; an answer of 50,000 windows has 800 kB. */
const mostAnswers = 40;
const mostSamples = 2000;
const usualTemperature = 0.07;

interface EvaluationFile {
  folder: string;
  step: number;
  path: string;
  /** Another one when the file is replaced. */
  key: string;
}

/** Lays out the embeddings of runs. */
export class MapLibrary {
  readonly #runs: RunLibrary;
  readonly #datasets: DatasetLibrary;
  /** Layouts take minutes, facts an instant: neither waits for the other. */
  readonly #layouts: MapJobs;
  readonly #facts: MapJobs;
  readonly #answers = new Map<string, PlacesAnswer | WindowsAnswer>();
  readonly #samples = new Map<string, PlaneSample>();

  readonly #log: (message: string) => void;

  /** @param options.log Takes what went wrong, without paths. */
  constructor(
    runs: RunLibrary,
    datasets: DatasetLibrary,
    { workerUrl, log }: { workerUrl: URL; log: (message: string) => void },
  ) {
    this.#runs = runs;
    this.#datasets = datasets;
    this.#log = log;
    this.#layouts = new MapJobs(workerUrl);
    this.#facts = new MapJobs(workerUrl);
  }

  /** What is known of the windows of an evaluation. @throws Refusal 404 when there are no embeddings of it. */
  async windows(run: string, evaluation: string): Promise<EmbeddingMapWire> {
    const file = (await this.#chain(run, evaluation)).at(-1)!;
    const temperature = await this.#temperature(run, file.step);
    const key = `windows ${temperature} ${file.key}`;
    const answer = (this.#known(key) ?? await this.#factsOf(key, file, temperature)) as WindowsAnswer;
    const dataset = await this.#datasets.ofRun(run).catch(() => null);
    return toWire(answer, { step: file.step, temperature, dataset, detector: await this.#detector(run) });
  }

  /**
   * The layout of an evaluation as a stream of lines: how far it is, then the places. Who stops reading stops the
   * work, unless others wait for it.
   *
   * @throws Refusal 404 when there are no embeddings of it.
   */
  async places(
    run: string,
    evaluation: string,
    { method, signal }: { method: PlaneMethod; signal: AbortSignal },
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const chain = await this.#chain(run, evaluation);
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    const encoder = new TextEncoder();
    return new ReadableStream({
      start: async (controller) => {
        const write = (line: MapPlacesLine) => {
          if (!either.aborted) controller.enqueue(encoder.encode(JSON.stringify(line) + "\n"));
        };
        try {
          write(placesLine(await this.#layOut(chain, { method, signal: either, write })));
        } catch (error) {
          if (!either.aborted) this.#log(`map: ${logLine(error)}`);
          write({
            kind: "failed",
            problem: "The embeddings cannot be laid out; the server's terminal says why.",
          });
        }
        if (!ending.signal.aborted) controller.close();
      },
      cancel: () => ending.abort(),
    });
  }

  /** Ends what is under way. */
  close(): void {
    this.#layouts.close();
    this.#facts.close();
  }

  async #factsOf(
    key: string,
    file: EvaluationFile,
    temperature: number,
  ): Promise<PlacesAnswer | WindowsAnswer> {
    try {
      return this.#keep(key, await this.#facts.run(key, { kind: "windows", file: file.path, temperature }));
    } catch (error) {
      this.#log(`map: ${logLine(error)}`);
      throw new Refusal(503, "The embeddings cannot be read; the server's terminal says why.");
    }
  }

  async #layOut(
    chain: EvaluationFile[],
    { method, signal, write }: {
      method: PlaneMethod;
      signal: AbortSignal;
      write: (line: MapPlacesLine) => void;
    },
  ): Promise<PlacesAnswer> {
    const keys = keysOf(chain, method);
    const key = keys[keys.length - 1];
    const known = this.#known(key);
    if (known?.kind === "places") return known;
    const laid = keys.slice(0, -1).findLastIndex((one) => this.#samples.has(one));
    const question = {
      kind: "places",
      method,
      files: chain.slice(laid + 1).map(({ path }) => path),
      previous: laid < 0 ? null : this.#samples.get(keys[laid])!,
    } as const;
    const start = performance.now();
    const onReply = (reply: Extract<MapReply, { kind: "progress" | "sample" }>) => {
      if (reply.kind === "sample") {
        const place = chain.findIndex(({ path }) => path === reply.file);
        remember(this.#samples, keys[place], reply.sample, mostSamples);
        return;
      }
      const seconds = (performance.now() - start) / 1000;
      const secondsLeft = reply.share > 0 ? (seconds / reply.share) * (1 - reply.share) : null;
      write({ kind: "working", share: reply.share, secondsLeft });
    };
    return this.#keep(key, await this.#layouts.run(key, question, { signal, onReply })) as PlacesAnswer;
  }

  /** The evaluations of the same split up to the one that is asked for, by step. */
  async #chain(run: string, evaluation: string): Promise<EvaluationFile[]> {
    const folder = `${await this.#runs.folder(run)}/evaluations`;
    const all = (await this.#runs.evaluations(run)).filter(({ hasMap }) => hasMap);
    const asked = all.find((one) => one.folder === evaluation);
    if (!asked) throw new Refusal(404, "There are no embeddings of this evaluation.");
    const same = all.filter(({ split }) => split === asked.split);
    const files: EvaluationFile[] = [];
    for (const one of same.slice(0, same.indexOf(asked) + 1)) {
      const path = `${folder}/${one.folder}/embeddings.safetensors`;
      const info = await Deno.stat(path);
      const key = `${path} ${info.mtime?.getTime()} ${info.size}`;
      files.push({ folder: one.folder, step: one.step, path, key });
    }
    return files;
  }

  /** The temperature that the network had at a step. */
  async #temperature(run: string, step: number): Promise<number> {
    const folder = await this.#runs.folder(run);
    try {
      using store = openStore(folder);
      const { values } = store.series("temperature", { fromStep: Math.max(0, step - 200), toStep: step });
      const last = values.findLast((value) => value !== null && value > 0);
      return last ?? usualTemperature;
    } catch {
      return usualTemperature; // There is no store yet.
    }
  }

  /** Which voice detector decides for this run. */
  async #detector(run: string): Promise<"energy" | "webrtc"> {
    const path = `${await this.#runs.folder(run)}/config.json`;
    try {
      const config = JSON.parse(await Deno.readTextFile(path)) as { pacing?: { detector?: string } } | null;
      return config?.pacing?.detector === "energy" ? "energy" : "webrtc";
    } catch {
      return "webrtc"; // It is being written, or broken.
    }
  }

  #known(key: string): PlacesAnswer | WindowsAnswer | undefined {
    return this.#answers.get(key);
  }

  #keep(key: string, answer: PlacesAnswer | WindowsAnswer): PlacesAnswer | WindowsAnswer {
    remember(this.#answers, key, answer, mostAnswers);
    return answer;
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > most && !oldest.done) map.delete(oldest.value);
}

/** A layout depends on all before it: one that is replaced or removed makes new keys for all that follow. */
function keysOf(chain: readonly EvaluationFile[], method: PlaneMethod): string[] {
  let last: string = method;
  return chain.map(({ key }) => last = createHash("sha256").update(`${last} ${key}`).digest("hex"));
}

function placesLine({ places, varianceShare, laidOut }: PlacesAnswer): MapPlacesLine {
  const bytes = Buffer.from(places.buffer, places.byteOffset, places.byteLength);
  return { kind: "places", places: bytes.toString("base64"), varianceShare, laidOut };
}

function toWire(
  { windowIds, scanIds, startSeconds, affinity, loss, contrasted }: WindowsAnswer,
  { step, temperature, dataset, detector }: {
    step: number;
    temperature: number;
    dataset: DatasetSource | null;
    detector: "energy" | "webrtc";
  },
): EmbeddingMapWire {
  const windows = new Map(dataset?.windows().map((window) => [window.id, window]));
  const labelOf = dataset?.labels?.() ?? new Map<number, string>();
  const scans = [...new Set(scanIds)];
  const labels = [...new Set(windowIds.flatMap((id) => labelOf.get(id) ?? []))].sort();
  const [scanPlaces, labelPlaces] = [scans, labels].map((names) =>
    new Map(names.map((name, i): [string, number] => [name, i]))
  );
  return {
    step,
    scans,
    labels,
    windowIds,
    scan: scanIds.map((id) => scanPlaces.get(id)!),
    label: windowIds.map((id) => labelPlaces.get(labelOf.get(id) ?? "") ?? null),
    startSeconds,
    voice: windowIds.map((id) => {
      const window = windows.get(id);
      if (!window) return null;
      return rounded(detector === "energy" ? window.voicedFractionEnergy : window.voicedFractionWebrtc);
    }),
    affinity: affinity.map(rounded),
    loss: loss.map(rounded),
    contrasted,
    temperature,
  };
}

/** Four digits are more than a colour shows. */
function rounded(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toFixed(4)) : null;
}
