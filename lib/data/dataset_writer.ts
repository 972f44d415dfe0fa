/**
 * Writes a dataset, scan by scan, so that an interruption at any moment costs at most the scans under way.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import type { PrepareConfig } from "../config.ts";
import type { CropBox, PictureSize } from "../media/crop.ts";
import { writeJsonAtomic } from "../records/atomic_file.ts";
import { SafetensorsAppender } from "../records/safetensors.ts";
import { clearAnnotations, writeAnnotations } from "./annotation_store.ts";
import type { Annotations } from "./annotations.ts";
import { refuseForeignFolder, settleConfig, takeLock } from "./dataset_folder.ts";
import { datasetPaths, scanIdOf, type ScanTensor, schema, windowIdStride } from "./dataset_schema.ts";
import type { ScanPlace } from "./gaze.ts";
import { requireBlackOutside, type ScanMask } from "./sector_gate.ts";
import { assignSplits, type Split, splitRecord } from "./split.ts";

/** What identifies an input. */
export interface ScanSource {
  /** A hash of where the scan comes from; the same on every run. */
  source: string;
  /** The file's own name, without folders, or its pseudonym. */
  sourceName: string;
  /** The subject as the manifest names it, or its pseudonym. */
  subject: string;
  /** The split that was asked for, if any. */
  split?: Split;
}

/** What is known of a scan's place in the dataset. */
export interface ScanSlot {
  /** As `s0001`. */
  id: string;
  /** The hash of where it comes from. */
  source: string;
  /** Windows prepared earlier; 0 when there are none. */
  windowCount: number;
  /** Notes of an earlier preparation. */
  notes: readonly string[];
  /** What its labels and gaze follow from; null when it has none. */
  annotationHash: string | null;
}

/** What was found out about a scan whose tensors are written. */
export interface ScanFacts {
  /** SHA-256 over the scan's bytes and the settings. */
  contentHash: string;
  /** Time in which both pictures and speech exist, seconds. */
  durationSeconds: number;
  /** Where the scan's time axis begins on the video's clock, whose zero is where a player starts it. */
  axisStartSeconds: number;
  /** Size of the video's pictures. */
  picture: PictureSize;
  /** What was kept of the picture, in its pixels. */
  crop: CropBox;
  /** Beside what sector the frames are black; missing where all of the crop was kept. */
  mask?: ScanMask;
  /** How much of the speech was taken out, seconds. */
  bleepedSeconds?: number;
  /** What is worth knowing about how the scan was read. */
  notes: readonly string[];
  /** One entry a window, in order. */
  windows: readonly { voicedFractionEnergy: number; voicedFractionWebrtc: number }[];
}

/** The tensors of a scan that is being written. */
export type ScanFiles = Record<ScanTensor, SafetensorsAppender>;

/** An open dataset that grows; only one exists for a folder at a time. */
export class DatasetWriter {
  /** The dataset's folder. */
  readonly path: string;
  /** The settings all its scans share. */
  readonly config: PrepareConfig;
  readonly #database: DatabaseSync;
  readonly #lock: Deno.FsFile;

  private constructor(path: string, config: PrepareConfig, database: DatabaseSync, lock: Deno.FsFile) {
    this.path = path;
    this.config = config;
    this.#database = database;
    this.#lock = lock;
  }

  /**
   * Makes a dataset's folder or opens an existing one to go on; scans that were cut off in writing are removed.
   *
   * @param keyCheck Tells which key made the pseudonyms of its names; missing when names are kept as they are.
   * @throws SonospeechError `locked` when another writer is at work, `config` when the existing dataset was made
   * with other settings or another key, `store` when the folder holds something else.
   */
  static async open(path: string, config: PrepareConfig, keyCheck?: string): Promise<DatasetWriter> {
    await Deno.mkdir(path, { recursive: true });
    await refuseForeignFolder(path);
    const lock = await takeLock(path);
    try {
      await settleConfig(path, config, keyCheck);
      await Deno.mkdir(datasetPaths.scans(path), { recursive: true });
      const database = new DatabaseSync(datasetPaths.index(path));
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
      database.exec(schema);
      const writer = new DatasetWriter(path, config, database, lock);
      await writer.#removeLeftovers();
      writer.#setMeta("complete", "no");
      return writer;
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  /** The place of an input, made when it is seen for the first time; numbers follow the order of the calls. */
  register(scan: ScanSource): ScanSlot {
    this.#database.prepare(
      `INSERT INTO scans (source, source_name, subject, requested_split, state) VALUES (?, ?, ?, ?, 'pending')
       ON CONFLICT (source) DO UPDATE SET source_name = excluded.source_name, subject = excluded.subject,
         requested_split = excluded.requested_split`,
    ).run(scan.source, scan.sourceName, scan.subject, scan.split ?? null);
    return toSlot(this.#database.prepare("SELECT * FROM scans WHERE source = ?").get(scan.source)!);
  }

  /**
   * The places of many inputs, in their order.
   *
   * @throws SonospeechError `input` when a subject is now asked for in two splits; nothing is then registered.
   */
  registerAll(scans: readonly ScanSource[]): ScanSlot[] {
    return this.#transaction(() => {
      const slots = scans.map((scan) => this.register(scan));
      this.#assignSplits("state IS NOT NULL");
      return slots;
    });
  }

  /** The prepared scan with this content, if there is one. */
  findDone(contentHash: string): ScanSlot | undefined {
    const row = this.#database.prepare("SELECT * FROM scans WHERE content_hash = ? AND state = 'done'")
      .get(contentHash);
    return row && toSlot(row);
  }

  /** Writes down the digest of a scan's video. @returns The other prepared scans that have the same video. */
  noteVideo(id: string, sha256: string): { id: string; source: string; subject: string }[] {
    const number = numberOf(id);
    this.#database.prepare("INSERT OR REPLACE INTO videos VALUES (?, ?)").run(number, sha256);
    const rows = this.#database.prepare(
      `SELECT number, source, subject FROM videos JOIN scans ON scan = number
       WHERE sha256 = ? AND number <> ? AND state = 'done' ORDER BY number`,
    ).all(sha256, number);
    return rows.map((row) => ({
      id: scanIdOf(Number(row.number)),
      source: String(row.source),
      subject: String(row.subject),
    }));
  }

  /** Gives a prepared scan the source, name and subject of an unused slot, which is given up. */
  adopt(slot: ScanSlot, done: ScanSlot): ScanSlot {
    this.#transaction(() => {
      const row = this.#database.prepare("SELECT * FROM scans WHERE number = ?").get(numberOf(slot.id))!;
      this.#database.prepare("DELETE FROM scans WHERE number = ?").run(numberOf(slot.id));
      this.#database.prepare(
        "UPDATE scans SET source = ?, source_name = ?, subject = ?, requested_split = ? WHERE number = ?",
      ).run(row.source, row.source_name, row.subject, row.requested_split, numberOf(done.id));
    });
    return { ...done, source: slot.source };
  }

  /** Opens the files of a scan; nothing of them is seen before `commitScan`. */
  async beginScan(id: string): Promise<ScanFiles> {
    const folder = this.#partialFolder(id);
    await Deno.remove(folder, { recursive: true }).catch(ignoreNotFound);
    await Deno.mkdir(folder);
    const { frameSize, spectrogram, windowSeconds, framesPerWindow } = this.config;
    const file = (
      name: ScanTensor,
      dtype: "U8" | "I16" | "F16",
      rowShape: readonly number[],
      about: string,
    ) =>
      new SafetensorsAppender(`${folder}/${name}.safetensors`, {
        name,
        dtype,
        rowShape,
        metadata: { about },
      });
    const frameRate = framesPerWindow / windowSeconds;
    return {
      frames: file("frames", "U8", frameSize, `grey frames [N, H, W], frame n at n / ${frameRate} seconds`),
      pcm: file("pcm", "I16", [], `mono speech at ${spectrogram.sampleRate} Hz`),
      log_spectrogram: file(
        "log_spectrogram",
        "F16",
        [spectrogram.bands],
        `ln(power) [columns, bands], column c centred on c * ${spectrogram.hopSeconds} seconds`,
      ),
    };
  }

  /**
   * Closes a scan's files, moves them into place and writes its facts and windows in one transaction.
   *
   * @throws SonospeechError `store` when something outside of its mask is in the frames; nothing is then moved.
   */
  async commitScan(id: string, files: ScanFiles, facts: ScanFacts): Promise<void> {
    const frameCount = files.frames.finish();
    const sampleCount = files.pcm.finish();
    const columnCount = files.log_spectrogram.finish();
    if (facts.mask) {
      const frames = `${this.#partialFolder(id)}/frames.safetensors`;
      requireBlackOutside(frames, facts.mask, facts.crop, this.config.frameSize);
    }
    const folder = datasetPaths.scan(this.path, id);
    await Deno.remove(folder, { recursive: true }).catch(ignoreNotFound);
    await Deno.rename(this.#partialFolder(id), folder);
    this.#transaction(() => {
      const number = numberOf(id);
      this.#database.prepare("DELETE FROM windows WHERE scan = ?").run(number);
      clearAnnotations(this.#database, number);
      this.#database.prepare(
        `UPDATE scans SET state = 'done', content_hash = ?, duration_seconds = ?, window_count = ?,
           frame_count = ?, column_count = ?, sample_count = ?, axis_start_seconds = ?, picture_width = ?,
           picture_height = ?, crop = ?, mask = ?, bleeped_seconds = ?, notes = ?, reason = NULL, detail = NULL
         WHERE number = ?`,
      ).run(
        facts.contentHash,
        facts.durationSeconds,
        facts.windows.length,
        frameCount,
        columnCount,
        sampleCount,
        facts.axisStartSeconds,
        facts.picture.width,
        facts.picture.height,
        JSON.stringify(facts.crop),
        facts.mask ? JSON.stringify(facts.mask) : null,
        facts.bleepedSeconds ?? 0,
        JSON.stringify(facts.notes),
        number,
      );
      const insert = this.#database.prepare("INSERT INTO windows VALUES (?, ?, ?, ?, ?)");
      facts.windows.forEach((window, index) => {
        const id = number * windowIdStride + index;
        insert.run(id, number, index, window.voicedFractionEnergy, window.voicedFractionWebrtc);
      });
    });
  }

  /** Where a prepared scan's frames lie in its video. */
  placeOf(id: string): ScanPlace {
    const row = this.#database.prepare("SELECT * FROM scans WHERE number = ?").get(numberOf(id))!;
    return {
      picture: { width: Number(row.picture_width), height: Number(row.picture_height) },
      crop: JSON.parse(String(row.crop)) as CropBox,
      axisStartSeconds: Number(row.axis_start_seconds),
      durationSeconds: Number(row.duration_seconds),
    };
  }

  /** What a scan's labels and gaze follow from, now; null when it has none. */
  annotationHashOf(id: string): string | null {
    const row = this.#database.prepare("SELECT annotation_hash FROM scans WHERE number = ?").get(
      numberOf(id),
    )!;
    return row.annotation_hash === null ? null : String(row.annotation_hash);
  }

  /** Replaces a prepared scan's labels and gaze; `hash` is what they follow from, null when there are none. */
  async annotateScan(id: string, annotations: Annotations, hash: string | null): Promise<void> {
    const { path } = this;
    await writeAnnotations({ database: this.#database, path }, numberOf(id), annotations, hash);
  }

  /** Throws away a scan's files. */
  async abandonScan(id: string, files: ScanFiles): Promise<void> {
    for (const file of Object.values(files)) file.abort();
    await Deno.remove(this.#partialFolder(id), { recursive: true }).catch(ignoreNotFound);
  }

  /** Puts a scan aside with the reason; what was prepared of it earlier is removed. */
  async quarantineScan(
    id: string,
    problem: { reason: string; detail: string; contentHash?: string },
  ): Promise<void> {
    this.#transaction(() => {
      this.#database.prepare("DELETE FROM windows WHERE scan = ?").run(numberOf(id));
      clearAnnotations(this.#database, numberOf(id));
      this.#database.prepare(
        "UPDATE scans SET state = 'quarantined', content_hash = ?, reason = ?, detail = ? WHERE number = ?",
      ).run(problem.contentHash ?? null, problem.reason, problem.detail, numberOf(id));
    });
    await Deno.remove(datasetPaths.scan(this.path, id), { recursive: true }).catch(ignoreNotFound);
  }

  /**
   * Fixes the split of the subjects, writes it down and marks the dataset complete.
   *
   * Subjects whose split was fixed by an earlier `finish` keep it unless the manifest now asks for another.
   *
   * @throws SonospeechError `input` when one subject is asked for in two splits.
   */
  async finish(): Promise<void> {
    const { split: shares, seed } = this.config;
    const assigned = this.#assignSplits("state = 'done'");
    await writeJsonAtomic(datasetPaths.split(this.path), splitRecord(assigned, shares, seed));
    this.#transaction(() => {
      this.#database.exec("DELETE FROM subjects");
      const insert = this.#database.prepare("INSERT INTO subjects VALUES (?, ?)");
      for (const [subject, split] of assigned) insert.run(subject, split);
      this.#setMeta("complete", "yes");
    });
  }

  /** Closes the index as one self-contained file and lets others in. */
  close(): void {
    this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;");
    this.#database.close();
    this.#lock.close();
  }

  #partialFolder(id: string): string {
    return `${datasetPaths.scan(this.path, id)}.partial`;
  }

  #setMeta(key: string, value: string): void {
    this.#database.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)").run(key, value);
  }

  /** The split of the subjects of the scans that meet an SQL condition. */
  #assignSplits(condition: string): Map<string, Split> {
    const rows = this.#database.prepare(
      `SELECT DISTINCT scans.subject, requested_split, subjects.split AS fixed_split
       FROM scans LEFT JOIN subjects USING (subject) WHERE ${condition} ORDER BY scans.subject`,
    ).all();
    const asked = new Set(rows.filter((row) => row.requested_split !== null).map((row) => row.subject));
    const requests = rows.map((row) => ({
      subject: String(row.subject),
      split: (asked.has(row.subject) ? row.requested_split : row.fixed_split) as Split | null,
    }));
    return assignSplits(requests, this.config.split, this.config.seed);
  }

  #transaction<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  async #removeLeftovers(): Promise<void> {
    const rows = this.#database.prepare("SELECT number FROM scans WHERE state = 'done'").all();
    const done = new Set(rows.map((row) => scanIdOf(Number(row.number))));
    for await (const entry of Deno.readDir(datasetPaths.scans(this.path))) {
      const ours = /^s\d{4,}(\.partial)?$/.test(entry.name);
      if (ours && !done.has(entry.name)) {
        await Deno.remove(datasetPaths.scan(this.path, entry.name), { recursive: true });
      }
    }
  }
}

function toSlot(row: Record<string, unknown>): ScanSlot {
  return {
    id: scanIdOf(Number(row.number)),
    source: String(row.source),
    windowCount: Number(row.window_count),
    notes: JSON.parse(String(row.notes)) as string[],
    annotationHash: row.annotation_hash === null ? null : String(row.annotation_hash),
  };
}

function numberOf(scanId: string): number {
  return Number(scanId.slice(1));
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
