/**
 * Reads a prepared dataset: facts about scans and windows, and their frames, sound and spectrograms.
 *
 * The store holds facts, never decisions: `voicedFraction` is here, "low affinity" is decided by the reader's user.
 * All reads are synchronous, cost one seek each and touch only the rows asked for.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import type { PrepareConfig } from "../config.ts";
import { SonospeechError } from "../errors.ts";
import { type SafetensorsData, SafetensorsReader } from "../records/safetensors.ts";
import { logPowerFloor } from "../signal/spectrogram.ts";
import { readGaze, readLabels } from "./annotation_store.ts";
import { readConfig, readQuarantine, readScans, readWindows } from "./dataset_index.ts";
import type { DatasetSummary, QuarantineRecord, ScanRecord, WindowRecord } from "./dataset_records.ts";
import { datasetPaths, formatVersion, type ScanTensor } from "./dataset_schema.ts";
import { fixationsWithin, type GazeFixation, type ScanGaze } from "./gaze.ts";
import { type LabelStretch, labelWithin } from "./labels.ts";
import { type Split, splits } from "./split.ts";

export type { DatasetSummary, QuarantineRecord, ScanRecord, WindowRecord } from "./dataset_records.ts";

/** Files held open at once. */
const openFileLimit = 48;

/**
 * An open dataset.
 *
 * @example
 * ```ts ignore
 * const dataset = DatasetReader.open("data/demo");
 * const [window] = dataset.windows({ split: "train" });
 * const frames = dataset.readFrames(window.scanId, window.firstFrame, window.frameCount);
 * dataset.close();
 * ```
 */
export class DatasetReader {
  /** The settings it was prepared with. */
  readonly config: PrepareConfig;
  /** SHA-256 over settings, contents, subjects and split: equal ids mean equal data. */
  readonly id: string;
  readonly #path: string;
  readonly #scans: Map<string, ScanRecord>;
  readonly #windows: WindowRecord[];
  readonly #quarantine: QuarantineRecord[];
  readonly #labels: Map<string, LabelStretch[]>;
  #lastGaze?: { scanId: string; gaze: ScanGaze };
  readonly #files = new Map<string, SafetensorsReader>();

  private constructor(path: string, config: PrepareConfig, database: DatabaseSync) {
    this.#path = path;
    this.config = config;
    this.#scans = new Map(readScans(database).map((scan) => [scan.id, scan]));
    this.#windows = readWindows(database, this.#scans, config);
    this.#quarantine = readQuarantine(database);
    this.#labels = readLabels(database);
    this.id = hashDataset(config, this.#scans.values());
  }

  /**
   * Opens a dataset's folder.
   *
   * @throws SonospeechError `store` when it is no dataset, of another format version, or not completely prepared.
   */
  static open(path: string): DatasetReader {
    const config = readConfig(path);
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(datasetPaths.index(path), { readOnly: true });
      const complete = database.prepare("SELECT value FROM meta WHERE key = 'complete'").get();
      const goOn = "Run the same prepare command again: it goes on where it stopped.";
      if (complete?.value !== "yes") refuseIndex("it must be prepared to the end", goOn);
      return new DatasetReader(path, config, database);
    } catch (cause) {
      if (cause instanceof SonospeechError) throw cause;
      return refuseIndex(
        "its index must be readable",
        "Prepare into another --out, or delete the dataset first.",
        cause,
      );
    } finally {
      database?.close();
    }
  }

  /** The dataset's folder, where another thread can open it, too. */
  get path(): string {
    return this.#path;
  }

  /** All scans, in the order of their ids. */
  scans(): ScanRecord[] {
    return [...this.#scans.values()];
  }

  /** The labels of the windows that have one, by the window's id: what is seen for most of it (labelWithin). */
  labels(): Map<number, string> {
    const labels = new Map<number, string>();
    for (const { id, scanId, startSeconds } of this.#windows) {
      const span = { startSeconds, endSeconds: startSeconds + this.config.windowSeconds };
      const found = labelWithin(this.#labels.get(scanId) ?? [], span);
      if (found) labels.set(id, found.label);
    }
    return labels;
  }

  /** The labelled stretches of a scan on its time axis, in order of time. */
  labelStretches(scanId: string): readonly LabelStretch[] {
    return this.#labels.get(scanId) ?? [];
  }

  /**
   * Where somebody looked while the scan was made, on its time axis and in its stored frames; nothing when that is
   * not known. The scan that was asked for last is kept in memory.
   *
   * @throws SonospeechError `store` when there is no such scan, or the file is damaged.
   */
  gaze(scanId: string): ScanGaze | undefined {
    if (!this.#scan(scanId).hasGaze) return undefined;
    if (this.#lastGaze?.scanId !== scanId) {
      this.#lastGaze = { scanId, gaze: this.#reading("gaze", scanId, () => readGaze(this.#path, scanId)) };
    }
    return this.#lastGaze.gaze;
  }

  /** The fixations that begin within a window, those outside the frame included; empty without gaze. */
  fixations({ scanId, startSeconds }: Pick<WindowRecord, "scanId" | "startSeconds">): GazeFixation[] {
    const endSeconds = startSeconds + this.config.windowSeconds;
    return fixationsWithin(this.gaze(scanId)?.fixations ?? [], { startSeconds, endSeconds });
  }

  /** The windows of a split, of a scan, or all, in the order of their ids. */
  windows(options: { split?: Split; scanId?: string } = {}): WindowRecord[] {
    const { split, scanId } = options;
    return this.#windows.filter((window) =>
      (split === undefined || window.split === split) && (scanId === undefined || window.scanId === scanId)
    );
  }

  /** Inputs that could not be used, and why. */
  quarantine(): QuarantineRecord[] {
    return [...this.#quarantine];
  }

  /** Totals. */
  summary(): DatasetSummary {
    const [scans, windows, quarantine] = [this.scans(), this.#windows, this.#quarantine];
    return summarize({ scans, windows, quarantine, labelledScans: this.#labels.size }, this.config);
  }

  /**
   * Frames [start, start + count) of a scan; frame n shows the scan at n · windowSeconds / framesPerWindow seconds.
   *
   * @returns Grey levels 0 to 255, [count, H, W] with H, W from `config.frameSize`.
   * @throws SonospeechError `store` when there is no such scan or frame.
   */
  readFrames(scanId: string, start: number, count: number): Uint8Array {
    return this.#rows(scanId, "frames", start, count) as Uint8Array;
  }

  /**
   * Columns [startColumn, startColumn + count) of a scan's log-spectrogram; column c is centred on c · hopSeconds.
   *
   * @returns Natural logarithm of power, [count, bands]; columns outside the scan hold the floor value.
   * @throws SonospeechError `store` when there is no such scan.
   */
  readLogSpectrogram(scanId: string, startColumn: number, count: number): Float32Array {
    const bands = this.config.spectrogram.bands;
    const out = new Float32Array(count * bands).fill(logPowerFloor);
    const { start, inside } = clip(startColumn, count, this.#scan(scanId).columnCount);
    if (inside > 0) {
      const rows = this.#rows(scanId, "log_spectrogram", start, inside);
      out.set(rows as Float16Array, (start - startColumn) * bands);
    }
    return out;
  }

  /**
   * Samples [start, start + count) of a scan's speech at `config.spectrogram.sampleRate`.
   *
   * @returns 16-bit samples; 0 outside the scan.
   * @throws SonospeechError `store` when there is no such scan.
   */
  readPcm(scanId: string, start: number, count: number): Int16Array {
    const out = new Int16Array(count);
    const { start: first, inside } = clip(start, count, this.#scan(scanId).sampleCount);
    if (inside > 0) {
      out.set(this.#rows(scanId, "pcm", first, inside) as Int16Array, first - start);
    }
    return out;
  }

  /** Closes all files; the reader can go on to be used and opens them again. */
  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }

  #scan(scanId: string): ScanRecord {
    const scan = this.#scans.get(scanId);
    if (scan) return scan;
    throw new SonospeechError("store", {
      action: "read the dataset",
      must: "the scan must be in it",
      received: scanId,
    });
  }

  #rows(scanId: string, tensor: ScanTensor, start: number, count: number): SafetensorsData {
    const read = () => this.#open(scanId, tensor).readRows(tensor, start, count);
    return this.#reading(tensor.replace("_", " "), scanId, read);
  }

  /** Reads a file, which may have been cut off or removed since the dataset was prepared, or while it is read. */
  #reading<T>(what: string, scanId: string, read: () => T): T {
    try {
      return read();
    } catch (cause) {
      if (!(cause instanceof SonospeechError) && !(cause instanceof Deno.errors.NotFound)) throw cause;
      throw new SonospeechError("store", {
        action: `read the ${what} of scan ${this.#scan(scanId).id}`,
        must: "the dataset's files must be as they were prepared",
        received: cause instanceof SonospeechError ? cause : "no such file",
        hint: "bring them back from a copy, or prepare the dataset into another folder",
        cause,
      });
    }
  }

  #open(scanId: string, tensor: ScanTensor): SafetensorsReader {
    const path = datasetPaths.tensor(this.#path, this.#scan(scanId).id, tensor);
    let file = this.#files.get(path);
    if (file) this.#files.delete(path);
    else {
      if (this.#files.size >= openFileLimit) {
        const [oldestPath, oldest] = this.#files.entries().next().value!;
        oldest.close();
        this.#files.delete(oldestPath);
      }
      file = new SafetensorsReader(path);
    }
    this.#files.set(path, file);
    return file;
  }
}

function clip(start: number, count: number, total: number): { start: number; inside: number } {
  const first = Math.max(0, start);
  return { start: first, inside: Math.min(total, start + count) - first };
}

function refuseIndex(must: string, hint: string, cause?: unknown): never {
  throw new SonospeechError("store", { action: "open the dataset", must, hint, cause });
}

function hashDataset(config: PrepareConfig, scans: Iterable<ScanRecord>): string {
  const hash = createHash("sha256").update(JSON.stringify([formatVersion, config]));
  for (const { id, contentHash, subject, split } of scans) {
    hash.update(JSON.stringify([id, contentHash, subject, split]));
  }
  return hash.digest("hex");
}

function summarize(
  { scans, windows, quarantine, labelledScans }: {
    scans: readonly ScanRecord[];
    windows: readonly WindowRecord[];
    quarantine: readonly QuarantineRecord[];
    labelledScans: number;
  },
  config: PrepareConfig,
): DatasetSummary {
  const perSplit = (count: (split: Split) => number) =>
    Object.fromEntries(splits.map((split) => [split, count(split)])) as Record<Split, number>;
  const mean = (value: (window: WindowRecord) => number) =>
    windows.reduce((sum, window) => sum + value(window), 0) / Math.max(1, windows.length);
  const quarantineReasons: Record<string, number> = {};
  for (const { reason } of quarantine) quarantineReasons[reason] = (quarantineReasons[reason] ?? 0) + 1;
  return {
    scans: scans.length,
    windows: windows.length,
    hours: (windows.length * config.windowSeconds) / 3600,
    subjects: perSplit((split) =>
      new Set(scans.filter((scan) => scan.split === split).map((scan) => scan.subject)).size
    ),
    labelledScans,
    gazeScans: scans.filter(({ hasGaze }) => hasGaze).length,
    bleeped: {
      scans: scans.filter(({ bleepedSeconds }) => bleepedSeconds !== undefined).length,
      seconds: scans.reduce((sum, { bleepedSeconds = 0 }) => sum + bleepedSeconds, 0),
    },
    masks: countMasks(scans),
    windowsPerSplit: perSplit((split) => windows.filter((window) => window.split === split).length),
    speechShareEnergy: mean((window) => window.voicedFractionEnergy),
    speechShareWebrtc: mean((window) => window.voicedFractionWebrtc),
    quarantined: quarantine.length,
    quarantineReasons,
  };
}

function countMasks(scans: readonly ScanRecord[]): DatasetSummary["masks"] {
  const counts = { confirmed: 0, template: 0, found: 0, doubtful: 0, none: 0 };
  for (const { mask } of scans) {
    if (!mask) counts.none++;
    else if (mask.doubts) counts.doubtful++;
    else counts[mask.isConfirmed ? "confirmed" : mask.origin]++;
  }
  return counts;
}
