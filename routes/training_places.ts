/**
 * Where trainings started from the page may read and write: datasets and runs are found by name below folders that
 * the operator named on the command line, never by a path from a page.
 *
 * @module
 */

import { basename, isAbsolute, join, relative } from "node:path";
import { controlLogFile } from "./control_log.ts";
import { datasetFolders, isDataset } from "./dataset_folders.ts";
import type { RunRecord } from "./run_library.ts";
import { trashFolder } from "./runs_root.ts";
import type { TrainableDataset } from "./wire/control.ts";

/** Folders that were named. */
export interface PlacesOptions {
  /** Absolute path of the folder of all runs. */
  runsDirectory: string;
  /** Absolute paths of datasets, or of folders that hold some. */
  data: readonly string[];
  /** Absolute paths of the datasets of runs that were there when the server was started. */
  datasetsOfRuns: readonly string[];
  /** A dataset's hash. @throws When it cannot be read. */
  datasetIdOf: (path: string) => string;
}

/** A dataset that may be trained on, with its place. */
interface FoundDataset extends TrainableDataset {
  path: string;
  fullId: string | null;
}

/** Finds datasets and runs. */
export class TrainingPlaces {
  readonly #options: PlacesOptions;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** What may be trained on now. */
  async datasets(): Promise<TrainableDataset[]> {
    return (await this.#found()).map(({ name, datasetId }) => ({ name, datasetId }));
  }

  /** A dataset's path; undefined when none is called so. */
  async dataset(name: string): Promise<string | undefined> {
    return (await this.#found()).find((dataset) => dataset.name === name)?.path;
  }

  /** The name of the dataset with a hash; null when there is none. */
  async nameOf(datasetId: string | undefined): Promise<string | null> {
    const found = datasetId === undefined
      ? undefined
      : (await this.#found()).find(({ fullId }) => fullId === datasetId);
    return found?.name ?? null;
  }

  /**
   * The dataset to go on with: where the run has it, or where it was moved to. Undefined when the run names a place
   * that the server was not told of: a run folder that somebody else made opens nothing to a training.
   */
  async datasetOfRun({ dataset, datasetId }: RunRecord): Promise<string | undefined> {
    const own = typeof dataset === "string" && this.#isNamed(dataset) ? dataset : undefined;
    if (own !== undefined && await isDataset(own)) return own;
    const moved = (await this.#found()).find(({ fullId }) => fullId !== null && fullId === datasetId);
    if (moved) return moved.path;
    // It is gone: the training says so, and keeps it with the run.
    return own;
  }

  /** A run's path. The name must have been checked. */
  run(name: string): string {
    return join(this.#options.runsDirectory, name);
  }

  /** Why a new run cannot be called so; null when it can. */
  async nameProblem(name: string): Promise<string | null> {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
      return "The name must have 1 to 64 letters, digits, dots, dashes or underscores and begin with a letter or digit.";
    }
    const isTaken = await Deno.lstat(this.run(name)).then(() => true, () => false);
    const isReserved = [trashFolder, controlLogFile, "dashboard.json"].includes(name);
    return isTaken || isReserved ? "There is something of this name already." : null;
  }

  /** Whether a path is a named folder's own, or lies inside of one. */
  #isNamed(path: string): boolean {
    if (!isAbsolute(path)) return false; // what is none could be read as an option
    const isInside = (folder: string) => !/^\.\.(\/|$)/.test(relative(folder, path));
    return this.#options.datasetsOfRuns.includes(path) || this.#options.data.some(isInside);
  }

  async #found(): Promise<FoundDataset[]> {
    const paths = await datasetFolders(this.#options.data);
    const taken = new Set<string>();
    return paths.map((path) => {
      const fullId = this.#idOf(path);
      const datasetId = fullId?.slice(0, 8) ?? null;
      return { name: ownName(path, paths, taken), path, fullId, datasetId };
    });
  }

  #idOf(path: string): string | null {
    try {
      return this.#options.datasetIdOf(path);
    } catch {
      return null;
    }
  }
}

/** A name that no other dataset has: folders may be called alike, and also as a number would tell two apart. */
function ownName(path: string, paths: readonly string[], taken: Set<string>): string {
  const own = basename(path);
  let name = own;
  const isOthers = () => name !== own && paths.some((other) => basename(other) === name);
  for (let count = 2; taken.has(name) || isOthers(); count++) name = `${own} (${count})`;
  taken.add(name);
  return name;
}
