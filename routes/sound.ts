/**
 * A window's speech as a WAV file, whole or in the part that a browser's player asks for.
 *
 * @module
 */

import { entityTag, namesTag } from "./entity_tag.ts";
import { logLine, Refusal } from "./guard.ts";
import type { Bytes } from "./pictures.ts";

const headerBytes = 44;

/** A mono 16-bit RIFF/WAVE file; `sampleRate` in Hz. */
export function wavFile(pcm: Int16Array, sampleRate: number): Bytes {
  const bytes = new Uint8Array(headerBytes + pcm.length * 2);
  bytes.set(wavHeader(pcm.length, sampleRate));
  bytes.set(littleEndian(pcm), headerBytes);
  return bytes;
}

function wavHeader(sampleCount: number, sampleRate: number): Bytes {
  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  const text = (offset: number, value: string) => bytes.set(new TextEncoder().encode(value), offset);
  text(0, "RIFF");
  view.setUint32(4, 36 + sampleCount * 2, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, sampleCount * 2, true);
  return bytes;
}

function littleEndian(pcm: Int16Array): Bytes {
  const bytes = new Uint8Array(pcm.length * 2);
  const view = new DataView(bytes.buffer);
  pcm.forEach((sample, i) => view.setInt16(i * 2, sample, true));
  return bytes;
}

/**
 * The bytes asked for by a `Range` header (RFC 9110, section 14): one range is honoured; a header of another form
 * is ignored, as the standard allows, and so is one whose `If-Range` names other bytes than these.
 *
 * @throws Refusal 416 when the range lies outside the bytes.
 */
export function rangeResponse(
  bytes: Bytes,
  contentType: string,
  { range, ifRange }: { range?: string; ifRange?: string },
): Response {
  const etag = entityTag(bytes);
  const headers: Record<string, string> = { "content-type": contentType, "accept-ranges": "bytes", etag };
  const isOfThese = ifRange === undefined || namesTag(ifRange, etag);
  const part = isOfThese ? askedRange(range, bytes.length) : null;
  if (!part) return new Response(bytes, { headers });
  const { first, last } = part;
  headers["content-range"] = `bytes ${first}-${last}/${bytes.length}`;
  return new Response(bytes.slice(first, last + 1), { status: 206, headers });
}

/** The one range that a header asks for; null for a header of another form. @throws Refusal 416 outside the bytes. */
function askedRange(range: string | undefined, size: number): { first: number; last: number } | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return null;
  const first = match[1] === "" ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = match[1] === "" || match[2] === "" ? size - 1 : Math.min(size - 1, Number(match[2]));
  if (first >= size || last < first) {
    throw new Refusal(416, `The sound has ${size} bytes.`, { "content-range": `bytes */${size}` });
  }
  return { first, last };
}

/** Sound that is read as it is sent. */
export interface SoundSource {
  /** Hz. */
  sampleRate: number;
  sampleCount: number;
  /** Mono samples [start, start + count). */
  read: (start: number, count: number) => Int16Array;
}

/** Samples that are read at once. */
const streamedSamples = 1 << 16;

/**
 * A long sound as a WAV file, whole or from where a player seeks to. It has no tag, for that would mean to read all of
 * it; a range that depends on one is answered with everything, and nobody keeps the answer.
 *
 * @throws Refusal 416 when the range lies outside the bytes.
 */
export function wavStreamResponse(
  { sampleRate, sampleCount, read }: SoundSource,
  { range, ifRange }: { range?: string; ifRange?: string },
): Response {
  const size = headerBytes + 2 * sampleCount;
  const part = ifRange === undefined ? askedRange(range, size) : null;
  const { first, last } = part ?? { first: 0, last: size - 1 };
  // A byte in the middle of a sample belongs to the sample's piece.
  const samplesAt = (offset: number) => {
    const start = Math.floor((offset - headerBytes) / 2);
    const count = Math.min(streamedSamples, sampleCount - start);
    return littleEndian(read(start, count)).slice(offset - headerBytes - 2 * start);
  };
  // What cannot be read is said as long as there is no answer yet.
  if (sampleCount > 0) read(Math.max(0, Math.floor((first - headerBytes) / 2)), 1);
  let at = first;
  const body = new ReadableStream<Bytes>({
    pull: (controller) => {
      if (at > last) return controller.close();
      try {
        const piece = at < headerBytes ? wavHeader(sampleCount, sampleRate).slice(at) : samplesAt(at);
        controller.enqueue(piece.slice(0, last + 1 - at));
        at += piece.length;
      } catch (error) {
        controller.error(logLine(error)); // The answer has begun: it breaks off, and Deno writes why to the terminal.
      }
    },
  }, { highWaterMark: 1 });
  const headers: Record<string, string> = {
    "content-type": "audio/wav",
    "accept-ranges": "bytes",
    "content-length": String(last + 1 - first),
    "cache-control": "no-store",
  };
  if (part) headers["content-range"] = `bytes ${first}-${last}/${size}`;
  return new Response(body, { status: part ? 206 : 200, headers });
}
