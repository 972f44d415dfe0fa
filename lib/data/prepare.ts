/**
 * Prepares a dataset from videos with speech.
 *
 * @module
 */

import type { PrepareConfig } from "../config.ts";
import { UnusableMediaError } from "../media/unusable.ts";
import { type Progress, ProgressMeter } from "../progress.ts";
import { digestScan, digestValues, type ScanDigests } from "./content_hash.ts";
import { DatasetReader, type DatasetSummary, type QuarantineRecord } from "./dataset_store.ts";
import { DatasetWriter, type ScanSlot } from "./dataset_writer.ts";
import { EventQueue } from "./event_queue.ts";
import type { ScanItem } from "./manifest.ts";
import { listScans } from "./prepare_inputs.ts";
import { prepareScan } from "./prepare_scan.ts";

/** What preparing tells the world. */
export type PrepareEvent =
  /** Sent first. */
  | { kind: "started"; scans: number; sizeBytes: number }
  /** Something worth a word that stops nothing. */
  | { kind: "warning"; message: string }
  /** Sent a few times a second at most; the unit is MB of input. */
  | { kind: "progress"; progress: Progress }
  /** A scan is in the dataset; `reused` when it was there before. */
  | {
    kind: "scan";
    scanId: string;
    sourceName: string;
    windowCount: number;
    reused: boolean;
    notes: readonly string[];
  }
  /** An input was put aside. */
  | { kind: "quarantined"; record: QuarantineRecord }
  /** Sent last, when the dataset is complete. */
  | { kind: "summary"; summary: DatasetSummary };

/** How to prepare. */
export interface PrepareOptions {
  /** Stops the work; the scans finished so far are kept and the next run goes on from there. */
  signal?: AbortSignal;
  /** Scans prepared side by side; 2 by default, each with its own ffmpeg. */
  concurrency?: number;
  /** The bytes of `fvad.wasm`; found by itself when left out. */
  fvadWasm?: Uint8Array;
}

/**
 * Prepares all scans of the inputs into a dataset, or goes on with one.
 *
 * A scan whose bytes and settings have not changed is skipped. A scan that cannot be used is put aside with its
 * reason and the others go on. When all are done the subjects are split and the dataset is complete.
 *
 * @param inputs Files, folders and manifests, see prepare_inputs.ts and manifest.ts.
 * @param out The dataset's folder.
 * @throws SonospeechError `input` for inputs that do not exist and manifests that are not valid, `config` when the
 * dataset was begun with other settings, `locked` when another process prepares it, `environment` when ffmpeg is
 * missing; the signal's reason when stopped.
 */
export async function* prepareDataset(
  inputs: readonly string[],
  out: string,
  config: PrepareConfig,
  options: PrepareOptions = {},
): AsyncGenerator<PrepareEvent, void, void> {
  const { items, warnings } = await listScans(inputs);
  const sizes = await Promise.all(items.map(sizeOf));
  const writer = await DatasetWriter.open(out, config);
  try {
    yield { kind: "started", scans: items.length, sizeBytes: sizes.reduce((a, b) => a + b, 0) };
    for (const message of warnings) yield { kind: "warning", message };
    yield* new Preparation(writer, items, sizes, options).run();
    await writer.finish();
  } finally {
    writer.close();
  }
  const reader = DatasetReader.open(out);
  yield { kind: "summary", summary: reader.summary() };
}

async function sizeOf({ video, speech }: ScanItem): Promise<number> {
  const size = (path: string) => Deno.stat(path).then((stat) => stat.size).catch(() => 0);
  return await size(video) + (speech ? await size(speech) : 0);
}

/** Least time between two events of progress. */
const progressMilliseconds = 250;

/** One scan of the list with its place in the dataset. */
interface Job {
  item: ScanItem;
  slot: ScanSlot;
  sizeBytes: number;
  /** Bytes that count as done. */
  doneBytes: number;
}

/** Works through the list of scans, a few side by side. */
class Preparation {
  readonly #writer: DatasetWriter;
  readonly #jobs: Job[];
  readonly #options: PrepareOptions;
  readonly #events = new EventQueue<PrepareEvent>();
  readonly #stop = new AbortController();
  readonly #meter: ProgressMeter;
  readonly #sources: ReadonlySet<string>;
  /** Which scan has which content in this run. */
  readonly #claimed = new Map<string, string>();
  /** Which scan has which video in this run. */
  readonly #videos = new Map<string, { id: string; subject: string }>();
  /** Settles when all scans taken up so far have claimed their content. */
  #claims = Promise.resolve();
  #lastProgress = -Infinity;

  constructor(writer: DatasetWriter, items: readonly ScanItem[], sizes: number[], options: PrepareOptions) {
    this.#writer = writer;
    this.#options = options;
    const sources = items.map((item) => ({
      source: digestValues(item.video, item.speech ?? null, item.speechOffsetSeconds),
      sourceName: item.name,
      subject: item.subject,
      split: item.split,
    }));
    const slots = writer.registerAll(sources);
    this.#sources = new Set(sources.map(({ source }) => source));
    this.#jobs = items.map((item, i) => ({ item, slot: slots[i], sizeBytes: sizes[i], doneBytes: 0 }));
    const total = megabytes(sizes.reduce((a, b) => a + b, 0));
    this.#meter = new ProgressMeter("prepare", "MB", { total });
  }

  async *run(): AsyncGenerator<PrepareEvent, void, void> {
    const { signal, concurrency = 2 } = this.#options;
    const stop = () => this.#stop.abort(signal?.reason);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
    const queue = [...this.#jobs];
    const workers = Array.from({ length: Math.max(1, concurrency) }, () => this.#work(queue));
    const finished = Promise.allSettled(workers).then(() => this.#events.end());
    try {
      yield* this.#events;
      await Promise.all(workers);
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#stop.abort();
      await finished;
    }
  }

  async #work(queue: Job[]): Promise<void> {
    try {
      for (let job = queue.shift(); job; job = queue.shift()) {
        this.#stop.signal.throwIfAborted();
        const isWork = await this.#prepare(job);
        if (!isWork) this.#meter.skip(megabytes(job.sizeBytes));
        this.#progress(job, 1);
      }
    } catch (error) {
      // One scan's failure that is not the scan's own (a full disk, a missing ffmpeg) would be the others' too.
      this.#stop.abort(error);
      throw error;
    }
  }

  /** @returns Whether the scan had to be prepared; to reuse it or to refuse it at once is no work. */
  async #prepare(job: Job): Promise<boolean> {
    const { item } = job;
    let contentHash: string | undefined;
    // Of equal scans the first of the list stays, whichever is read first.
    const earlierClaims = this.#claims;
    const claim = Promise.withResolvers<void>();
    this.#claims = earlierClaims.then(() => claim.promise);
    try {
      const digests = await digestScan(item, this.#writer.config, this.#stop.signal);
      contentHash = digests.content;
      await earlierClaims;
      const reused = this.#reuse(job, digests);
      claim.resolve();
      const facts = reused ?? await this.#write(job, contentHash);
      const { windowCount, notes } = facts;
      this.#events.push({
        kind: "scan",
        scanId: job.slot.id,
        sourceName: item.name,
        windowCount,
        reused: reused !== undefined,
        notes,
      });
      return reused === undefined;
    } catch (error) {
      if (!(error instanceof UnusableMediaError)) throw error;
      const { reason, detail } = error;
      const { id: scanId } = job.slot;
      await this.#writer.quarantineScan(scanId, { reason, detail, contentHash });
      const record = { scanId, subject: item.subject, sourceName: item.name, reason, detail };
      this.#events.push({ kind: "quarantined", record });
      return job.doneBytes > 0;
    } finally {
      claim.resolve();
    }
  }

  /** What is known of a scan that was prepared before, here or, before it was moved, elsewhere. */
  #reuse(job: Job, digests: ScanDigests): { windowCount: number; notes: readonly string[] } | undefined {
    const { slot } = job;
    const done = this.#writer.findDone(digests.content);
    const twin = this.#claimed.get(digests.content) ??
      (done && this.#sources.has(done.source) ? done.id : slot.id);
    if (twin !== slot.id) throw new UnusableMediaError("duplicate", `it has the same content as ${twin}`);
    this.#refuseOtherSubject(job, digests.video, done);
    if (done && done.id !== slot.id) job.slot = this.#writer.adopt(slot, done);
    this.#claimed.set(digests.content, job.slot.id);
    this.#videos.set(digests.video, { id: job.slot.id, subject: job.item.subject });
    return done && { windowCount: done.windowCount, notes: done.notes };
  }

  /** The same pictures under two subjects could be trained on and tested with, whatever speech goes with them. */
  #refuseOtherSubject({ item: { subject }, slot }: Job, video: string, done?: ScanSlot): void {
    const others = this.#writer.noteVideo(slot.id, video)
      .filter(({ id, source }) => id !== done?.id && !this.#sources.has(source));
    const inThisRun = this.#videos.get(video);
    const foreign = [...others, ...(inThisRun ? [inThisRun] : [])].find((other) => other.subject !== subject);
    if (foreign) {
      throw new UnusableMediaError("duplicate", `${foreign.id} of another subject has the same video`);
    }
  }

  async #write(job: Job, contentHash: string): Promise<{ windowCount: number; notes: readonly string[] }> {
    const files = await this.#writer.beginScan(job.slot.id);
    try {
      const facts = await prepareScan({
        item: job.item,
        files,
        config: this.#writer.config,
        signal: this.#stop.signal,
        fvadWasm: this.#options.fvadWasm,
        onProgress: (share) => this.#progress(job, share),
      });
      await this.#writer.commitScan(job.slot.id, files, { ...facts, contentHash });
      return { windowCount: facts.windows.length, notes: facts.notes };
    } catch (error) {
      await this.#writer.abandonScan(job.slot.id, files);
      throw error;
    }
  }

  #progress(job: Job, share: number): void {
    job.doneBytes = share * job.sizeBytes;
    const now = performance.now();
    if (now - this.#lastProgress < progressMilliseconds) return;
    this.#lastProgress = now;
    const done = this.#jobs.reduce((sum, { doneBytes }) => sum + doneBytes, 0);
    this.#events.push({ kind: "progress", progress: this.#meter.update(megabytes(done)) });
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}
