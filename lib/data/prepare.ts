/**
 * Prepares a dataset from videos with speech.
 *
 * @module
 */

import type { PrepareConfig } from "../config.ts";
import { burntInNote } from "../media/burnt_in.ts";
import { UnusableMediaError } from "../media/unusable.ts";
import { type Progress, ProgressMeter } from "../progress.ts";
import { checkAnnotations, digestAnnotations, readAnnotations } from "./annotations.ts";
import { writeContactSheet } from "./contact_sheet.ts";
import { readBleeps } from "./bleeps.ts";
import { digestScan, type ScanDigests, type Shaping } from "./content_hash.ts";
import { DatasetReader, type DatasetSummary, type QuarantineRecord } from "./dataset_store.ts";
import { DatasetWriter, type ScanSlot } from "./dataset_writer.ts";
import { EventQueue } from "./event_queue.ts";
import type { MaskedScan } from "./known_masks.ts";
import type { ScanItem } from "./manifest.ts";
import { listScans } from "./prepare_inputs.ts";
import { openGate, type PrepareGate, sourceOf } from "./prepare_gate.ts";
import { prepareScan } from "./prepare_scan.ts";
import { doubtfulMaskNote } from "./sector_gate.ts";
import { longestWindow } from "./windows.ts";

/** Which scan an event is about. */
export interface ToldScan {
  /** Its name in the dataset, as `s0001`. */
  scanId: string;
  /** Where its user finds it, see {@linkcode ScanItem}: for the user's own terminal. */
  file: string;
}

/** What preparing tells the world; `file` is for the user's own terminal. */
export type PrepareEvent =
  /** Sent first. */
  | { kind: "started"; scans: number; sizeBytes: number }
  /** Something worth a word that stops nothing. */
  | { kind: "warning"; message: string; scan?: ToldScan }
  /** Sent a few times a second at most; the unit is MB of input. */
  | { kind: "progress"; progress: Progress }
  /** A scan is in the dataset; `reused` when it was there before. */
  | {
    kind: "scan";
    scanId: string;
    sourceName: string;
    file: string;
    windowCount: number;
    reused: boolean;
    notes: readonly string[];
  }
  /** An input was put aside. */
  | { kind: "quarantined"; record: QuarantineRecord; file: string }
  /** Sent last, when the dataset is complete. */
  | { kind: "summary"; summary: DatasetSummary };

/** How to prepare. */
export interface PrepareOptions {
  /** Stops the work; the scans finished so far are kept and the next run goes on from there. */
  signal?: AbortSignal;
  /** Scans prepared side by side; 2 by default, each with its own ffmpeg. */
  concurrency?: number;
  /** Files of masks, each for pictures of another size; a manifest's column mask goes before them. */
  masks?: readonly string[];
  /** Scans of another dataset whose masks hold here, too: what is prepared is to be like it. */
  like?: readonly MaskedScan[];
  /** File of the key of pseudonyms, made if it is not there; names are kept as they are when left out. */
  pseudonymKey?: string;
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
 * Files of labels, gaze, masks and stretches to take out are checked before anything is decoded; labels and gaze are
 * read again when they have changed.
 *
 * @throws SonospeechError `input` for inputs that do not exist and manifests and
 * files beside scans that are not valid, `config` when the dataset was begun with other settings or another key, `locked` when another process prepares it, `environment` when ffmpeg is
 * missing; the signal's reason when stopped.
 */
export async function* prepareDataset(
  inputs: readonly string[],
  out: string,
  config: PrepareConfig,
  options: PrepareOptions = {},
): AsyncGenerator<PrepareEvent, void, void> {
  const list = await listScans(inputs);
  const gate = await openGate(list.items, out, options);
  const { items, pseudonyms } = gate;
  const warnings = [...list.warnings, ...gate.warnings];
  const sizes = await Promise.all(items.map(sizeOf));
  const writer = await DatasetWriter.open(out, config, pseudonyms?.keyCheck);
  try {
    yield { kind: "started", scans: items.length, sizeBytes: sizes.reduce((a, b) => a + b, 0) };
    for (const message of warnings) yield { kind: "warning", message };
    const preparation = new Preparation(writer, gate, sizes, options);
    yield* preparation.run();
    await writer.finish();
    const message = tooShortRemark(preparation.shortSeconds, items.length, config.windowSeconds);
    if (message) yield { kind: "warning", message };
  } finally {
    writer.close();
  }
  const reader = DatasetReader.open(out);
  try {
    await writeContactSheet(out, reader);
    yield { kind: "summary", summary: reader.summary() };
  } finally {
    reader.close();
  }
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
  readonly #gate: PrepareGate;
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
  /** Length of each scan that was too short for a window, as far as it has both pictures and sound. */
  readonly shortSeconds: number[] = [];

  constructor(writer: DatasetWriter, gate: PrepareGate, sizes: number[], options: PrepareOptions) {
    const { items, pseudonyms } = gate;
    this.#writer = writer;
    this.#gate = gate;
    this.#options = options;
    const sources = items.map((item) => ({
      source: sourceOf(item, pseudonyms),
      sourceName: pseudonyms?.file(item.name) ?? item.name,
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
    await this.#checkAnnotations();
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

  /** What is wrong with the files beside scans is said before hours of decoding, not after them. */
  async #checkAnnotations(): Promise<void> {
    for (const { item, slot } of this.#jobs) {
      await readBleeps(item);
      const hash = await digestAnnotations(item);
      if (hash !== null && hash !== slot.annotationHash) await checkAnnotations(item);
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
      const shaping = { masks: this.#gate.masksOf(item), bleeps: await readBleeps(item) };
      const digests = await digestScan(item, this.#writer.config, shaping, this.#stop.signal);
      contentHash = digests.content;
      await earlierClaims;
      const reused = this.#reuse(job, digests);
      claim.resolve();
      const facts = reused ?? await this.#write(job, contentHash, shaping);
      const annotationNotes = await this.#annotate(job);
      const { windowCount, notes } = facts;
      if (!reused) this.#warn(job, notes.filter(deservesWarning));
      this.#events.push({
        kind: "scan",
        scanId: job.slot.id,
        sourceName: item.name,
        file: item.file,
        windowCount,
        reused: reused !== undefined,
        notes: [...notes, ...annotationNotes],
      });
      return reused === undefined;
    } catch (error) {
      if (!(error instanceof UnusableMediaError)) throw error;
      const { reason, detail, usableSeconds } = error;
      if (usableSeconds !== undefined) this.shortSeconds.push(usableSeconds);
      const { id: scanId } = job.slot;
      await this.#writer.quarantineScan(scanId, { reason, detail, contentHash });
      const record = { scanId, subject: item.subject, sourceName: item.name, reason, detail };
      this.#events.push({ kind: "quarantined", record, file: item.file });
      return job.doneBytes > 0;
    } finally {
      claim.resolve();
    }
  }

  /** Reads the scan's labels and gaze if they have changed; nothing is decoded for that. @returns Its notes. */
  async #annotate(job: Job): Promise<readonly string[]> {
    const { item, slot } = job;
    const hash = await digestAnnotations(item);
    if (hash === this.#writer.annotationHashOf(slot.id)) return [];
    const annotations = await readAnnotations(item, this.#writer.placeOf(slot.id), this.#stop.signal);
    await this.#writer.annotateScan(slot.id, annotations, hash);
    this.#warn(job, annotations.warnings);
    return [...annotations.warnings, ...annotations.notes];
  }

  #warn({ item: { file }, slot }: Job, messages: readonly string[]): void {
    const scan = { scanId: slot.id, file };
    for (const message of messages) this.#events.push({ kind: "warning", message, scan });
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

  async #write(
    job: Job,
    contentHash: string,
    shaping: Shaping,
  ): Promise<{ windowCount: number; notes: readonly string[] }> {
    const files = await this.#writer.beginScan(job.slot.id);
    try {
      const facts = await prepareScan({
        item: job.item,
        files,
        config: this.#writer.config,
        ...shaping,
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

/** Notes of a scan that must not be overlooked. */
function deservesWarning(note: string): boolean {
  return note === burntInNote || note.startsWith(doubtfulMaskNote);
}

/** With less than this in a window there is nothing to see move and no word to hear. */
const leastWindowSeconds = 0.2;

/** What to do about scans that are too short, or null when no window's length would help. */
function tooShortRemark(
  shortSeconds: readonly number[],
  scans: number,
  windowSeconds: number,
): string | null {
  const usable = shortSeconds.filter((seconds) => seconds >= leastWindowSeconds);
  if (usable.length === 0) return null;
  const longest = longestWindow(Math.min(...usable));
  const most = shortSeconds.length > scans / 2 ? "most scans cannot be used: " : "";
  const [are, them] = usable.length === 1 ? ["is", "it"] : ["are", "all of them"];
  return `${most}${shortSeconds.length} of ${scans} ${are} too short for windows of ${windowSeconds} s; ` +
    `--set windowSeconds=${longest} is the longest that would take ${them}` +
    (usable.length < shortSeconds.length ? ` of ${leastWindowSeconds} s or more` : "") +
    ", with another --out folder";
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}
