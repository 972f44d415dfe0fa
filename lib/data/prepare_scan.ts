/**
 * Prepares one scan: from its files to frames, sound, log-spectrogram and facts.
 *
 * Everything streams, so memory does not depend on the scan's length but for about 150 bytes a second of voice flags.
 *
 * @module
 */

import type { PrepareConfig } from "../config.ts";
import type { CropBox } from "../media/crop.ts";
import { decodeFrames, decodePcm } from "../media/decode.ts";
import { type AudioProbe, type MediaProbe, probeMedia, type VideoProbe } from "../media/probe.ts";
import { chooseCrop } from "../media/scan_crop.ts";
import { type StreamExtent, surveyMedia } from "../media/survey.ts";
import type { ToolReport } from "../media/tool.ts";
import { UnusableMediaError } from "../media/unusable.ts";
import { SpectrogramStream } from "../signal/spectrogram.ts";
import { type VoiceActivity, VoiceActivityStream, voicedFraction } from "../signal/voice_activity.ts";
import type { ScanFacts, ScanFiles } from "./dataset_writer.ts";
import type { ScanItem } from "./manifest.ts";
import { commonSpan, countWindows, type TimeSpan } from "./windows.ts";

/** What is needed to prepare a scan. */
export interface ScanTask {
  /** What to read. */
  item: ScanItem;
  /** Where to write; the caller finishes or aborts them. */
  files: ScanFiles;
  /** The dataset's settings. */
  config: PrepareConfig;
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
/** Shares of the work, for progress. */
const [soundShare, cropShare] = [0.15, 0.2];

/**
 * Prepares one scan into open files.
 *
 * @returns What was found out about it.
 * @throws UnusableMediaError when it cannot be used; SonospeechError `environment` when ffmpeg is missing.
 */
export async function prepareScan(task: ScanTask): Promise<Omit<ScanFacts, "contentHash">> {
  const { config, signal, onProgress } = task;
  const source = await openSource(task.item, signal);
  requireWindow(source.span, config);
  const { path, video, extent } = source.pictures;
  const sound = await prepareSound(task, source);
  const { crop: setting, frameSize } = config;
  const crop = await chooseCrop({ path, video, extent, crop: setting, frameSize, signal });
  onProgress?.(cropShare);
  const pictures = await preparePictures(
    task,
    source,
    crop.box,
    countWindows(sound.seconds, config.windowSeconds),
  );
  return {
    durationSeconds: sound.seconds,
    crop: crop.box,
    notes: [...source.notes, ...sound.notes, ...(crop.note ? [crop.note] : []), ...pictures.notes],
    windows: describeWindows(sound.voice, pictures.windowCount, config.windowSeconds),
  };
}

interface Source {
  pictures: { path: string; video: VideoProbe; extent: StreamExtent };
  sound: { path: string; audio: AudioProbe; extent: StreamExtent };
  /** Time in which both exist, on the video file's clock. */
  span: TimeSpan;
  /** What must be added to the sound file's clock to get the video file's. */
  soundShift: number;
  notes: string[];
}

async function openSource(item: ScanItem, signal?: AbortSignal): Promise<Source> {
  if (item.unsupported) throw new UnusableMediaError("unsupported format", item.unsupported);
  const probe = await probeMedia(item.video, signal);
  if (!probe.video) {
    const hint = "name it like its video, or pair them in a manifest";
    throw new UnusableMediaError(
      "no video",
      probe.audio ? `it holds sound but no moving pictures: ${hint}` : "it holds no moving pictures",
    );
  }
  if (!probe.audio && !item.speech) {
    throw new UnusableMediaError("no audio", "it holds no sound, and there is no separate speech file");
  }
  const extents = await surveyMedia(item.video, probe, signal);
  if (!extents.video) throw new UnusableMediaError("no frames", "its video stream is empty");
  const pictures = { path: item.video, video: probe.video, extent: extents.video };
  const { sound, soundShift } = item.speech
    ? await openSpeech(item, probe, signal)
    : { sound: requireSound(item.video, probe, extents.audio), soundShift: 0 };
  const shifted = {
    startSeconds: sound.extent.startSeconds + soundShift,
    endSeconds: sound.extent.endSeconds + soundShift,
  };
  const notes = item.speech && probe.audio ? ["the speech file was used, not the video's own sound"] : [];
  return { pictures, sound, span: commonSpan(extents.video, shifted), soundShift, notes };
}

async function openSpeech(
  item: ScanItem,
  video: MediaProbe,
  signal?: AbortSignal,
): Promise<Pick<Source, "sound" | "soundShift">> {
  try {
    const probe = await probeMedia(item.speech!, signal);
    const { audio } = await surveyMedia(item.speech!, probe, signal);
    const sound = requireSound(item.speech!, probe, audio);
    return { sound, soundShift: video.startSeconds + item.speechOffsetSeconds - probe.startSeconds };
  } catch (error) {
    if (!(error instanceof UnusableMediaError)) throw error;
    throw new UnusableMediaError(error.reason, `speech file: ${error.detail}`);
  }
}

function requireSound(path: string, { audio }: MediaProbe, extent?: StreamExtent): Source["sound"] {
  if (audio && extent) return { path, audio, extent };
  throw new UnusableMediaError("no audio", audio ? "its audio stream is empty" : "it holds no sound");
}

function requireWindow({ startSeconds, endSeconds }: TimeSpan, config: PrepareConfig): void {
  const seconds = Math.max(0, endSeconds - startSeconds);
  if (countWindows(seconds, config.windowSeconds) > 0) return;
  const found = `pictures and sound exist together for ${seconds.toFixed(2)} s`;
  throw new UnusableMediaError("too short", `${found}, a window needs ${config.windowSeconds} s`);
}

interface PreparedSound {
  seconds: number;
  voice: VoiceActivity;
  notes: string[];
}

async function prepareSound(task: ScanTask, source: Source): Promise<PreparedSound> {
  const { files, config, signal, onProgress } = task;
  const { path, audio } = source.sound;
  const { sampleRate } = config.spectrogram;
  const wanted = Math.round((source.span.endSeconds - source.span.startSeconds) * sampleRate);
  const spectrogram = new SpectrogramStream(config.spectrogram);
  const voice = await VoiceActivityStream.create(sampleRate, task.fvadWasm);
  let [done, peak] = [0, 0];
  const onSamples = (all: Int16Array) => {
    const samples = all.subarray(0, wanted - done);
    done += samples.length;
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
    files.pcm.append(samples);
    files.log_spectrogram.append(Float16Array.from(spectrogram.push(samples)));
    voice.push(samples);
    onProgress?.(soundShare * (done / wanted));
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
    checkSound(report, done, wanted, peak, sampleRate);
    files.log_spectrogram.append(Float16Array.from(spectrogram.finish()));
    const notes = report.errorLines > 0 ? [`${report.errorLines} errors while decoding the sound`] : [];
    return { seconds: done / sampleRate, voice: voice.finish(), notes };
  } catch (error) {
    voice.abort();
    throw error;
  }
}

function checkSound(
  report: ToolReport,
  done: number,
  wanted: number,
  peak: number,
  sampleRate: number,
): void {
  const said = report.firstErrors[0] ? ` (${report.firstErrors[0]})` : "";
  if (report.code !== 0) throw new UnusableMediaError("corrupt", `its sound cannot be decoded${said}`);
  if (done < wanted * (1 - damageTolerance) - sampleRate / 4) {
    const seconds = (samples: number) => (samples / sampleRate).toFixed(2);
    const found = `${seconds(done)} s of ${seconds(wanted)} s of sound could be decoded${said}`;
    throw new UnusableMediaError(report.errorLines > 0 ? "corrupt" : "truncated", found);
  }
  if (peak <= silencePeak) {
    throw new UnusableMediaError("digital silence", "it has a sound track, but nothing is on it");
  }
}

async function preparePictures(
  task: ScanTask,
  source: Source,
  crop: CropBox,
  mostWindows: number,
): Promise<{ windowCount: number; notes: string[] }> {
  const { files, config, signal, onProgress } = task;
  const { path, video, extent } = source.pictures;
  const { framesPerWindow, windowSeconds, frameSize: size } = config;
  const frameBytes = size[0] * size[1];
  const stored = new WholeWindows(
    framesPerWindow * frameBytes,
    mostWindows,
    (window) => files.frames.append(window),
  );
  const [startSeconds, frameRate] = [source.span.startSeconds, framesPerWindow / windowSeconds];
  const expected = Math.ceil((extent.endSeconds - startSeconds) * frameRate);
  let frames = 0;
  const report = await decodeFrames({
    ...{ path, streamIndex: video.index, startSeconds, frameRate, size, crop, signal },
    onFrames: (bytes) => {
      frames += bytes.length / frameBytes;
      stored.take(bytes);
      onProgress?.(cropShare + (1 - cropShare) * Math.min(1, frames / expected));
    },
  });
  checkPictures(report, extent, frames, expected);
  if (stored.count < mostWindows * (1 - damageTolerance) - 1 || stored.count === 0) {
    throw new UnusableMediaError(
      "truncated",
      `${stored.count} of ${mostWindows} windows have all their frames`,
    );
  }
  const notes = report.errorLines > 0 ? [`${report.errorLines} errors while decoding the pictures`] : [];
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

/** Passes on whole windows of frames, up to a number of them; what is over is dropped. */
class WholeWindows {
  readonly #buffer: Uint8Array;
  readonly #most: number;
  readonly #onWindow: (frames: Uint8Array) => void;
  #filled = 0;
  /** Windows passed on. */
  count = 0;

  constructor(windowBytes: number, most: number, onWindow: (frames: Uint8Array) => void) {
    this.#buffer = new Uint8Array(windowBytes);
    this.#most = most;
    this.#onWindow = onWindow;
  }

  take(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length && this.count < this.#most;) {
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
