/**
 * The datasets that the runs were made from, opened when first asked for.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { LabelStretch, ScanGaze, WindowRecord } from "../mod.ts";
import { datasetFolders } from "./dataset_folders.ts";
import { Refusal } from "./guard.ts";
import type { RunLibrary } from "./run_library.ts";

const openAtMost = 4;
const listedMilliseconds = 2000;

/** The part of a dataset reader that the server uses. */
export interface DatasetSource {
  /** Equal ids mean equal data; where it is left out, nobody can ask for the dataset by it. */
  readonly id?: string;
  readonly config: {
    readonly windowSeconds: number;
    readonly frameSize: readonly [number, number];
    readonly framesPerWindow: number;
    readonly spectrogram: {
      readonly bands: number;
      readonly sampleRate: number;
      readonly hopSeconds: number;
    };
  };
  scans(): readonly {
    id: string;
    subject: string;
    split: string;
    durationSeconds: number;
    sourceName?: string;
    notes?: readonly string[];
  }[];
  windows(filter?: { split?: string; scanId?: string }): readonly WindowRecord[];
  /** Labels by window; none where it is left out. */
  labels?(): ReadonlyMap<number, string>;
  /** Labelled stretches of a scan; none where it is left out. */
  labelStretches?(scanId: string): readonly LabelStretch[];
  /** Gaze on a scan; none where it is left out. */
  gaze?(scanId: string): Pick<ScanGaze, "fixations"> | undefined;
  quarantine(): readonly { sourceName: string; reason: string; detail: string }[];
  readFrames(scanId: string, start: number, count: number): Uint8Array;
  readLogSpectrogram(scanId: string, startColumn: number, count: number): Float32Array;
  readPcm(scanId: string, start: number, count: number): Int16Array;
  close(): void;
}

/** A dataset that can be opened. */
export interface KnownDataset {
  /** Its name towards the page: a digest of where it lies, which stays here. */
  key: string;
  path: string;
  /** The runs that were made from it. */
  runs: string[];
}

/** Keeps the last few datasets open. */
export class DatasetLibrary {
  readonly #runs: RunLibrary;
  readonly #open: (path: string) => DatasetSource;
  readonly #more: readonly string[];
  readonly #sources = new Map<string, { source: DatasetSource; stamp: string }>();
  readonly #ids = new Map<string, string | undefined>();
  #listed?: { at: number; list: Promise<KnownDataset[]> };

  /** @param more Datasets that no run need name, or folders that hold some. */
  constructor(runs: RunLibrary, open: (path: string) => DatasetSource, more: readonly string[] = []) {
    this.#runs = runs;
    this.#open = open;
    this.#more = more;
  }

  /** The dataset of a run. @throws Refusal 404 when the run is unknown or its dataset is gone. */
  async ofRun(name: string): Promise<DatasetSource> {
    const { dataset } = await this.#runs.record(name);
    if (dataset === undefined || !await isThere(dataset)) {
      throw new Refusal(
        404,
        "The dataset of this run cannot be read: it was moved, or came after the server was started.",
      );
    }
    return this.#opened(dataset);
  }

  /** Every dataset that can be read: those of the runs, and those that the server was told of. */
  async list(): Promise<KnownDataset[]> {
    const more = await datasetFolders(this.#more);
    const runsOf = new Map<string, string[]>(more.map((path) => [path, []]));
    for (const { name, dataset } of await this.#runs.datasets()) {
      runsOf.set(dataset, [...runsOf.get(dataset) ?? [], name]);
    }
    const known: KnownDataset[] = [];
    for (const [path, runs] of runsOf) {
      if (await isThere(path)) known.push({ key: keyOf(path), path, runs });
    }
    return known;
  }

  /** A dataset by its key. @throws Refusal 404 when there is none. */
  async byKey(key: string): Promise<{ source: DatasetSource; known: KnownDataset }> {
    const known = (await this.#recentList()).find((one) => one.key === key);
    if (!known) throw new Refusal(404, "There is no dataset of this key, or no longer.");
    return { source: this.#opened(known.path), known };
  }

  /**
   * The dataset with an id: in one of the places, else among those that can be read anyhow; undefined where it is not.
   *
   * @param places Folders of datasets, which must have been found and not asked for.
   */
  async withId(id: string, places: readonly string[]): Promise<DatasetSource | undefined> {
    const known = (await this.#recentList()).map(({ path }) => path);
    const path = [...places, ...known].find((one) => this.#idOf(one) === id);
    return path === undefined ? undefined : this.#opened(path);
  }

  /** A dataset that is being prepared, or is gone, has no id yet. */
  #idOf(path: string): string | undefined {
    try {
      const key = `${path} ${stampOf(path)}`;
      if (!this.#ids.has(key)) this.#ids.set(key, this.#opened(path).id);
      return this.#ids.get(key);
    } catch {
      return undefined;
    }
  }

  /** A page asks for many pictures at once, and runs come seldom. */
  async #recentList(): Promise<KnownDataset[]> {
    const now = performance.now();
    if (!this.#listed || now - this.#listed.at > listedMilliseconds) {
      this.#listed = { at: now, list: this.list() };
    }
    return await this.#listed.list;
  }

  /** A dataset that was prepared again, or another one in its place, is opened anew. */
  #opened(dataset: string): DatasetSource {
    const stamp = stampOf(dataset);
    let open = this.#sources.get(dataset);
    this.#sources.delete(dataset);
    if (open && open.stamp !== stamp) {
      open.source.close();
      open = undefined;
    }
    open ??= { source: this.#open(dataset), stamp };
    this.#sources.set(dataset, open);
    for (const [path, oldest] of this.#sources) {
      if (this.#sources.size <= openAtMost) break;
      oldest.source.close();
      this.#sources.delete(path);
    }
    return open.source;
  }

  /** Closes all datasets. */
  close(): void {
    for (const { source } of this.#sources.values()) source.close();
    this.#sources.clear();
  }
}

/** Another one when the dataset's index is another file, or was written to. */
function stampOf(dataset: string): string {
  try {
    const { dev, ino, mtime, size } = Deno.statSync(`${dataset}/index.sqlite`);
    return [dev, ino, mtime?.getTime(), size].join();
  } catch {
    return ""; // The opening says what is wrong.
  }
}

/** The name of a dataset towards the page. */
export function keyOf(path: string): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 12);
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
