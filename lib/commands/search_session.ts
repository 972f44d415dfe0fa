/**
 * A search from the command line: the query from its file or words, the windows from their dataset.
 *
 * @module
 */

import { resolve } from "node:path";
import { readConfig } from "../data/dataset_index.ts";
import type { DatasetReader } from "../data/dataset_store.ts";
import { readMaskTemplate } from "../data/mask_template.ts";
import { embedModality } from "../evaluation/embed.ts";
import { modalityOf, readQuery, type SearchQuery } from "../evaluation/search_query.ts";
import {
  embedQuery,
  type Modality,
  rankWindows,
  refuseUnsearchable,
  type SearchResult,
  similaritiesTo,
  windowsToSearch,
} from "../evaluation/window_search.ts";
import { ProgressMeter, ProgressPrinter } from "../progress.ts";
import { openRunFolder } from "../training/run_folder.ts";
import { openMeasurements } from "./measurements.ts";
import { loadCheckpoint, openExecutor } from "./evaluation_session.ts";
import { formatTable } from "./evaluation_table.ts";
import type { CommandContext } from "./plan.ts";
import { datasetOfRun } from "./run_places.ts";
import type { SearchCommandOptions } from "./search.ts";

/** A search's result and what it was. */
export interface DatasetSearch extends SearchResult {
  /** What was asked with. */
  query: Modality;
  /** What was looked at. */
  among: Modality;
}

/**
 * Ranks a dataset's windows by a query.
 *
 * @throws SonospeechError `input` when the query cannot be used, the run has no projections or there is nothing to search.
 */
export async function searchDataset(
  run: string,
  dataset: DatasetReader,
  options: SearchCommandOptions,
  context: CommandContext,
): Promise<DatasetSearch> {
  const folder = await openRunFolder(resolve(context.workingDirectory, run));
  const { config } = folder;
  const trainedOn = datasetOfRun(run, context);
  refuseUnsearchable(config, dataset.config, trainedOn === undefined ? undefined : readConfig(trainedOn));
  const { parameters } = await loadCheckpoint(folder.path, options.checkpoint);
  const asked = queryOf(options, context);
  const query = modalityOf(asked);
  const among = options.among ?? (query === "speech" ? "video" : "speech");
  const windows = windowsToSearch(dataset, { among, split: options.split, pacing: config.pacing });
  const { signal } = context;
  const { speechSeconds } = config.data;
  const mask = options.mask === undefined
    ? undefined
    : await readMaskTemplate(resolve(context.workingDirectory, options.mask));
  const inputs = await readQuery(asked, { dataset, speechSeconds, mask, signal });
  const printer = new ProgressPrinter({ write: context.stderr, terminal: context.isTerminal });
  const meter = new ProgressMeter("search", "windows", { total: windows.length });
  await using session = await openExecutor(options.device, { measurements: await openMeasurements(context) });
  const work = { executor: session.executor, config, parameters, signal };
  const embedded = await embedQuery(query, inputs, work);
  const onProgress = (done: number) => printer.show(meter.update(done));
  const embeddings = await embedModality(among, { ...work, source: dataset, windows, onProgress });
  printer.clear();
  return { query, among, ...rankWindows(similaritiesTo(embedded, embeddings), windows, options.top) };
}

function queryOf(
  { speech, frame, text }: SearchCommandOptions,
  { workingDirectory }: CommandContext,
): SearchQuery {
  if (text !== undefined) return { kind: "text", text };
  return frame === undefined
    ? { kind: "sound", path: resolve(workingDirectory, speech!) }
    : { kind: "picture", path: resolve(workingDirectory, frame) };
}

/** The result for reading; file names, which may name a patient, are for the terminal alone. */
export function searchTable(result: DatasetSearch, dataset: DatasetReader): string {
  const labels = dataset.labels();
  const files = new Map(dataset.scans().map(({ id, sourceName }) => [id, sourceName]));
  const { windowSeconds } = dataset.config;
  const rows = result.hits.map(({ rank, similarity, window }) => [
    String(rank),
    similarity.toFixed(3),
    window.scanId,
    // What the run was trained on says little of what it learned.
    window.split,
    `${clock(window.startSeconds)}–${clock(window.startSeconds + windowSeconds)}`,
    ...(labels.size > 0 ? [labels.get(window.id) ?? ""] : []),
    files.get(window.scanId) ?? "",
  ]);
  const head = ["", "similarity", "scan", "split", "time", ...(labels.size > 0 ? ["label"] : []), "file"];
  const kinds = { video: "pictures", speech: "speech" };
  return formatTable([head, ...rows]) +
    `${kinds[result.among]} of ${result.searched} windows searched with ${
      result.query === "video" ? "a picture" : "speech"
    }; the window in the middle has ${result.medianSimilarity.toFixed(3)}\n`;
}

function clock(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - 60 * minutes).toFixed(1).padStart(4, "0")}`;
}
