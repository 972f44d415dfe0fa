/**
 * Prepares one scan: from its files to frames, sound, log-spectrogram and facts.
 *
 * Everything streams, so memory does not depend on the scan's length but for about 150 bytes a second of voice flags.
 *
 * @module
 */

import type { PrepareConfig } from "../config.ts";
import { decodePcm } from "../media/decode.ts";
import { openPictures, type OwnSound, type PictureSource } from "../media/pictures.ts";
import { type AudioProbe, probeMedia } from "../media/probe.ts";
import { burntInNote, findBurntIn, LevelRange } from "../media/burnt_in.ts";
import { chooseCrop, type ChosenCrop } from "../media/scan_crop.ts";
import { keptPixels, type SectorOutline } from "../media/sector_outline.ts";
import { type StreamExtent, surveyMedia } from "../media/survey.ts";
import type { ToolReport } from "../media/tool.ts";
import { UnusableMediaError } from "../media/unusable.ts";
import { SpectrogramStream } from "../signal/spectrogram.ts";
import {
  type VoiceActivity,
  VoiceActivityStream,
  voicedFraction,
  voiceFrameSeconds,
} from "../signal/voice_activity.ts";
import type { ScanFacts, ScanFiles } from "./dataset_writer.ts";
import { Bleeper, bleepNotes } from "./bleeps.ts";
import type { ScanItem } from "./manifest.ts";
import { blackOut, chooseMask, doubtfulMaskNote, type MaskChoice, refuseBurntIn } from "./sector_gate.ts";
import { commonSpan, countWindows, type TimeSpan } from "./windows.ts";

/** What is needed to prepare a scan. */
export interface ScanTask {
  /** What to read. */
  item: ScanItem;
  /** Where to write; the caller finishes or aborts them. */
  files: ScanFiles;
  /** The dataset's settings. */
  config: PrepareConfig;
  /** The masks among which the scan's is chosen. */
  masks: MaskChoice;
  /** Stretches of speech to take out, on the video's clock. */
  bleeps: readonly TimeSpan[];
  /** Stops the work. */
  signal?: AbortSignal;
  /** The bytes of `fvad.wasm`; found by itself when left out. */
  fvadWasm?: Uint8Array;
  /** Hears the share that is done, 0 to 1. */
  onProgress?: (share: number) => void;
}

/** Sound that never exceeds this many of 32768 steps is digital silence: coding alone makes steps of 1 or 2. */
const silencePeak = 3;
/** Largest share of frames or samples that may be missing or damaged in a scan that is used. */
const damageTolerance = 0.02;
/** Sound that may be missing besides, seconds. */
const missingSeconds = 0.25;
/** The sound's share of the work, for progress. */
const soundShare = 0.15;

/**
 * Prepares one scan into open files.
 *
 * @returns What was found out about it.
 * @throws UnusableMediaError when it cannot be used; SonospeechError `environment` when ffmpeg is missing.
 */
export async function prepareScan(task: ScanTask): Promise<Omit<ScanFacts, "contentHash">> {
  const { config, signal } = task;
  const source = await openSource(task.item, signal);
  requireWindow(source.span, config);
  const template = chooseMask(task.masks, source.pictures.size, config.deidentification);
  const { sound, crop, pictures } = await besideEachOther(task, source, template?.sector.points);
  const doubts = template?.doubts ?? crop.doubts;
  return {
    durationSeconds: sound.seconds,
    axisStartSeconds: source.span.startSeconds - source.pictures.startSeconds,
    picture: source.pictures.size,
    crop: crop.box,
    mask: crop.outline && {
      outline: crop.outline,
      origin: template ? "template" : "found",
      isConfirmed: template ? template.confirmed !== null : false,
      ...(doubts.length > 0 && { doubts }),
    },
    bleepedSeconds: sound.bleepedSeconds,
    notes: [
      ...source.notes,
      ...sound.notes,
      ...doubts.map((doubt) => doubtfulMaskNote + doubt),
      ...crop.notes,
      ...pictures.notes,
    ],
    windows: describeWindows(sound.voice, pictures.windowCount, config.windowSeconds),
  };
}

interface Source {
  pictures: PictureSource;
  sound: { path: string; audio: AudioProbe; extent: StreamExtent };
  /** Time in which both exist, on the video file's clock. */
  span: TimeSpan;
  /** What must be added to the sound file's clock to get the video file's. */
  soundShift: number;
  notes: string[];
}

async function openSource(item: ScanItem, signal?: AbortSignal): Promise<Source> {
  if (item.unsupported) throw new UnusableMediaError("unsupported format", item.unsupported);
  const { pictures, sound: own } = await openPictures(item.video, { needsSound: !item.speech, signal });
  const { sound, soundShift } = item.speech
    ? await openSpeech(item, pictures, signal)
    : { sound: requireSound(item.video, own), soundShift: 0 };
  const shifted = {
    startSeconds: sound.extent.startSeconds + soundShift,
    endSeconds: sound.extent.endSeconds + soundShift,
  };
  const notes = [...pictures.notes];
  if (item.speech && own) notes.push("the speech file was used, not the video's own sound");
  return { pictures, sound, span: commonSpan(pictures.extent, shifted), soundShift, notes };
}

async function openSpeech(
  item: ScanItem,
  pictures: PictureSource,
  signal?: AbortSignal,
): Promise<Pick<Source, "sound" | "soundShift">> {
  try {
    const probe = await probeMedia(item.speech!, signal);
    const { audio: extent } = await surveyMedia(item.speech!, probe, signal);
    const sound = requireSound(item.speech!, probe.audio && { audio: probe.audio, extent });
    return { sound, soundShift: pictures.startSeconds + item.speechOffsetSeconds - probe.startSeconds };
  } catch (error) {
    if (!(error instanceof UnusableMediaError)) throw error;
    throw new UnusableMediaError(error.reason, `speech file: ${error.detail}`);
  }
}

function requireSound(path: string, sound?: OwnSound): Source["sound"] {
  if (sound?.extent) return { path, audio: sound.audio, extent: sound.extent };
  throw new UnusableMediaError("no audio", sound ? "its audio stream is empty" : "it holds no sound");
}

function requireWindow({ startSeconds, endSeconds }: TimeSpan, config: PrepareConfig): void {
  const seconds = Math.max(0, endSeconds - startSeconds);
  if (countWindows(seconds, config.windowSeconds) > 0) return;
  const found = `pictures and sound exist together for ${seconds.toFixed(2)} s`;
  const detail = `${found}, a window needs ${config.windowSeconds} s (windowSeconds)`;
  throw new UnusableMediaError("too short", detail, { usableSeconds: seconds });
}

/**
 * Prepares sound and pictures at the same time, each with its own ffmpeg. What is wrong with the sound is told first,
 * whatever fails first.
 */
async function besideEachOther(task: ScanTask, source: Source, outline?: SectorOutline) {
  const stop = new AbortController();
  const signal = task.signal ? AbortSignal.any([task.signal, stop.signal]) : stop.signal;
  const progress = new JointProgress(task.onProgress);
  const sound = prepareSound({ ...task, signal, onProgress: progress.of("sound") }, source);
  sound.catch((error) => stop.abort(error)); // Nobody needs the pictures then.
  const { crop: setting, frameSize, windowSeconds } = task.config;
  const mostWindows = sound.then(({ seconds }) => countWindows(seconds, windowSeconds));
  mostWindows.catch(() => {}); // The sound itself is waited for.
  const work = async () => {
    const crop = await chooseCrop({ pictures: source.pictures, crop: setting, outline, frameSize, signal });
    const picturesTask = { ...task, signal, onProgress: progress.of("pictures") };
    return { crop, pictures: await preparePictures(picturesTask, source, crop, mostWindows) };
  };
  const [heard, seen] = await Promise.allSettled([sound, work()]);
  if (heard.status === "rejected") throw heard.reason;
  if (seen.status === "rejected") throw seen.reason;
  return { sound: heard.value, ...seen.value };
}

/** One share of what two tasks have done. */
class JointProgress {
  readonly #done = { sound: 0, pictures: 0 };
  readonly #onProgress: ScanTask["onProgress"];

  constructor(onProgress: ScanTask["onProgress"]) {
    this.#onProgress = onProgress;
  }

  of(part: "sound" | "pictures"): (share: number) => void {
    return (share) => {
      this.#done[part] = share;
      const { sound, pictures } = this.#done;
      this.#onProgress?.(soundShare * sound + (1 - soundShare) * pictures);
    };
  }
}

interface PreparedSound {
  seconds: number;
  voice: VoiceActivity;
  bleepedSeconds: number;
  notes: string[];
}

async function prepareSound(task: ScanTask, source: Source): Promise<PreparedSound> {
  const { files, config, signal, onProgress } = task;
  const { path, audio } = source.sound;
  const { sampleRate } = config.spectrogram;
  const wanted = Math.round((source.span.endSeconds - source.span.startSeconds) * sampleRate);
  const spectrogram = new SpectrogramStream(config.spectrogram);
  const hasGaps = task.bleeps.length > 0;
  const voice = await VoiceActivityStream.create(sampleRate, task.fvadWasm, { hasGaps });
  const bleeper = new Bleeper(onAxis(task.bleeps, source), sampleRate);
  let [done, peak] = [0, 0];
  const onSamples = (all: Int16Array) => {
    const samples = bleeper.take(all.subarray(0, wanted - done));
    done += samples.length;
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
    files.pcm.append(samples);
    files.log_spectrogram.append(Float16Array.from(spectrogram.push(samples)));
    voice.push(samples);
    onProgress?.(done / wanted);
  };
  try {
    const startSeconds = source.span.startSeconds - source.soundShift;
    const report = await decodePcm({
      path,
      streamIndex: audio.index,
      startSeconds,
      sampleRate,
      signal,
      onSamples,
    });
    checkSound(report, done, wanted, peak, sampleRate, bleeper.seconds);
    files.log_spectrogram.append(Float16Array.from(spectrogram.finish()));
    const notes = report.errorLines > 0 ? [`${report.errorLines} errors while decoding the sound`] : [];
    const { energy, webrtc } = voice.finish();
    const quieten = (flags: Uint8Array) => bleeper.quieten(flags, voiceFrameSeconds);
    return {
      seconds: done / sampleRate,
      voice: { energy: quieten(energy), webrtc: quieten(webrtc) },
      bleepedSeconds: bleeper.seconds,
      notes: [...notes, ...bleepNotes(onAxis(task.bleeps, source), done / sampleRate, bleeper.seconds)],
    };
  } catch (error) {
    voice.abort();
    throw error;
  }
}

/** From the video's clock to the scan's axis. */
function onAxis(spans: readonly TimeSpan[], { span, pictures }: Source): TimeSpan[] {
  const axisStart = span.startSeconds - pictures.startSeconds;
  return spans.map(({ startSeconds, endSeconds }) => ({
    startSeconds: startSeconds - axisStart,
    endSeconds: endSeconds - axisStart,
  }));
}

function checkSound(
  report: ToolReport,
  done: number,
  wanted: number,
  peak: number,
  sampleRate: number,
  bleepedSeconds: number,
): void {
  const said = report.firstErrors[0] ? ` (${report.firstErrors[0]})` : "";
  if (report.code !== 0) throw new UnusableMediaError("corrupt", `its sound cannot be decoded${said}`);
  if (done < wanted * (1 - damageTolerance) - missingSeconds * sampleRate) {
    const seconds = (samples: number) => (samples / sampleRate).toFixed(2);
    const found = `${seconds(done)} s of ${seconds(wanted)} s of sound could be decoded${said}`;
    throw new UnusableMediaError(report.errorLines > 0 ? "corrupt" : "truncated", found);
  }
  if (peak <= silencePeak) {
    const beside = bleepedSeconds > 0 ? " beside what was taken out" : "";
    throw new UnusableMediaError("digital silence", `it has a sound track, but nothing is on it${beside}`);
  }
}

async function preparePictures(
  task: ScanTask,
  source: Source,
  { box: crop, outline }: ChosenCrop,
  soundWindows: Promise<number>,
): Promise<{ windowCount: number; notes: string[] }> {
  const { files, config, signal, onProgress } = task;
  const { extent } = source.pictures;
  const { framesPerWindow, windowSeconds, frameSize: size } = config;
  const frameBytes = size[0] * size[1];
  const kept = outline && keptPixels(outline, crop, size);
  // A few frames of a window tell what stays the same in it.
  const lookedAt = frameBytes * Math.max(1, Math.floor(framesPerWindow / 8));
  const range = new LevelRange({ width: size[1], height: size[0] });
  const stored = new WholeWindows(
    framesPerWindow * frameBytes,
    soundWindows,
    sureWindows(source.span, config),
    (window) => {
      if (kept) blackOut(window, kept);
      files.frames.append(window);
      for (let at = 0; at < window.length; at += lookedAt) range.take(window.subarray(at, at + frameBytes));
    },
  );
  const [startSeconds, frameRate] = [source.span.startSeconds, framesPerWindow / windowSeconds];
  const expected = Math.ceil((extent.endSeconds - startSeconds) * frameRate);
  let frames = 0;
  const report = await source.pictures.decode({
    ...{ startSeconds, frameRate, size, crop, signal },
    onFrames: async (bytes) => {
      frames += bytes.length / frameBytes;
      await stored.take(bytes);
      onProgress?.(Math.min(1, frames / expected));
    },
  });
  checkPictures(report, extent, frames, expected);
  const mostWindows = await soundWindows;
  if (stored.count < mostWindows * (1 - damageTolerance) - 1 || stored.count === 0) {
    throw new UnusableMediaError(
      "truncated",
      `${stored.count} of ${mostWindows} windows have all their frames`,
    );
  }
  const notes = report.errorLines > 0 ? [`${report.errorLines} errors while decoding the pictures`] : [];
  if (findBurntIn(range, kept)) {
    if (config.deidentification.burntIn === "refuse") refuseBurntIn();
    notes.push(burntInNote);
  }
  return { windowCount: stored.count, notes };
}

/** Ffmpeg ends with exit code 0 on files it could hardly read: what counts is what came out and what it said. */
function checkPictures(report: ToolReport, extent: StreamExtent, frames: number, expected: number): void {
  const said = report.firstErrors[0] ? ` (${report.firstErrors[0]})` : "";
  const decoded = report.framesDecoded ?? 0;
  if (report.code !== 0) throw new UnusableMediaError("corrupt", `its pictures cannot be decoded${said}`);
  if (decoded === 0 || frames === 0) {
    throw new UnusableMediaError("no frames", `no picture could be decoded${said}`);
  }
  const damaged = Math.max(extent.packets - decoded, report.errorLines);
  if (report.errorLines > 0 && damaged > 1 + damageTolerance * extent.packets) {
    const found = `${decoded} of ${extent.packets} pictures were decoded, with ${report.errorLines} errors`;
    throw new UnusableMediaError("corrupt", found + said);
  }
  if (frames > expected + 2) {
    throw new UnusableMediaError("corrupt", "its pictures change size or format on the way");
  }
}

/** Windows that any sound has which is not refused for what is missing of it. */
function sureWindows({ startSeconds, endSeconds }: TimeSpan, { windowSeconds }: PrepareConfig): number {
  const least = (endSeconds - startSeconds) * (1 - damageTolerance) - missingSeconds;
  return countWindows(Math.max(0, least), windowSeconds);
}

/**
 * Passes on whole windows of frames, as many as have sound; what is over is dropped. Only the last few must wait until
 * it is known how much sound there is.
 */
class WholeWindows {
  readonly #buffer: Uint8Array;
  readonly #most: Promise<number>;
  readonly #sure: number;
  readonly #onWindow: (frames: Uint8Array) => void;
  #filled = 0;
  /** Windows passed on. */
  count = 0;

  constructor(
    windowBytes: number,
    most: Promise<number>,
    sure: number,
    onWindow: (frames: Uint8Array) => void,
  ) {
    this.#buffer = new Uint8Array(windowBytes);
    this.#most = most;
    this.#sure = sure;
    this.#onWindow = onWindow;
  }

  async take(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length;) {
      if (this.count >= this.#sure && this.count >= await this.#most) return;
      const piece = bytes.subarray(start, start + this.#buffer.length - this.#filled);
      this.#buffer.set(piece, this.#filled);
      this.#filled += piece.length;
      start += piece.length;
      if (this.#filled < this.#buffer.length) return;
      this.#onWindow(this.#buffer);
      this.#filled = 0;
      this.count++;
    }
  }
}

function describeWindows(voice: VoiceActivity, count: number, windowSeconds: number): ScanFacts["windows"] {
  return Array.from({ length: count }, (_, index) => {
    const [start, end] = [index * windowSeconds, (index + 1) * windowSeconds];
    return {
      voicedFractionEnergy: voicedFraction(voice.energy, start, end),
      voicedFractionWebrtc: voicedFraction(voice.webrtc, start, end),
    };
  });
}
