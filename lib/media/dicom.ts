/**
 * The moving pictures of a DICOM file.
 *
 * One frame after the other is read, decoded and passed on, so memory does not depend on the cine's length.
 *
 * @module
 */

import { type PictureRequest, Regrouper, toRational } from "./decode.ts";
import { DicomFrames } from "./dicom_frames.ts";
import { greyOfNative, greyOfRle } from "./dicom_grey.ts";
import { type DicomCine, readDicomHeader } from "./dicom_header.ts";
import { decodeJpegFrames } from "./dicom_jpeg.ts";
import type { PictureSource } from "./pictures.ts";
import { runTool, type ToolReport } from "./tool.ts";

/**
 * Opens a DICOM file; its clock begins with its first frame.
 *
 * @throws UnusableMediaError with the reason when its header or its packing cannot be used; what is wrong with single
 * frames shows when they are decoded.
 */
export async function openDicom(path: string): Promise<PictureSource> {
  const cine = await readDicomHeader(path);
  // Frames that are not there show before hours of other work.
  (await DicomFrames.open(path, cine))[Symbol.dispose]();
  const { width, height, times, endSeconds, frameCount, region, notes } = cine;
  return {
    size: { width, height },
    extent: { startSeconds: 0, endSeconds, packets: frameCount, keyPackets: frameCount, read: frameCount },
    startSeconds: 0,
    region,
    notes,
    decode: (request) => decodeDicom(path, cine, request),
    frameTimes: () => Promise.resolve(times),
  };
}

/** A moment that is nearly a frame's own belongs to it: sums of milliseconds are not exact. */
const slackSeconds = 1e-6;

/** Decodes a cine to evenly timed grey frames; ffmpeg crops and scales them as it does those of videos. */
async function decodeDicom(path: string, cine: DicomCine, request: PictureRequest): Promise<ToolReport> {
  const { width, height, times, endSeconds, frameCount } = cine;
  const { startSeconds, frameRate, size, crop, signal } = request;
  const pieces = new Regrouper(size[0] * size[1], request.onFrames);
  let unpacked: ToolReport | undefined;
  let [frame, tick] = [0, 0];
  const filters = [
    ...(crop ? [`crop=${crop.width}:${crop.height}:${crop.x}:${crop.y}`] : []),
    `scale=${size[1]}:${size[0]}:flags=area`,
  ];
  const scaled = await runTool(
    "ffmpeg",
    [
      ...["-nostdin", "-nostats", "-protocol_whitelist", "pipe", "-threads", "1", "-f", "rawvideo"],
      ...["-pixel_format", "gray", "-video_size", `${width}x${height}`, "-framerate", toRational(frameRate)],
      ...["-i", "pipe:0", "-vf", filters.join(","), "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"],
    ],
    "pipe:0",
    {
      signal,
      onOutput: (chunk) => pieces.take(chunk),
      onInput: async (write) => {
        unpacked = await unpackFrames(path, cine, signal, async (grey) => {
          const end = frame + 1 < frameCount ? times[frame + 1] : endSeconds;
          // Each moment shows the last frame that has begun.
          for (; startSeconds + tick / frameRate < end - slackSeconds; tick++) await write(grey);
          frame++;
        });
      },
    },
  );
  return {
    code: scaled.code || (unpacked?.code ?? 0),
    errorLines: scaled.errorLines + (unpacked?.errorLines ?? 0),
    firstErrors: [...unpacked?.firstErrors ?? [], ...scaled.firstErrors].slice(0, 3),
    framesDecoded: frame,
  };
}

/** Passes on every frame as a grey picture, [H, W], in order. */
async function unpackFrames(
  path: string,
  cine: DicomCine,
  signal: AbortSignal | undefined,
  onFrame: (grey: Uint8Array<ArrayBuffer>) => Promise<void>,
): Promise<ToolReport | undefined> {
  using frames = await DicomFrames.open(path, cine);
  if (cine.packing !== "native" && cine.packing !== "rle") {
    return await decodeJpegFrames({ cine, read: (index) => frames.read(index), signal, onFrame });
  }
  const toGrey = cine.packing === "native" ? greyOfNative : greyOfRle;
  for (let i = 0; i < cine.frameCount; i++) {
    signal?.throwIfAborted();
    await onFrame(toGrey(await frames.read(i), cine));
  }
  return undefined;
}
