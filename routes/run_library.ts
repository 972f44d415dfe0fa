/**
 * The runs of a folder, as the dashboard needs them: read only, and found by name, never by path.
 *
 * @module
 */

import { SonospeechError } from "../mod.ts";
import { noAnnotation } from "./annotations.ts";
import { Refusal } from "./guard.ts";
import { MetricStatistics } from "./metric_statistics.ts";
import { type RunGlance, runGlance } from "./run_glance.ts";
import { pauseOfRun } from "./run_pause.ts";
import { isLocked, openStore, runState } from "./run_store.ts";
import { changeRunsRoot, isSafeName } from "./runs_root.ts";
import { comparedCsvStream, type ComparedSeries, csvStream } from "./series_csv.ts";
import type {
  EvaluationWire,
  RunAnnotation,
  RunDetail,
  RunsAnswer,
  RunSummary,
  SeriesAnswer,
  SeriesWire,
} from "./wire/runs.ts";

/** The `run.json` of a run folder. */
export interface RunRecord {
  dataset?: string;
  datasetId?: string;
  createdAt?: string;
}

/** Which part of which metrics is asked for, in how many points. */
export interface SeriesQuestion {
  /** All when empty. */
  names: string[];
  /** Both ends included; everything when left out. */
  fromStep?: number;
  toStep?: number;
  maxPoints: number;
}

/** Reads the runs in one folder. */
export class RunLibrary {
  readonly #runsDirectory: string;
  readonly #statistics = new MetricStatistics();

  constructor(runsDirectory: string) {
    this.#runsDirectory = runsDirectory;
  }

  /** The folder of all runs. */
  get runsDirectory(): string {
    return this.#runsDirectory;
  }

  /**
   * All runs, newest first, with what became of one metric; a folder that is no run, or not yet one, is left out.
   *
   * @param metric None when it is empty.
   */
  async list(metric: string, annotations: ReadonlyMap<string, RunAnnotation>): Promise<RunsAnswer> {
    const names = await this.#names();
    const metricNames = new Set<string>();
    const runs: RunSummary[] = [];
    for (const name of names) {
      try {
        const { base } = await this.#glance(name);
        const { metrics, stats } = await this.#statistics.of(await this.folder(name), metric);
        for (const one of metrics) metricNames.add(one);
        runs.push({ ...base, metric: stats, annotation: annotations.get(name) ?? noAnnotation });
      } catch {
        // A run that cannot be read, or is being made or removed, does not hide the others.
      }
    }
    return {
      runs: runs.sort((a, b) => b.createdAt.localeCompare(a.createdAt) || a.name.localeCompare(b.name)),
      metricNames: [...metricNames].sort(),
    };
  }

  /** The datasets that runs name, sorted by run; whether they are there is another question. */
  async datasets(): Promise<{ name: string; dataset: string }[]> {
    const found: { name: string; dataset: string }[] = [];
    for (const name of (await this.#names()).sort()) {
      const { dataset } = await this.record(name).catch((): RunRecord => ({}));
      if (typeof dataset === "string") found.push({ name, dataset });
    }
    return found;
  }

  /** Whether some run of the folder trains now. */
  async isTraining(): Promise<boolean> {
    for (const name of await this.#names()) {
      if (await isLocked(`${this.#runsDirectory}/${name}/lock`).catch(() => false)) return true;
    }
    return false;
  }

  async #names(): Promise<string[]> {
    const names: string[] = [];
    try {
      for await (const entry of Deno.readDir(this.#runsDirectory)) {
        if (!entry.isFile && isSafeName(entry.name)) names.push(entry.name);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return names;
  }

  /** A run's folder. @throws Refusal 404 when no run has this name. */
  async folder(name: string): Promise<string> {
    if (!await this.has(name)) throw new Refusal(404, "There is no run of this name.");
    return `${this.#runsDirectory}/${name}`;
  }

  /** Whether there is a run of this name. */
  async has(name: string): Promise<boolean> {
    return isSafeName(name) && await isFile(`${this.#runsDirectory}/${name}/run.json`);
  }

  /** The record of who made the run and from what. @throws SonospeechError `store` when it cannot be read. */
  async record(name: string): Promise<RunRecord> {
    const path = `${await this.folder(name)}/run.json`;
    try {
      return recordOf(await readJson(path));
    } catch (error) {
      throw new SonospeechError("store", {
        action: `read ${path}`,
        must: "it must be the record of a run",
        received: error,
        cause: error,
        publicMessage: "The run's run.json cannot be read: it is being written, or broken.",
      });
    }
  }

  /** What the run computed on last, as its events name it; null before the first one. */
  async device(name: string): Promise<string | null> {
    const folder = await this.folder(name);
    if (!await isFile(`${folder}/metrics.sqlite`)) return null;
    using store = openStore(folder);
    const device = store.lastEvent("started")?.event.device;
    return typeof device === "string" ? device : null;
  }

  /** One run with its settings. @throws Refusal 404 when no run has this name. */
  async detail(name: string, annotation: RunAnnotation): Promise<RunDetail> {
    const { base, more } = await this.#glance(name);
    return { ...base, ...more, annotation };
  }

  async #glance(name: string): Promise<RunGlance> {
    const folder = await this.folder(name);
    const record = await this.record(name);
    const config = objectOf(await readJson(`${folder}/config.json`).catch(() => null));
    const hasDataset = record.dataset !== undefined && await exists(record.dataset);
    using store = await isFile(`${folder}/metrics.sqlite`) ? openStore(folder) : null;
    const state = await runState(folder, store);
    const pause = await pauseOfRun(folder, state, store);
    return runGlance({ name, record, config, hasDataset, state, pause }, store);
  }

  /**
   * Metrics over the steps and the cursor that goes on from there. Each metric is read from one state of the store;
   * events after the cursor are left out, so that all belong together.
   */
  async series(name: string, question: SeriesQuestion): Promise<SeriesAnswer> {
    const folder = await this.folder(name);
    if (!await isFile(`${folder}/metrics.sqlite`)) return { cursor: 0, series: {} };
    using store = openStore(folder);
    const throughId = store.lastId();
    const names = question.names.length > 0 ? question.names : store.metricNames();
    const series: [string, SeriesWire][] = [];
    for (const metric of names) {
      const { fromStep, toStep, maxPoints } = question;
      series.push([
        metric,
        store.snapshot(() => store.series(metric, { fromStep, toStep, maxPoints, throughId })),
      ]);
      // A long series takes a while: others are answered in between.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return { cursor: throughId, series: Object.fromEntries(series) };
  }

  /** A run's metrics with every value, as lines of a CSV file; a value that was not finite is `NaN`. */
  async seriesCsv(name: string, metrics: string[]): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const folder = await this.folder(name);
    if (!await isFile(`${folder}/metrics.sqlite`)) return csvStream([], {});
    using store = openStore(folder);
    const names = metrics.length > 0 ? metrics : store.metricNames();
    const throughId = store.lastId();
    return csvStream(
      names,
      Object.fromEntries(names.map((metric) => [metric, store.series(metric, { throughId })])),
    );
  }

  /** A metric of several runs with every value, as lines of a CSV file. */
  async comparedCsv(
    names: readonly string[],
    metric: string,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const runs: ComparedSeries[] = [];
    for (const run of names) {
      const folder = await this.folder(run);
      if (!await isFile(`${folder}/metrics.sqlite`)) continue;
      const { base: { firstEventSeconds }, more: { started } } = await this.#glance(run);
      using store = openStore(folder);
      const series = store.series(metric, { throughId: store.lastId() });
      runs.push({
        run,
        series,
        stepsPerEpoch: started?.stepsPerEpoch ?? null,
        startSeconds: firstEventSeconds,
      });
    }
    return comparedCsvStream(metric, runs);
  }

  /**
   * Moves a run to the trash folder beside the runs.
   *
   * @throws Refusal 404 when no run has this name, 409 while it trains.
   */
  async removeToTrash(name: string): Promise<void> {
    const folder = await this.folder(name);
    if (await isLocked(`${folder}/lock`)) throw new Refusal(409, "The run is training; stop it first.");
    await changeRunsRoot(this.#runsDirectory, { kind: "trash", run: name });
  }

  /** The reports of a run's evaluations, by step; at the same step, test comes after the validation of training. */
  async evaluations(name: string): Promise<EvaluationWire[]> {
    const run = await this.folder(name);
    const folder = `${run}/evaluations`;
    const times = await evaluationTimes(run);
    const reports: EvaluationWire[] = [];
    try {
      for await (const entry of Deno.readDir(folder)) {
        if (!entry.isDirectory || !isSafeName(entry.name)) continue;
        const report = await readReport(folder, entry.name);
        if (report) reports.push({ ...report, timeSeconds: times.get(entry.name) ?? null });
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return reports.sort((a, b) => a.step - b.step || b.split.localeCompare(a.split));
  }
}

/** A value as an object; an empty one for everything else, as somebody else's file may hold. */
function objectOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? { ...value } : {};
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a record says, as far as it is texts. */
function recordOf(value: unknown): RunRecord {
  const all = objectOf(value);
  const texts = (["dataset", "datasetId", "createdAt"] as const).filter((key) =>
    typeof all[key] === "string"
  );
  return Object.fromEntries(texts.map((key) => [key, all[key]]));
}

/** When each evaluation was recorded, by its folder. */
async function evaluationTimes(runFolder: string): Promise<Map<string, number>> {
  if (!await isFile(`${runFolder}/metrics.sqlite`)) return new Map();
  using store = openStore(runFolder);
  return new Map(
    store.eventsOfKind("evaluation").flatMap(({ event: { folder }, timeSeconds }) =>
      typeof folder === "string" ? [[folder, timeSeconds]] : []
    ),
  );
}

async function readReport(
  evaluations: string,
  folder: string,
): Promise<Omit<EvaluationWire, "timeSeconds"> | null> {
  try {
    const report = await readJson(`${evaluations}/${folder}/report.json`) as
      & Omit<EvaluationWire, "folder" | "hasMap">
      & { subjects?: number };
    const { step, split, windows, subjects, metrics, chance = {}, intervals = {} } = report;
    const isReport = Number.isFinite(step) && typeof split === "string" && [metrics, chance].every(isObject);
    if (!isReport) return null;
    return {
      folder,
      step,
      split,
      windows,
      subjects: Number.isInteger(subjects) ? subjects! : null,
      metrics,
      chance,
      intervals: subjects === 1 ? {} : intervals, // Reports of one subject used to hold points.
      hasMap: await isFile(`${evaluations}/${folder}/embeddings.safetensors`),
    };
  } catch {
    return null; // The evaluation is being written; the next question finds it.
  }
}

/** A link is not followed: whoever may write a run's folder would read with the server's eyes what it leads to. */
async function readJson(path: string): Promise<unknown> {
  if ((await Deno.lstat(path)).isSymlink) throw new Error("it is a link");
  return JSON.parse(await Deno.readTextFile(path));
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}
