/**
 * The runs of a folder, as the dashboard needs them: read only, and found by name, never by path.
 *
 * @module
 */

import { MetricStore } from "../mod.ts";
import type {
  EmbeddingMapWire,
  EvaluationWire,
  RunDetail,
  RunState,
  RunSummary,
  SeriesAnswer,
  StartedWire,
  StoredEventWire,
  WireMetrics,
} from "./api.ts";
import { Refusal } from "./guard.ts";

/** Names of runs and evaluations: no separators and no leading dot, so that a name is never a path. */
const safeName = /^[A-Za-z0-9_][A-Za-z0-9._ -]{0,127}$/;
/** A run that wrote this recently is running, whatever its lock says. */
const recentSeconds = 10;

/** The `run.json` of a run folder. */
export interface RunRecord {
  dataset?: string;
  createdAt?: string;
}

/** Reads the runs in one folder. */
export class RunLibrary {
  readonly #runsDirectory: string;

  constructor(runsDirectory: string) {
    this.#runsDirectory = runsDirectory;
  }

  /** All runs, newest first; a folder that is no run, or not yet one, is left out. */
  async list(): Promise<RunSummary[]> {
    const names: string[] = [];
    try {
      for await (const entry of Deno.readDir(this.#runsDirectory)) {
        if (!entry.isFile && safeName.test(entry.name)) names.push(entry.name);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    const runs = await Promise.all(names.map((name) => this.summary(name).catch(() => null)));
    return runs.filter((run) => run !== null).sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  }

  /** A run's folder. @throws Refusal 404 when no run has this name. */
  async folder(name: string): Promise<string> {
    const path = `${this.#runsDirectory}/${name}`;
    if (!safeName.test(name) || !await isFile(`${path}/run.json`)) {
      throw new Refusal(404, "There is no run of this name.");
    }
    return path;
  }

  /** The record of who made the run and from what. */
  async record(name: string): Promise<RunRecord> {
    return await readJson(`${await this.folder(name)}/run.json`) as RunRecord;
  }

  /** One run at a glance. @throws Refusal 404 when no run has this name. */
  async summary(name: string): Promise<RunSummary> {
    const detail = await this.detail(name);
    const { started: _started, pausedMessage: _paused, config: _config, hasDataset: _has, ...summary } =
      detail;
    return summary;
  }

  /** One run with its settings. @throws Refusal 404 when no run has this name. */
  async detail(name: string): Promise<RunDetail> {
    const folder = await this.folder(name);
    const record = await this.record(name);
    const config = await readJson(`${folder}/config.json`).catch(() => ({})) as Record<string, unknown>;
    const base = {
      name,
      preset: String(config.preset ?? ""),
      createdAt: record.createdAt ?? "",
      config,
      hasDataset: record.dataset !== undefined && await exists(record.dataset),
    };
    if (!await isFile(`${folder}/metrics.sqlite`)) {
      return { ...base, ...nothingYet };
    }
    using store = openStore(folder);
    const last = (kind?: string) => store.lastEvent(kind);
    const started = last("started");
    const step = metricsOf(last("step")?.event);
    return {
      ...base,
      state: await runState(folder, store),
      step: Math.max(last("step")?.step ?? 0, started?.step ?? 0),
      totalSteps: started ? Number(started.event.totalSteps) : null,
      lastEventSeconds: last()?.timeSeconds ?? null,
      totalLoss: step["loss.total"] ?? null,
      recallAt1: metricsOf(last("evaluation")?.event)["retrieval.videoToSpeech.recallAt1"] ?? null,
      started: started ? started.event as unknown as StartedWire : null,
      pausedMessage: String(last("paused")?.event.message ?? "") || null,
    };
  }

  /** Metrics over the steps and the cursor that goes on from there, from one state of the store. */
  async series(name: string, metricNames: string[], maxPoints: number): Promise<SeriesAnswer> {
    const folder = await this.folder(name);
    if (!await isFile(`${folder}/metrics.sqlite`)) return { cursor: 0, series: {} };
    using store = openStore(folder);
    return store.snapshot(() => {
      const names = metricNames.length > 0 ? metricNames : store.metricNames();
      const series = Object.fromEntries(names.map((metric) => [metric, store.series(metric, { maxPoints })]));
      return { cursor: store.lastId(), series };
    });
  }

  /** The reports of a run's evaluations, by step; at the same step, test comes after the validation of training. */
  async evaluations(name: string): Promise<EvaluationWire[]> {
    const folder = `${await this.folder(name)}/evaluations`;
    const reports: EvaluationWire[] = [];
    try {
      for await (const entry of Deno.readDir(folder)) {
        if (!entry.isDirectory || !safeName.test(entry.name)) continue;
        const report = await readReport(folder, entry.name);
        if (report) reports.push(report);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return reports.sort((a, b) => a.step - b.step || b.split.localeCompare(a.split));
  }

  /** The embedding map of one evaluation. @throws Refusal 404 when there is none. */
  async embeddingMap(name: string, evaluation: string): Promise<EmbeddingMapWire> {
    const path = `${await this.folder(name)}/evaluations/${evaluation}/map.json`;
    if (!safeName.test(evaluation) || !await isFile(path)) {
      throw new Refusal(404, "There is no embedding map of this evaluation.");
    }
    const { step, points, explainedVariance } = await readJson(path) as EmbeddingMapWire;
    // The file also names the subjects, which stay on the machine.
    const nameless = points.map(({ windowId, scanId, label = null, video, speech }) => ({
      windowId,
      scanId,
      label,
      video,
      speech,
    }));
    return { step, points: nameless, explainedVariance };
  }
}

const nothingYet = {
  state: "new" as RunState,
  step: 0,
  totalSteps: null,
  lastEventSeconds: null,
  totalLoss: null,
  recallAt1: null,
  started: null,
  pausedMessage: null,
};

/** Opens a run's metric store to read. */
export function openStore(runFolder: string): MetricStore {
  return MetricStore.open(`${runFolder}/metrics.sqlite`, { readOnly: true });
}

/**
 * Where a run stands: what its last opening or closing event says; a run that opened and has been silent since is
 * running as long as its trainer holds the lock.
 */
export async function runState(runFolder: string, store: MetricStore): Promise<RunState> {
  const started = store.lastEvent("started");
  if (!started) return "new";
  const paused = store.lastEvent("paused");
  const finished = store.lastEvent("finished");
  if (finished && finished.id > started.id) return "finished";
  if (paused && paused.id > started.id) return "paused";
  const silentSeconds = Date.now() / 1000 - (store.lastEvent()?.timeSeconds ?? 0);
  if (silentSeconds < recentSeconds) return "running";
  return await isLocked(`${runFolder}/lock`) ? "running" : "interrupted";
}

/** Whether another process or worker holds the lock; the probe lets go at once. */
async function isLocked(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path, { read: true });
    return !await file.tryLock(false);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A stored event in the form that goes over the wire. */
export function toWire(
  stored: { id: number; timeSeconds: number; event: Record<string, unknown> },
): StoredEventWire {
  return {
    id: stored.id,
    timeSeconds: stored.timeSeconds,
    event: stored.event as unknown as StoredEventWire["event"],
  };
}

function metricsOf(event: Record<string, unknown> | undefined): WireMetrics {
  return (event?.metrics ?? {}) as WireMetrics;
}

async function readReport(evaluations: string, folder: string): Promise<EvaluationWire | null> {
  try {
    const report = await readJson(`${evaluations}/${folder}/report.json`) as Omit<
      EvaluationWire,
      "folder" | "hasMap"
    >;
    const { step, split, windows, metrics, chance } = report;
    return {
      folder,
      step,
      split,
      windows,
      metrics,
      chance,
      hasMap: await isFile(`${evaluations}/${folder}/map.json`),
    };
  } catch {
    return null; // The evaluation is being written; the next question finds it.
  }
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await Deno.readTextFile(path));
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}
