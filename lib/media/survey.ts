/**
 * What a media file really holds, found by reading all its packets without decoding them.
 *
 * Headers promise; packets are there or not. A file that was cut off, or whose header knows no duration, shows its
 * true extent here.
 *
 * @module
 */

import type { MediaProbe } from "./probe.ts";
import { inputArguments, runTool } from "./tool.ts";
import { UnusableMediaError } from "./unusable.ts";

/** The extent of a stream on the file's clock. */
export interface StreamExtent {
  /** Start of the first frame. */
  startSeconds: number;
  /** End of the last frame. */
  endSeconds: number;
  /** Packets that are shown or heard. */
  packets: number;
  /** Packets that can be decoded without others. */
  keyPackets: number;
  /** All packets in the file, those never shown or heard included. */
  read: number;
}

/** Packets may be fewer than promised by this share before a file counts as truncated. */
const tolerance = 0.02;

/**
 * Reads all packets of a file's first video and first audio stream.
 *
 * @throws UnusableMediaError `truncated` when packets that the header promises are missing, `corrupt` when the file
 * cannot be read to its end.
 */
export async function surveyMedia(
  path: string,
  probe: MediaProbe,
  signal?: AbortSignal,
): Promise<{ video?: StreamExtent; audio?: StreamExtent }> {
  const tallies = new Map<number, Tally>();
  for (const stream of [probe.video, probe.audio]) if (stream) tallies.set(stream.index, new Tally());
  const lines = new LineReader((line) => takePacket(line, tallies));
  const fields = "packet=stream_index,pts_time,dts_time,duration_time,flags";
  const args = [...await inputArguments(path), "-show_entries", fields, "-of", "compact=p=0"];
  const report = await runTool("ffprobe", args, path, { signal, onOutput: (chunk) => lines.take(chunk) });
  lines.end();
  if (report.code !== 0) {
    throw new UnusableMediaError(
      "corrupt",
      `its packets cannot be read (${report.firstErrors[0] ?? "no reason given"})`,
    );
  }
  const video = probe.video && tallies.get(probe.video.index)?.extent(probe.video.frameRate);
  const audio = probe.audio && tallies.get(probe.audio.index)?.extent();
  refuseTruncated(probe, video, audio);
  return { video, audio };
}

/**
 * When each frame of a video is shown, on the file's clock, in order of time; nothing is decoded.
 *
 * @throws UnusableMediaError `corrupt` when the file cannot be read, or its frames have no time stamps.
 */
export async function readFrameTimes(
  path: string,
  streamIndex: number,
  signal?: AbortSignal,
): Promise<number[]> {
  const times: number[] = [];
  const lines = new LineReader((line) => {
    const [time, flags] = line.split("|");
    if (flags?.includes("D")) return;
    times.push(Number(time));
  });
  const fields = ["-show_entries", "packet=pts_time,flags", "-of", "compact=p=0:nk=1"];
  const args = [...await inputArguments(path), "-select_streams", String(streamIndex), ...fields];
  const report = await runTool("ffprobe", args, path, { signal, onOutput: (chunk) => lines.take(chunk) });
  lines.end();
  if (report.code !== 0 || !times.every(Number.isFinite)) {
    throw new UnusableMediaError("corrupt", "the times of its frames cannot be read");
  }
  return times.sort((a, b) => a - b);
}

function takePacket(line: string, tallies: Map<number, Tally>): void {
  const fields = new Map(line.split("|").map((field) => field.split("=", 2) as [string, string]));
  const flags = fields.get("flags") ?? "";
  const time = [fields.get("pts_time"), fields.get("dts_time")].map(Number).find(Number.isFinite);
  const duration = Number(fields.get("duration_time"));
  tallies.get(Number(fields.get("stream_index")))?.take(time, duration, flags);
}

/** Adds up the packets of one stream. */
class Tally {
  #read = 0;
  #packets = 0;
  #keyPackets = 0;
  #start = Infinity;
  #last = -Infinity;
  #end = -Infinity;

  take(time: number | undefined, duration: number, flags: string): void {
    this.#read++;
    // Packets marked D only prime the decoder, or an edit list cut them away: they are never shown or heard.
    if (flags.includes("D")) return;
    this.#packets++;
    if (flags.includes("K")) this.#keyPackets++;
    if (time === undefined) return;
    this.#start = Math.min(this.#start, time);
    this.#last = Math.max(this.#last, time);
    if (Number.isFinite(duration)) this.#end = Math.max(this.#end, time + duration);
  }

  /** The extent; a last frame of unknown duration lasts as long as a frame does on average. */
  extent(frameRate?: number): StreamExtent | undefined {
    if (this.#packets === 0) return undefined;
    const [startSeconds, last] = Number.isFinite(this.#start) ? [this.#start, this.#last] : [0, 0];
    const mean = frameRate ? 1 / frameRate : (last - startSeconds) / Math.max(1, this.#packets - 1);
    const endSeconds = Math.max(this.#end, last + (this.#end > last ? 0 : mean));
    return {
      startSeconds,
      endSeconds,
      packets: this.#packets,
      keyPackets: this.#keyPackets,
      read: this.#read,
    };
  }
}

function refuseTruncated(probe: MediaProbe, video?: StreamExtent, audio?: StreamExtent): void {
  const promised = probe.video?.frameCount;
  if (promised && video && video.read < promised * (1 - tolerance) - 1) {
    throw new UnusableMediaError("truncated", `it promises ${promised} frames and holds ${video.read}`);
  }
  // Some containers count their duration from zero, some from their start.
  const end = Math.max(video?.endSeconds ?? -Infinity, audio?.endSeconds ?? -Infinity) +
    Math.max(0, -probe.startSeconds);
  const duration = probe.durationSeconds;
  if (duration !== undefined && end < duration * (1 - tolerance) - 0.25) {
    const seconds = (value: number) => Math.max(0, value).toFixed(2);
    throw new UnusableMediaError(
      "truncated",
      `it promises ${seconds(duration)} s and holds ${seconds(end)} s`,
    );
  }
}

/** Cuts a stream of bytes into lines. */
class LineReader {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  take(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#rest = lines.pop()!;
    lines.forEach(this.#onLine);
  }

  end(): void {
    if (this.#rest) this.#onLine(this.#rest);
    this.#rest = "";
  }
}
