/**
 * Narrated synthetic scans whose truth is known: ordinary mp4 files as a user would bring them, a manifest, and a
 * truth file that nothing but evaluation may read.
 *
 * @module
 */

import { resolve } from "node:path";
import { SonospeechError } from "../errors.ts";
import { type Progress, ProgressMeter } from "../progress.ts";
import { Random } from "../random.ts";
import { difficulties } from "./difficulty.ts";
import { Mp4Writer, sampleRate } from "./ffmpeg.ts";
import { pictureTime, planFreezes, planSegments, planVisits } from "./itinerary.ts";
import { planFixations } from "./gaze.ts";
import { Lexicon, phraseKey } from "./lexicon.ts";
import { type Draft, draftNarration, placeNarration } from "./narration.ts";
import { type PhantomOptions, type ResolvedPhantomOptions, resolvePhantomOptions } from "./options.ts";
import { Renderer } from "./renderer.ts";
import { drawRoom, mixSoundtrack, planNoise } from "./soundtrack.ts";
import { drawSubject } from "./subject.ts";
import type { ScanTruth } from "./truth.ts";

/** Name of a scan and of its subject. */
interface ScanName {
  /** Name of the scan. */
  scan: string;
  /** Name of the subject. */
  subject: string;
}

/** Two encoders keep a second core busy while this thread renders. */
const scansAtOnce = 2;
const framesPerWrite = 15;
const manifestHeader = "scan,subject,video,speech,speech_offset_seconds,labels,gaze,split";

/**
 * Makes a folder of narrated synthetic scans: `manifest.csv`, `videos/<scan>.mp4`, the planes that are seen in
 * `labels/<scan>.csv`, where the operator looks in `gaze/<scan>.csv`, `truth.jsonl` and the options in `phantom.json`.
 *
 * The bytes depend on the options and ffmpeg's version alone. Memory does not grow with the length of a scan. When
 * it was stopped, calling it again with the same options goes on; a finished folder is left as it is. The manifest
 * is written last.
 *
 * @param out Folder; it is created, or must be empty or from the same options.
 * @yields Progress in frames, several times a second.
 * @throws SonospeechError `usage` when an option is out of range, `input` when the folder holds something else,
 * `environment` when ffmpeg or a part of it is missing; the signal's reason when it is aborted.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { generatePhantom } from "./phantom.ts";
 * const folder = await Deno.makeTempDir();
 * const options = { seed: 7, subjects: 1, secondsPerScan: 2, frameRate: 5, frameSize: [48, 64] } as const;
 * for await (const { done } of generatePhantom(folder, options)) assert(done <= 10);
 * assert((await Deno.readTextFile(`${folder}/manifest.csv`)).includes("videos/s0001-01.mp4"));
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function* generatePhantom(
  out: string,
  options: PhantomOptions = {},
  { signal }: { signal?: AbortSignal } = {},
): AsyncGenerator<Progress> {
  const resolved = resolvePhantomOptions(options);
  const folder = resolve(out);
  const names = nameScans(resolved);
  const total = names.length * frameCount(resolved);
  if (await claimFolder(folder, resolved)) {
    yield new ProgressMeter("phantom", "frames", { total, done: total }).update(total);
    return;
  }
  const meter = new ProgressMeter("phantom", "frames", { total });
  const lexicon = new Lexicon(folder);
  const truths: ScanTruth[] = [];
  const jobs = names.map((name, index) =>
    makeScan({ folder, name, options: resolved, lexicon, report: (truth) => truths[index] = truth })
  );
  let done = 0;
  for await (const { frames, isNew } of together(jobs, scansAtOnce)) {
    signal?.throwIfAborted();
    if (!isNew) meter.skip(frames);
    yield meter.update(done += frames);
  }
  await writeText(`${folder}/truth.jsonl`, truths.map((truth) => JSON.stringify(truth)));
  for (const truth of truths) await writeAnnotations(folder, truth);
  await writeText(`${folder}/manifest.csv`, [
    manifestHeader,
    ...names.map(({ scan, subject }) =>
      `${scan},${subject},videos/${scan}.mp4,,,labels/${scan}.csv,gaze/${scan}.csv,`
    ),
  ]);
}

function nameScans({ subjects, scansPerSubject }: ResolvedPhantomOptions): ScanName[] {
  return Array.from({ length: subjects * scansPerSubject }, (_, index) => {
    const subject = `s${String(Math.floor(index / scansPerSubject) + 1).padStart(4, "0")}`;
    return { subject, scan: `${subject}-${String((index % scansPerSubject) + 1).padStart(2, "0")}` };
  });
}

function frameCount({ secondsPerScan, frameRate }: ResolvedPhantomOptions): number {
  return Math.round(secondsPerScan * frameRate);
}

/** Creates the folder or takes it over; true when it is already complete. */
async function claimFolder(folder: string, options: ResolvedPhantomOptions): Promise<boolean> {
  await Deno.mkdir(folder, { recursive: true });
  // A full disk leaves half of the options.
  await Deno.remove(`${folder}/phantom.json.partial`).catch(() => {});
  const entries = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  const wanted = JSON.stringify(options);
  if (entries.length === 0) {
    await writeText(`${folder}/phantom.json`, [wanted]);
    await Deno.mkdir(`${folder}/videos`);
    return false;
  }
  const found = entries.includes("phantom.json") ? await Deno.readTextFile(`${folder}/phantom.json`) : "";
  if (found.trim() !== wanted) {
    throw new SonospeechError("input", {
      action: "make narrated synthetic scans",
      must: "the folder must be empty or hold scans made with the same options",
      received: folder,
      hint: "choose another folder, or delete this one",
    });
  }
  // A run that was killed could not clear up after its voices.
  for (const name of entries.filter((name) => name.startsWith(".voice-"))) {
    await Deno.remove(`${folder}/${name}`, { recursive: true });
  }
  await Deno.mkdir(`${folder}/videos`, { recursive: true });
  return entries.includes("manifest.csv");
}

/** What a person and an eye tracker beside the operator would have written down. */
async function writeAnnotations(folder: string, { scan, segments, fixations }: ScanTruth): Promise<void> {
  for (const kind of ["labels", "gaze"]) await Deno.mkdir(`${folder}/${kind}`, { recursive: true });
  await writeText(`${folder}/labels/${scan}.csv`, [
    "start_seconds,end_seconds,label",
    ...segments.map(({ startSeconds, endSeconds, plane }) => `${startSeconds},${endSeconds},${plane}`),
  ]);
  await writeText(`${folder}/gaze/${scan}.csv`, [
    "start_seconds,duration_seconds,x_norm,y_norm",
    ...fixations.map(({ startSeconds, durationSeconds, x, y }) =>
      `${startSeconds},${durationSeconds},${x},${y}`
    ),
  ]);
}

async function writeText(path: string, lines: readonly string[]): Promise<void> {
  await Deno.writeTextFile(`${path}.partial`, lines.map((line) => `${line}\n`).join(""));
  await Deno.rename(`${path}.partial`, path);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
}

interface ScanJob {
  folder: string;
  name: ScanName;
  options: ResolvedPhantomOptions;
  lexicon: Lexicon;
  report: (truth: ScanTruth) => void;
}

/** Frames that are finished. */
interface Finished {
  /** How many. */
  frames: number;
  /** Whether they were made now. */
  isNew: boolean;
}

/** Makes one scan. */
async function* makeScan({ folder, name, options, lexicon, report }: ScanJob): AsyncGenerator<Finished> {
  const { scan } = name, { seed, frameSize, frameRate, secondsPerScan: seconds } = options;
  const settings = difficulties[options.difficulty];
  const subject = drawSubject(
    new Random(seed, "subject", name.subject),
    name.subject,
    options.voices,
    settings,
  );
  const segments = planSegments(new Random(seed, "segments", scan), seconds, options.planes, settings);
  const visits = planVisits(new Random(seed, "visits", scan), segments, subject, settings);
  const freezes = planFreezes(new Random(seed, "freezes", scan), seconds, settings.freezesPerMinute);
  const style = { ...settings, ...options };
  const drafts = draftNarration(new Random(seed, "narration", scan), segments, subject.speakers, style);
  const keyOf = ({ text, speaker }: Draft) => phraseKey({ ...speaker, text });
  const spoken = await lexicon.lookUp(drafts.map(({ text, speaker }) => ({ ...speaker, text })));
  const durationOf = (draft: Draft) => spoken.get(keyOf(draft))!.length / sampleRate / draft.speaker.pitch;
  const utterances = placeNarration(drafts, durationOf, seconds, style);
  const noise = planNoise(new Random(seed, "noise", scan), seconds);
  const room = drawRoom(new Random(seed, "room", scan));
  const gaze = { visits, freezes, subject, frameSize, seconds };
  const fixations = planFixations(new Random(seed, "gaze", scan), gaze);
  const factors = { seconds, frameRate, frameSize, subject, room };
  const { speechDb, noiseDb } = room;
  report({ ...name, segments, utterances, noise, speechDb, noiseDb, freezes, fixations, factors });
  const path = `${folder}/videos/${scan}.mp4`;
  if (await exists(path)) return yield { frames: frameCount(options), isNew: false };
  const partial = `${folder}/videos/.${scan}.partial`, soundPath = `${folder}/videos/.${scan}.pcm`;
  try {
    const random = new Random(seed, "sound", scan);
    const sound = { seconds, utterances, spoken, noise, room, random };
    await writeSound(soundPath, mixSoundtrack(sound));
    const renderer = new Renderer({ seed, scan, subject, visits, frameSize, settings });
    const render = (seconds: number, picture: Uint8Array) =>
      renderer.render(pictureTime(freezes, seconds), picture);
    yield* writeFrames(render, { path: partial, soundPath, frameSize, frameRate }, frameCount(options));
    await Deno.rename(partial, path);
  } finally {
    await Deno.remove(soundPath).catch(() => {});
    await Deno.remove(partial).catch(() => {});
  }
}

async function writeSound(path: string, blocks: Iterable<Int16Array<ArrayBuffer>>): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  for (const block of blocks) {
    const bytes = new Uint8Array(block.buffer);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  }
}

async function* writeFrames(
  render: (seconds: number, picture: Uint8Array) => void,
  file: ConstructorParameters<typeof Mp4Writer>[0],
  count: number,
): AsyncGenerator<Finished> {
  const pixels = file.frameSize[0] * file.frameSize[1];
  const writer = new Mp4Writer(file);
  try {
    for (let first = 0; first < count; first += framesPerWrite) {
      const batch = new Uint8Array(Math.min(framesPerWrite, count - first) * pixels);
      for (let at = 0; at < batch.length; at += pixels) {
        render((first + at / pixels) / file.frameRate, batch.subarray(at, at + pixels));
      }
      await writer.write(batch);
      yield { frames: batch.length / pixels, isNew: true };
    }
    await writer.close();
  } finally {
    await writer.kill();
  }
}

/** Runs generators side by side, at most `limit` at a time, and yields what they yield; ends all when it is left. */
async function* together<T>(jobs: readonly AsyncGenerator<T>[], limit: number): AsyncGenerator<T> {
  const waiting = [...jobs];
  const running = new Map<AsyncGenerator<T>, Promise<{ job: AsyncGenerator<T>; step: IteratorResult<T> }>>();
  const advance = (job: AsyncGenerator<T>) => running.set(job, job.next().then((step) => ({ job, step })));
  try {
    while (running.size > 0 || waiting.length > 0) {
      while (running.size < limit && waiting.length > 0) advance(waiting.shift()!);
      const { job, step } = await Promise.race(running.values());
      if (step.done) running.delete(job);
      else {
        // First the yield: a step that failed while nobody waits for it would count as unhandled.
        yield step.value;
        advance(job);
      }
    }
  } finally {
    const steps = [...running.values()];
    await Promise.allSettled([...steps, ...jobs.map((job) => job.return(undefined))]);
  }
}
