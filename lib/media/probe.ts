/**
 * What a media file says it holds.
 *
 * @module
 */

import { inputArguments, runTool } from "./tool.ts";
import { UnusableMediaError } from "./unusable.ts";

/** A stream of pictures. */
export interface VideoProbe {
  /** Index of the stream in the file. */
  index: number;
  /** Name of the coding, as `h264`. */
  codec: string;
  /** Columns of the picture as shown, that is after the rotation the file asks for. */
  width: number;
  /** Rows of the picture as shown. */
  height: number;
  /** Time of the first frame on the file's clock, as the file says. */
  startSeconds?: number;
  /** Length as the file says. */
  durationSeconds?: number;
  /** Number of frames the file promises. */
  frameCount?: number;
  /** Mean frame rate the file claims, Hz. */
  frameRate?: number;
}

/** A stream of sound. */
export interface AudioProbe {
  /** Index of the stream in the file. */
  index: number;
  /** Name of the coding, as `aac`. */
  codec: string;
  /** Samples a second, Hz. */
  sampleRate: number;
  /** Number of channels. */
  channels: number;
  /** Time of the first sample on the file's clock, as the file says. */
  startSeconds?: number;
  /** Length as the file says. */
  durationSeconds?: number;
}

/** A media file's own description. */
export interface MediaProbe {
  /** The first moment of any stream on the file's clock; players show it as 0:00. */
  startSeconds: number;
  /** Length of the longest stream as the file says. */
  durationSeconds?: number;
  /** The first stream of moving pictures; cover art does not count. */
  video?: VideoProbe;
  /** The first stream of sound. */
  audio?: AudioProbe;
}

const entries =
  "stream=index,codec_type,codec_name,width,height,start_time,duration,nb_frames,avg_frame_rate," +
  "sample_rate,channels:stream_disposition=attached_pic:stream_side_data=rotation:" +
  "format=start_time,duration";

interface RawStream {
  index: number;
  codec_type?: string;
  codec_name?: string;
  width?: number;
  height?: number;
  start_time?: string;
  duration?: string;
  nb_frames?: string;
  avg_frame_rate?: string;
  sample_rate?: string;
  channels?: number;
  disposition?: { attached_pic?: number };
  side_data_list?: { rotation?: number }[];
}

/**
 * Asks ffprobe for a file's streams.
 *
 * @throws UnusableMediaError `not found`, or `not a media file` when it is in none of the formats that are read.
 */
export async function probeMedia(path: string, signal?: AbortSignal): Promise<MediaProbe> {
  await requireFile(path);
  let json = "";
  const decoder = new TextDecoder();
  const args = [...await inputArguments(path), "-show_entries", entries, "-of", "json"];
  const report = await runTool("ffprobe", args, path, {
    signal,
    onOutput: (chunk) => void (json += decoder.decode(chunk, { stream: true })),
  });
  if (report.code !== 0) {
    const said = report.firstErrors.at(-1)?.replace(/^input: /, "") ?? `exit code ${report.code}`;
    throw new UnusableMediaError("not a media file", `ffprobe cannot read it (${said})`);
  }
  return parseProbe(json);
}

async function requireFile(path: string): Promise<void> {
  const stat = await Deno.stat(path).catch(() => null);
  if (!stat) throw new UnusableMediaError("not found", "there is no such file, or it may not be read");
  if (!stat.isFile) throw new UnusableMediaError("not found", "it is not a regular file");
  if (stat.size === 0) throw new UnusableMediaError("not a media file", "it is empty");
}

function parseProbe(json: string): MediaProbe {
  const { streams = [], format = {} } = JSON.parse(json) as {
    streams?: RawStream[];
    format?: { start_time?: string; duration?: string };
  };
  const video = streams.find((stream) => stream.codec_type === "video" && !stream.disposition?.attached_pic);
  const audio = streams.find((stream) => stream.codec_type === "audio");
  return {
    startSeconds: parseSeconds(format.start_time) ?? 0,
    durationSeconds: parseSeconds(format.duration),
    video: video && parseVideo(video),
    audio: audio && parseAudio(audio),
  };
}

function parseVideo(stream: RawStream): VideoProbe {
  const turned = stream.side_data_list?.some(({ rotation = 0 }) => Math.abs(rotation) % 180 === 90) ?? false;
  const [width, height] = [stream.width ?? 0, stream.height ?? 0];
  const [frames, seconds] = (stream.avg_frame_rate ?? "0/0").split("/").map(Number);
  return {
    ...parseTimes(stream),
    index: stream.index,
    codec: stream.codec_name ?? "unknown",
    width: turned ? height : width,
    height: turned ? width : height,
    frameCount: stream.nb_frames === undefined ? undefined : Number(stream.nb_frames),
    frameRate: frames > 0 && seconds > 0 ? frames / seconds : undefined,
  };
}

function parseAudio(stream: RawStream): AudioProbe {
  return {
    ...parseTimes(stream),
    index: stream.index,
    codec: stream.codec_name ?? "unknown",
    sampleRate: Number(stream.sample_rate ?? 0),
    channels: stream.channels ?? 0,
  };
}

function parseTimes(stream: RawStream): { startSeconds?: number; durationSeconds?: number } {
  return { startSeconds: parseSeconds(stream.start_time), durationSeconds: parseSeconds(stream.duration) };
}

function parseSeconds(text: string | undefined): number | undefined {
  const seconds = Number(text);
  return text === undefined || !Number.isFinite(seconds) ? undefined : seconds;
}
