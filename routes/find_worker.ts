/**
 * The Web Worker that searches: it holds a run's encoders and the embeddings of a dataset's windows, by key.
 *
 * @module
 */

import {
  CheckpointStore,
  createExecutor,
  DatasetReader,
  embedModality,
  embedQuery,
  type Executor,
  floatTensors,
  modalityOf,
  openRunFolder,
  rankWindows,
  readQuery,
  refuseUnsearchable,
  type RunConfig,
  type SearchQuery,
  sentError,
  similaritiesTo,
  similaritySpread,
  SonospeechError,
  type Split,
  type Tensors,
  type WindowRecord,
  windowsToSearch,
} from "../mod.ts";
import type {
  FindJob,
  FindReply,
  FindRequest,
  Found,
  IndexFacts,
  IndexPlace,
  Modality,
  Question,
} from "./find_engine.ts";

/** The worker's global scope, as far as it is used here. */
interface WorkerScope {
  addEventListener(type: "message", listener: (event: MessageEvent<FindRequest>) => void): void;
  postMessage(message: FindReply): void;
}

/** What is kept under a key. */
interface Index {
  config: RunConfig;
  parameters: Tensors;
  dataset: DatasetReader;
  windows: WindowRecord[];
  /** `[N, D]`. */
  embeddings: Float32Array;
  among: Modality;
}

const scope = globalThis as unknown as WorkerScope;
const indexes = new Map<string, Index>();
const jobs = new Map<number, AbortController>();
/** Embeds queries: one thread is enough for a few frames or samples. */
let queryExecutor: Promise<Executor> | undefined;

scope.addEventListener("message", async ({ data: request }) => {
  if (request.kind === "stop") {
    return jobs.get(request.id)?.abort(new DOMException("The search was stopped", "AbortError"));
  }
  if (request.kind === "forget") {
    indexes.get(request.key)?.dataset.close();
    return void indexes.delete(request.key);
  }
  const { id } = request;
  const job = new AbortController();
  jobs.set(id, job);
  try {
    const result = request.kind === "index"
      ? await makeIndex(request, job.signal)
      : await find(request.key, request.job, job.signal);
    scope.postMessage({ kind: "done", id, result });
  } catch (error) {
    scope.postMessage({ kind: "failed", id, error: sentError(error) });
  } finally {
    jobs.delete(id);
  }
});

async function makeIndex(
  { id, key, place, threads }: Extract<FindRequest, { kind: "index" }>,
  signal: AbortSignal,
): Promise<IndexFacts> {
  const dataset = DatasetReader.open(place.dataset);
  let executor: Executor | undefined;
  try {
    const { config } = await openRunFolder(place.run);
    refuseUnsearchable(config, dataset.config, settingsOf(place));
    const { step, parameters } = await readCheckpoint(place);
    const { among } = place;
    const windows = windowsToSearch(dataset, { among, pacing: config.pacing });
    executor = await createExecutor("wasm", { threads });
    let told = 0;
    const onProgress = (done: number) => {
      if (performance.now() - told < 200) return;
      told = performance.now();
      scope.postMessage({ kind: "progress", id, done, total: windows.length });
    };
    const work = { executor, config, parameters, source: dataset, windows, signal, onProgress };
    const embeddings = await embedModality(among, work);
    indexes.get(key)?.dataset.close();
    indexes.set(key, { config, parameters, dataset, windows, embeddings, among });
    return { windows: windows.length, step };
  } catch (error) {
    dataset.close();
    throw error;
  } finally {
    await executor?.dispose();
  }
}

/** Settings of the run's own dataset. */
function settingsOf({ trainedOn }: IndexPlace) {
  if (trainedOn === undefined) return undefined;
  const own = DatasetReader.open(trainedOn);
  own.close();
  return own.config;
}

async function readCheckpoint({ run, checkpoint }: IndexPlace) {
  const store = CheckpointStore.readOnly(`${run}/checkpoints`);
  const found = (checkpoint === "best" ? await store.best() : null) ?? (await store.newest()).checkpoint;
  if (found) return { step: found.step, parameters: floatTensors(found.tensors) };
  throw new SonospeechError("input", {
    action: "search with the run",
    must: "it must have a readable checkpoint",
    received: "none",
    hint: "train it for at least one epoch",
  });
}

async function find(key: string, job: FindJob, signal: AbortSignal): Promise<Found> {
  const index = indexes.get(key);
  if (!index) {
    throw new SonospeechError("environment", {
      action: "search",
      must: "the windows must be embedded first",
    });
  }
  const { config, parameters, dataset, among } = index;
  const query = queryOf(job.question, dataset);
  const { mostSeconds } = job;
  const reading = { dataset, speechSeconds: config.data.speechSeconds, mostSeconds, signal };
  const inputs = await readQuery(query, reading);
  queryExecutor ??= createExecutor("wasm", { threads: 1 });
  const work = { executor: await queryExecutor, config, parameters, signal };
  const embedded = await embedQuery(modalityOf(query), inputs, work);
  const { windows, embeddings } = partOf(index, job.split);
  const similarities = similaritiesTo(embedded, embeddings);
  const { hits, searched, medianSimilarity } = rankWindows(similarities, windows, job.top);
  return {
    ...{ query: modalityOf(query), among, searched, medianSimilarity },
    hits: hits.map(({ window, similarity }) => ({ windowId: window.id, similarity })),
    ...similaritySpread(similarities),
    own: query.kind === "window" ? ownPlace(query.window, windows, similarities) : null,
    labelCounts: countLabels(dataset, windows),
  };
}

function queryOf(question: Question, dataset: DatasetReader): SearchQuery {
  if (question.kind !== "window") return question;
  const window = dataset.windows().find(({ id }) => id === question.windowId);
  if (window) return { kind: "window", window, modality: question.modality };
  throw new SonospeechError("input", {
    action: "search with the window",
    must: "the dataset must have a window of this id",
    received: question.windowId,
  });
}

/** The windows of one split with their rows. */
function partOf({ windows, embeddings }: Index, split?: string) {
  if (split === undefined) return { windows, embeddings };
  const dimension = embeddings.length / windows.length;
  const chosen = windows.flatMap((window, i) => window.split === split as Split ? [i] : []);
  const rows = new Float32Array(chosen.length * dimension);
  chosen.forEach((i, row) =>
    rows.set(embeddings.subarray(i * dimension, (i + 1) * dimension), row * dimension)
  );
  return { windows: chosen.map((i) => windows[i]), embeddings: rows };
}

/** A window's own place: it comes after all that are more similar. */
function ownPlace(own: WindowRecord, windows: readonly WindowRecord[], similarities: Float32Array) {
  const at = windows.findIndex(({ id }) => id === own.id);
  if (at < 0) return null;
  const similarity = similarities[at];
  return { rank: 1 + similarities.reduce((n, other) => n + (other > similarity ? 1 : 0), 0), similarity };
}

function countLabels(dataset: DatasetReader, windows: readonly WindowRecord[]): [string, number][] {
  const labels = dataset.labels();
  const counts = new Map<string, number>();
  for (const { id } of windows) {
    const label = labels.get(id);
    if (label !== undefined) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts];
}
