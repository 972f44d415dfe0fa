/**
 * Native and run-length coded DICOM frames become grey pictures.
 *
 * @see DICOM PS3.5, 8.1 (native), G (RLE); PS3.3, C.7.6.3.1.2 (photometric interpretations).
 * @module
 */

import type { DicomCine } from "./dicom_header.ts";
import { brightness } from "./dicom_values.ts";
import { UnusableMediaError } from "./unusable.ts";

/** The grey picture, [H, W], of a native frame's bytes. */
export function greyOfNative(bytes: Uint8Array, cine: DicomCine): Uint8Array<ArrayBuffer> {
  const { width, height, samples, sampleBytes, photometric, isPlanar } = cine;
  const pixels = width * height;
  if (samples === 1) {
    return greyOfValues((i) => sampleBytes === 1 ? bytes[i] : bytes[2 * i] | bytes[2 * i + 1] << 8, cine);
  }
  // Two pixels are Y Y Cb Cr; only the Y count.
  if (photometric === "YBR_FULL_422") {
    return new Uint8Array(pixels).map((_, i) => bytes[4 * (i >> 1) + (i & 1)]);
  }
  const [step, plane] = isPlanar ? [1, pixels] : [3, 1];
  return greyOfColours((channel, i) => bytes[i * step + channel * plane], cine);
}

function greyOfValues(value: (pixel: number) => number, { width, height, greyOf, bitsStored }: DicomCine) {
  const mask = 2 ** bitsStored - 1;
  const grey = new Uint8Array(width * height);
  // Bits above those that count may hold overlays.
  for (let i = 0; i < grey.length; i++) grey[i] = greyOf![value(i) & mask];
  return grey;
}

/** The grey picture of three samples a pixel: red, green, blue, or luminance first. */
export function greyOfColours(
  sample: (channel: number, pixel: number) => number,
  { width, height, photometric }: Pick<DicomCine, "width" | "height" | "photometric">,
): Uint8Array<ArrayBuffer> {
  const grey = new Uint8Array(width * height);
  const isRgb = photometric === "RGB" || photometric === "YBR_RCT" || photometric === "YBR_ICT";
  for (let i = 0; i < grey.length; i++) {
    grey[i] = isRgb ? brightness(sample(0, i), sample(1, i), sample(2, i)) : sample(0, i);
  }
  return grey;
}

/** Applies the table of grey levels to a picture of values below 256. */
export function applyGreyTable(values: Uint8Array<ArrayBuffer>, cine: DicomCine): Uint8Array<ArrayBuffer> {
  return cine.samples === 1 ? greyOfValues((i) => values[i], cine) : values;
}

/**
 * The grey picture of a run-length coded frame.
 *
 * @throws UnusableMediaError `corrupt` when its segments are not those of its pixels.
 */
export function greyOfRle(bytes: Uint8Array, cine: DicomCine): Uint8Array<ArrayBuffer> {
  const { width, height, samples, sampleBytes } = cine;
  const segments = unpackSegments(bytes, samples * sampleBytes, width * height);
  if (samples === 3) return greyOfColours((channel, i) => segments[channel][i], cine);
  const [high, low] = segments;
  return greyOfValues((i) => sampleBytes === 1 ? high[i] : high[i] << 8 | low[i], cine);
}

/** Segments lie one after the other; the header says how many there are and where each begins. */
function unpackSegments(bytes: Uint8Array, count: number, length: number): Uint8Array[] {
  if (bytes.length < 64) throw new UnusableMediaError("corrupt", "an RLE frame is shorter than its header");
  const header = new DataView(bytes.buffer, bytes.byteOffset, 64);
  if (header.getUint32(0, true) !== count) {
    const found = header.getUint32(0, true);
    throw new UnusableMediaError("corrupt", `an RLE frame must have ${count} segments, one has ${found}`);
  }
  return Array.from({ length: count }, (_, i) => {
    const start = header.getUint32(4 + 4 * i, true);
    const end = i + 1 < count ? header.getUint32(8 + 4 * i, true) : bytes.length;
    if (start < 64 || end < start || end > bytes.length) {
      throw new UnusableMediaError("corrupt", "an RLE segment lies outside its frame");
    }
    return unpackBits(bytes.subarray(start, end), length);
  });
}

/** Undoes PackBits: 0 to 127 is followed by one more byte than it says, 129 to 255 by one byte to repeat. */
function unpackBits(packed: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let [from, to] = [0, 0];
  while (to < length && from + 1 < packed.length) {
    const code = packed[from++];
    if (code === 128) continue;
    const count = Math.min(code < 128 ? code + 1 : 257 - code, length - to);
    if (code > 128) out.fill(packed[from++], to, to + count);
    else {
      const literal = packed.subarray(from, from + count);
      out.set(literal, to);
      from += code + 1;
      if (literal.length < count) break;
    }
    to += count;
  }
  if (to < length) throw new UnusableMediaError("corrupt", `an RLE segment holds ${to} of ${length} bytes`);
  return out;
}
