/** Writes tiny DICOM files for tests. @module */

import assert from "node:assert/strict";
import { ffmpeg } from "./make_media.ts";

/** Transfer syntaxes by a short name. */
export const syntaxes = {
  implicit: "1.2.840.10008.1.2",
  explicit: "1.2.840.10008.1.2.1",
  bigEndian: "1.2.840.10008.1.2.2",
  deflated: "1.2.840.10008.1.2.1.99",
  rle: "1.2.840.10008.1.2.5",
  jpeg: "1.2.840.10008.1.2.4.50",
  losslessJpeg: "1.2.840.10008.1.2.4.70",
  jpegLs: "1.2.840.10008.1.2.4.80",
  jpeg2000: "1.2.840.10008.1.2.4.90",
  mpeg4: "1.2.840.10008.1.2.4.102",
} as const;

/** A value of an element: US and UL as numbers, texts as text, whole items for a sequence. */
export type Value = readonly number[] | string | Uint8Array | readonly Elements[];
/** Elements by tag, as `0028,0010`, with type and value. */
export type Elements = Record<string, readonly [vr: string, value: Value] | undefined>;

/** What a file is made of. */
export interface DicomSpec {
  syntax?: string;
  /** Elements that differ from the default ones; undefined leaves one out. */
  elements?: Elements;
  /** Native pixels. */
  pixels?: Uint8Array;
  /** Or the pieces of packed ones, without the offset table. */
  fragments?: Uint8Array[];
  /** The basic offset table's content; empty when left out. */
  offsetTable?: number[];
  /** Whether the end of packed pixels is marked; true when left out. */
  endMark?: boolean;
}

const longTypes = new Set(["OB", "OW", "OV", "SQ", "UN", "UT"]);

/** A file of 3 frames of 4 × 2 pixels at 10 frames a second, MONOCHROME2 with 8 bits, if nothing else is asked for. */
export function makeDicom(spec: DicomSpec): Uint8Array<ArrayBuffer> {
  const { syntax = syntaxes.explicit, fragments } = spec;
  const isExplicit = syntax !== syntaxes.implicit;
  const meta = encodeElements({ "0002,0010": ["UI", syntax] }, true);
  const group = encodeElements({ "0002,0000": ["UL", [meta.length]] }, true);
  const elements: Elements = {
    "0008,0016": ["UI", "1.2.840.10008.5.1.4.1.1.3.1"],
    "0010,0010": ["PN", "Secret^Name"],
    "0010,0020": ["LO", "SECRET-ID"],
    "0018,1063": ["DS", "100"],
    "0028,0002": ["US", [1]],
    "0028,0004": ["CS", "MONOCHROME2"],
    "0028,0008": ["IS", "3"],
    "0028,0010": ["US", [2]],
    "0028,0011": ["US", [4]],
    "0028,0100": ["US", [8]],
    "0028,0101": ["US", [8]],
    "0028,0102": ["US", [7]],
    "0028,0103": ["US", [0]],
    ...spec.elements,
  };
  const sorted = Object.fromEntries(Object.entries(elements).toSorted(([a], [b]) => a < b ? -1 : 1));
  const pixels = fragments ? encodeFragments(fragments, spec) : encodeElements(
    { "7FE0,0010": ["OW", spec.pixels ?? new Uint8Array(24)] },
    isExplicit,
  );
  const mark = new TextEncoder().encode("DICM");
  return join([new Uint8Array(128), mark, group, meta, encodeElements(sorted, isExplicit), pixels]);
}

function encodeElements(elements: Elements, isExplicit: boolean): Uint8Array {
  return join(
    Object.entries(elements).flatMap(([tag, element]) => {
      if (!element) return [];
      const [vr, value] = element;
      const bytes = encodeValue(vr, value, isExplicit);
      const head = [encodeTag(tag)];
      if (!isExplicit) head.push(uint(bytes.length, 4));
      else if (longTypes.has(vr)) head.push(new TextEncoder().encode(`${vr}\0\0`), uint(bytes.length, 4));
      else head.push(new TextEncoder().encode(vr), uint(bytes.length, 2));
      return [...head, bytes];
    }),
  );
}

function encodeValue(vr: string, value: Value, isExplicit: boolean): Uint8Array {
  if (value instanceof Uint8Array) return pad(value);
  if (typeof value === "string") return pad(new TextEncoder().encode(value), vr === "UI" ? 0 : 32);
  if (vr !== "SQ") {
    return join((value as readonly number[]).map((number) => uint(number, vr === "UL" ? 4 : 2)));
  }
  return join((value as readonly Elements[]).flatMap((item) => {
    const bytes = encodeElements(item, isExplicit);
    return [encodeTag("FFFE,E000"), uint(bytes.length, 4), bytes];
  }));
}

function encodeFragments(
  fragments: Uint8Array[],
  { offsetTable = [], endMark = true }: DicomSpec,
): Uint8Array {
  const item = (bytes: Uint8Array) => [encodeTag("FFFE,E000"), uint(bytes.length, 4), bytes];
  return join([
    ...[encodeTag("7FE0,0010"), new TextEncoder().encode("OB\0\0"), uint(0xffffffff, 4)],
    ...item(join(offsetTable.map((offset) => uint(offset, 4)))),
    ...fragments.flatMap((fragment) => item(pad(fragment))),
    ...(endMark ? [encodeTag("FFFE,E0DD"), uint(0, 4)] : []),
  ]);
}

function encodeTag(tag: string): Uint8Array {
  return join(tag.split(",").map((part) => uint(parseInt(part, 16), 2)));
}

function uint(value: number, bytes: 2 | 4): Uint8Array {
  const view = new DataView(new ArrayBuffer(bytes));
  if (bytes === 2) view.setUint16(0, value, true);
  else view.setUint32(0, value, true);
  return new Uint8Array(view.buffer);
}

function pad(bytes: Uint8Array, filler = 0): Uint8Array {
  return bytes.length % 2 === 0 ? bytes : join([bytes, Uint8Array.of(filler)]);
}

/** Bytes one after the other. */
export function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** An RLE frame of these segments: runs where two or more bytes are equal, else literals. */
export function encodeRle(segments: readonly Uint8Array[]): Uint8Array {
  const packed = segments.map((segment) => {
    const out: number[] = [];
    for (let at = 0; at < segment.length;) {
      let run = 1;
      while (run < 128 && segment[at + run] === segment[at]) run++;
      if (run > 1) out.push(257 - run, segment[at]);
      else out.push(0, segment[at]);
      at += run;
    }
    return pad(Uint8Array.from(out));
  });
  let offset = 64;
  const offsets = packed.map(({ length }) => (offset += length) - length);
  const header = join(
    [packed.length, ...offsets, ...Array(15 - offsets.length).fill(0)].map((n) => uint(n, 4)),
  );
  return join([header, ...packed]);
}

/** Frames of raw pixels coded by ffmpeg, one file's bytes each. */
export async function encodeFrames(
  frames: readonly Uint8Array[],
  { format, size, coding, extension }: {
    /** Ffmpeg's name of the raw pixels' format. */
    format: string;
    /** Width and height. */
    size: readonly [number, number];
    coding: readonly string[];
    extension: string;
  },
): Promise<Uint8Array[]> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/raw`, join(frames));
    const raw = ["-f", "rawvideo", "-pix_fmt", format, "-s", size.join("x"), "-i", `${folder}/raw`];
    await ffmpeg(...raw, ...coding, "-f", "image2", `${folder}/%d.${extension}`);
    const coded = await Promise.all(frames.map((_, i) => Deno.readFile(`${folder}/${i + 1}.${extension}`)));
    assert.ok(coded.every(({ length }) => length > 0));
    return coded;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A baseline JPEG of two grey blocks of 8 × 8 pixels side by side, each of one level, exactly. */
export function makeGreyJpeg(levels: readonly number[]): Uint8Array {
  const segment = (
    marker: number,
    content: readonly number[],
  ) => [0xff, marker, 0, content.length + 2, ...content];
  // A step of 8 for every coefficient makes the first one the block's mean less 128.
  const quantization = segment(0xdb, [0, ...Array(64).fill(8)]);
  const frame = segment(0xc0, [8, 0, 8, 0, 16, 1, 1, 0x11, 0]);
  // Codes of four bits for the lengths 0 to 8 of differences; one bit for "no other coefficients".
  const first = segment(0xc4, [0, 0, 0, 0, 9, ...Array(12).fill(0), 0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const others = segment(0xc4, [0x10, 1, ...Array(15).fill(0), 0]);
  const scan = segment(0xda, [1, 1, 0, 0, 63, 0]);
  let bits = "", last = 0;
  for (const level of levels) {
    const difference = level - 128 - last;
    last = level - 128;
    const length = difference === 0 ? 0 : Math.floor(Math.log2(Math.abs(difference))) + 1;
    const value = difference < 0 ? difference + 2 ** length - 1 : difference;
    bits += length.toString(2).padStart(4, "0") +
      (length > 0 ? value.toString(2).padStart(length, "0") : "") + "0";
  }
  const data = bits.padEnd(8 * Math.ceil(bits.length / 8), "1").match(/.{8}/g)!.map((byte) =>
    parseInt(byte, 2)
  );
  const stuffed = data.flatMap((byte) => byte === 0xff ? [byte, 0] : [byte]);
  const head = [0xff, 0xd8, ...quantization, ...frame, ...first, ...others, ...scan];
  return Uint8Array.from([...head, ...stuffed, 0xff, 0xd9]);
}
