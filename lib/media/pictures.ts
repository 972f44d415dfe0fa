/**
 * Moving pictures, whatever kind of file they are in.
 *
 * @module
 */

import { extname } from "node:path";
import type { CropBox, PictureSize } from "./crop.ts";
import { decodeFrames, type PictureRequest } from "./decode.ts";
import { openDicom } from "./dicom.ts";
import { isDicom } from "./dicom_header.ts";
import { type AudioProbe, type MediaProbe, probeMedia } from "./probe.ts";
import { readFrameTimes, type StreamExtent, surveyMedia } from "./survey.ts";
import type { ToolReport } from "./tool.ts";
import { UnusableMediaError } from "./unusable.ts";

/** A file's moving pictures. */
export interface PictureSource {
  /** Size of the pictures as shown. */
  size: PictureSize;
  /** Where they lie on the file's clock. */
  extent: StreamExtent;
  /** Where a player starts the file, on its clock. */
  startSeconds: number;
  /** Where the ultrasound picture lies, if the file says so. */
  region?: CropBox;
  /** What is worth knowing. */
  notes: readonly string[];
  /** Decodes them to evenly timed grey frames. */
  decode: (request: PictureRequest) => Promise<ToolReport>;
  /** When each frame is shown, on the file's clock, in order of time; nothing is decoded. */
  frameTimes: (signal?: AbortSignal) => Promise<number[]>;
}

/** A sound in the file of the pictures. */
export interface OwnSound {
  /** What it says of itself. */
  audio: AudioProbe;
  /** Where it lies on the file's clock; missing when nothing is in it. */
  extent?: StreamExtent;
}

/** How to open a file. */
export interface OpenOptions {
  /** Whether the file's own sound is needed. */
  needsSound: boolean;
  /** Stops the work. */
  signal?: AbortSignal;
}

/**
 * Opens a file's moving pictures, and the sound beside them if it has one.
 *
 * @throws UnusableMediaError when there are none, when sound is needed and missing, and as {@linkcode probeMedia},
 * {@linkcode surveyMedia} and {@linkcode openDicom}.
 */
export async function openPictures(
  path: string,
  { needsSound, signal }: OpenOptions,
): Promise<{ pictures: PictureSource; sound?: OwnSound }> {
  if (await isDicom(path)) {
    const pictures = await openDicom(path);
    if (needsSound) refuseSilent();
    return { pictures };
  }
  if (extname(path).toLowerCase() === ".dcm") await refuseFalseDicom(path);
  const probe = await probeMedia(path, signal);
  requireVideo(probe);
  if (!probe.audio && needsSound) refuseSilent();
  const extents = await surveyMedia(path, probe, signal);
  if (!extents.video) throw new UnusableMediaError("no frames", "its video stream is empty");
  const { index, width, height } = probe.video!;
  const pictures: PictureSource = {
    size: { width, height },
    extent: extents.video,
    startSeconds: probe.startSeconds,
    notes: [],
    decode: (request) => decodeFrames({ ...request, path, streamIndex: index }),
    frameTimes: (signal) => readFrameTimes(path, index, signal),
  };
  return { pictures, sound: probe.audio && { audio: probe.audio, extent: extents.audio } };
}

/** When each frame of a file is shown, seconds from where a player starts it; nothing is decoded. */
export async function readPictureTimes(path: string, signal?: AbortSignal): Promise<number[]> {
  if (await isDicom(path)) return (await openDicom(path)).frameTimes();
  const probe = await probeMedia(path, signal);
  requireVideo(probe);
  const times = await readFrameTimes(path, probe.video!.index, signal);
  return times.map((time) => time - probe.startSeconds);
}

function requireVideo(probe: MediaProbe): void {
  if (probe.video) return;
  const hint = "name it like its video, or pair them in a manifest";
  throw new UnusableMediaError(
    "no video",
    probe.audio ? `it holds sound but no moving pictures: ${hint}` : "it holds no moving pictures",
  );
}

async function refuseFalseDicom(path: string): Promise<void> {
  if (!await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return;
  throw new UnusableMediaError("corrupt", "it is named as DICOM files are and does not begin as they must");
}

function refuseSilent(): never {
  throw new UnusableMediaError("no audio", "it holds no sound, and there is no separate speech file");
}
