/**
 * A window's speech as a WAV file, whole or in the part that a browser's player asks for.
 *
 * @module
 */

import type { Bytes } from "./pictures.ts";
import { Refusal } from "./guard.ts";

/** A mono 16-bit RIFF/WAVE file; `sampleRate` in Hz. */
export function wavFile(pcm: Int16Array, sampleRate: number): Bytes {
  const bytes = new Uint8Array(44 + pcm.length * 2);
  const view = new DataView(bytes.buffer);
  const text = (offset: number, value: string) => bytes.set(new TextEncoder().encode(value), offset);
  text(0, "RIFF");
  view.setUint32(4, 36 + pcm.length * 2, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, pcm.length * 2, true);
  pcm.forEach((sample, i) => view.setInt16(44 + i * 2, sample, true));
  return bytes;
}

/**
 * The bytes asked for by a `Range` header (RFC 9110, section 14): one range is honoured; a header of another form
 * is ignored, as the standard allows.
 *
 * @throws Refusal 416 when the range lies outside the bytes.
 */
export function rangeResponse(bytes: Bytes, contentType: string, range: string | undefined): Response {
  const headers: Record<string, string> = { "content-type": contentType, "accept-ranges": "bytes" };
  const match = /^bytes=(\d*)-(\d*)$/.exec(range ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return new Response(bytes, { headers });
  const size = bytes.length;
  const first = match[1] === "" ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = match[1] === "" || match[2] === "" ? size - 1 : Math.min(size - 1, Number(match[2]));
  if (first >= size || last < first) throw new Refusal(416, `The sound has ${size} bytes.`);
  headers["content-range"] = `bytes ${first}-${last}/${size}`;
  return new Response(bytes.slice(first, last + 1), { status: 206, headers });
}
