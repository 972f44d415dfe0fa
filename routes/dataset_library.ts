/**
 * The datasets that the runs were made from, opened when first asked for.
 *
 * @module
 */

import type { WindowRecord } from "../mod.ts";
import { Refusal } from "./guard.ts";
import type { RunLibrary } from "./run_library.ts";

const openAtMost = 4;

/** The part of a dataset reader that the server uses. */
export interface DatasetSource {
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
  scans(): readonly { id: string; subject: string; split: string; durationSeconds: number }[];
  windows(filter?: { split?: string; scanId?: string }): readonly WindowRecord[];
  quarantine(): readonly { sourceName: string; reason: string; detail: string }[];
  readFrames(scanId: string, start: number, count: number): Uint8Array;
  readLogSpectrogram(scanId: string, startColumn: number, count: number): Float32Array;
  readPcm(scanId: string, start: number, count: number): Int16Array;
  close(): void;
}

/** Keeps the last few datasets open. */
export class DatasetLibrary {
  readonly #runs: RunLibrary;
  readonly #open: (path: string) => DatasetSource;
  readonly #sources = new Map<string, DatasetSource>();

  constructor(runs: RunLibrary, open: (path: string) => DatasetSource) {
    this.#runs = runs;
    this.#open = open;
  }

  /** The dataset of a run. @throws Refusal 404 when the run is unknown or its dataset is gone. */
  async ofRun(name: string): Promise<DatasetSource> {
    const { dataset } = await this.#runs.record(name);
    if (dataset === undefined || !await Deno.stat(dataset).then(() => true, () => false)) {
      throw new Refusal(
        404,
        "The dataset of this run cannot be read: it was moved, or came after the server was started.",
      );
    }
    const source = this.#sources.get(dataset) ?? this.#open(dataset);
    this.#sources.delete(dataset);
    this.#sources.set(dataset, source);
    for (const [path, oldest] of this.#sources) {
      if (this.#sources.size <= openAtMost) break;
      oldest.close();
      this.#sources.delete(path);
    }
    return source;
  }

  /** Closes all datasets. */
  close(): void {
    for (const source of this.#sources.values()) source.close();
    this.#sources.clear();
  }
}
