/**
 * Decodes pictures and sound onto a scan's time axis.
 *
 * Frames are taken by presentation time: frame n of the result is the one that a viewer sees at
 * `startSeconds + n / frameRate` on the file's clock, whatever the file's own rate, and however irregular. Sound is
 * cut at the same instant, to the sample; gaps in its time stamps become silence of their length.
 *
 * @module
 */

import type { CropBox } from "./crop.ts";
import { inputArguments, runTool, type ToolReport } from "./tool.ts";

/** Decoder threads of one ffmpeg: half the cores, for two scans are prepared side by side; each costs some memory. */
const threads = String(Math.min(8, Math.max(2, navigator.hardwareConcurrency >> 1)));

/** Which frames to decode, and how. */
export interface PictureRequest {
  /** Time of the first frame on the file's clock. */
  startSeconds: number;
  /** Frames per second of the result. */
  frameRate: number;
  /** Height and width of the result, pixels. */
  size: readonly [number, number];
  /** What to keep of the picture; all of it when left out. */
  crop?: CropBox;
  /** Decode only frames that need no others: much faster, and coarser in time. */
  keyFramesOnly?: boolean;
  /** Stops the work. */
  signal?: AbortSignal;
  /** Takes whole frames, grey, [count, H, W]; the array is not used again. */
  onFrames: (frames: Uint8Array) => void | Promise<void>;
}

/** Which frames of which video to decode, and how. */
export interface FrameRequest extends PictureRequest {
  /** The file. */
  path: string;
  /** Index of the video stream. */
  streamIndex: number;
}

/** Decodes a video to evenly timed grey frames. */
export async function decodeFrames(request: FrameRequest): Promise<ToolReport> {
  const { path, streamIndex, startSeconds, frameRate, size: [height, width], crop, signal } = request;
  const filters = [
    // Rounding up makes a frame appear at the first tick at or after its time stamp.
    `fps=${toRational(frameRate)}:round=up:start_time=${startSeconds.toFixed(6)}`,
    "format=gray",
    ...(crop ? [`crop=${crop.width}:${crop.height}:${crop.x}:${crop.y}`] : []),
    `scale=${width}:${height}:flags=area`,
  ];
  const pieces = new Regrouper(width * height, request.onFrames);
  const report = await runTool(
    "ffmpeg",
    [
      ...["-nostdin", "-nostats", "-copyts", "-threads", threads],
      ...(request.keyFramesOnly ? ["-skip_frame", "nokey"] : []),
      ...await inputArguments(path),
      ...["-map", `0:${streamIndex}`, "-vf", filters.join(","), "-fps_mode", "passthrough"],
      ...["-f", "rawvideo", "pipe:1"],
    ],
    path,
    { signal, onOutput: (chunk) => pieces.take(chunk) },
  );
  return report;
}

/** Which sound to decode. */
export interface PcmRequest {
  /** The file. */
  path: string;
  /** Index of the audio stream. */
  streamIndex: number;
  /** Time of the first sample on the file's clock. */
  startSeconds: number;
  /** Rate of the result, Hz. */
  sampleRate: number;
  /** Stops the work. */
  signal?: AbortSignal;
  /** Takes mono samples as they come. */
  onSamples: (samples: Int16Array) => void | Promise<void>;
}

/** Decodes a sound to mono 16-bit samples; all channels are mixed. */
export async function decodePcm(request: PcmRequest): Promise<ToolReport> {
  const { path, streamIndex, startSeconds, sampleRate, signal } = request;
  const filters = [
    `aresample=${sampleRate}:async=1:min_hard_comp=0.05:ochl=mono:osf=s16`,
    `atrim=start=${startSeconds.toFixed(6)}`,
  ];
  const pieces = new Regrouper(2, (bytes) => request.onSamples(new Int16Array(bytes.buffer)));
  return await runTool(
    "ffmpeg",
    [
      ...["-nostdin", "-nostats", "-copyts", "-threads", "1"],
      ...await inputArguments(path),
      ...["-map", `0:${streamIndex}`, "-vn", "-af", filters.join(","), "-f", "s16le", "pipe:1"],
    ],
    path,
    { signal, onOutput: (chunk) => pieces.take(chunk) },
  );
}

/** Frame rates that are ratios of small whole numbers go to ffmpeg exactly. */
export function toRational(rate: number): string {
  for (let denominator = 1; denominator <= 1000; denominator++) {
    const numerator = rate * denominator;
    if (Math.abs(numerator - Math.round(numerator)) < 1e-9 * numerator) {
      return `${Math.round(numerator)}/${denominator}`;
    }
  }
  return rate.toFixed(9);
}

/** Regroups a stream of bytes into multiples of `unit`; an incomplete end is dropped. */
export class Regrouper {
  readonly #unit: number;
  readonly #onUnits: (bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>;
  #rest = new Uint8Array(0);

  constructor(unit: number, onUnits: (bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>) {
    this.#unit = unit;
    this.#onUnits = onUnits;
  }

  async take(chunk: Uint8Array): Promise<void> {
    const bytes = new Uint8Array(this.#rest.length + chunk.length);
    bytes.set(this.#rest);
    bytes.set(chunk, this.#rest.length);
    const whole = bytes.length - (bytes.length % this.#unit);
    this.#rest = bytes.slice(whole);
    if (whole > 0) await this.#onUnits(bytes.slice(0, whole));
  }
}
