/**
 * From the values of DICOM pixels to grey levels.
 *
 * @see DICOM PS3.3, C.7.6.3.1 (photometric interpretation, palettes) and C.11.2.1.2 (windows).
 * @module
 */

import type { DataSet } from "dicom-parser";
import { UnusableMediaError } from "./unusable.ts";

/** What the samples of a pixel mean, as far as its brightness is concerned. */
export type Photometric =
  | "MONOCHROME1"
  | "MONOCHROME2"
  | "PALETTE COLOR"
  | "RGB"
  | "YBR_FULL"
  | "YBR_FULL_422"
  | "YBR_RCT"
  | "YBR_ICT";

/** Puts a file aside whose header cannot be true. */
export function refuseHeader(detail: string): never {
  throw new UnusableMediaError("corrupt", `its DICOM header contradicts itself: ${detail}`);
}

/** Whether an element is there and at least so long. */
export function hasBytes(set: DataSet, tag: string, length: number): boolean {
  return (set.elements[tag]?.length ?? 0) >= length;
}

/** Grey levels of all values that pixels of one sample can have. */
export function readGreyTable(set: DataSet, photometric: Photometric, bitsStored: number): Uint8Array {
  const count = 2 ** bitsStored;
  const isSigned = set.uint16("x00280103") === 1;
  const valueOf = (bits: number) => isSigned && bits >= count / 2 ? bits - count : bits;
  if (photometric === "PALETTE COLOR") {
    const palette = readPalette(set);
    return Uint8Array.from({ length: count }, (_, bits) => palette(valueOf(bits)));
  }
  const [slope, intercept] = [set.floatString("x00281053") || 1, set.floatString("x00281052") || 0];
  const [center, width] = [set.floatString("x00281050"), set.floatString("x00281051")];
  // Eight bits are made to be shown as they are; deeper ones need the window with which they were shown.
  const isWindowed = bitsStored > 8 && Number.isFinite(center) && width !== undefined && width >= 1;
  const least = isSigned ? -count / 2 : 0;
  const share = (value: number) =>
    isWindowed
      ? (value * slope + intercept - (center! - 0.5)) / Math.max(1, width! - 1) + 0.5
      : (value - least) / (count - 1);
  return Uint8Array.from({ length: count }, (_, bits) => {
    const grey = Math.round(255 * Math.min(1, Math.max(0, share(valueOf(bits)))));
    return photometric === "MONOCHROME1" ? 255 - grey : grey;
  });
}

/** Brightness of red, green and blue, 0 to 255 each, as in YBR_FULL (PS3.3, C.7.6.3.1.2). */
export function brightness(red: number, green: number, blue: number): number {
  return Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
}

function readPalette(set: DataSet): (value: number) => number {
  const tables = ["1", "2", "3"].map((channel) => {
    const [descriptor, data] = [`x0028110${channel}`, `x0028120${channel}`];
    if (!hasBytes(set, descriptor, 6) || !set.elements[data]) {
      throw new UnusableMediaError(
        "unsupported format",
        "its palette is missing, or in a form that is not read",
      );
    }
    const count = set.uint16(descriptor, 0) || 65536;
    const [first, bits] = [set.uint16(descriptor, 1)!, set.uint16(descriptor, 2)!];
    if (bits !== 8 && bits !== 16) refuseHeader(`a palette of ${bits} bits`);
    const isPacked = bits === 8 && set.elements[data].length < 2 * count;
    if (!hasBytes(set, data, isPacked ? count : 2 * count)) {
      refuseHeader("its palette is shorter than it says");
    }
    const { dataOffset } = set.elements[data];
    const level = (i: number) => {
      if (isPacked) return set.byteArray[dataOffset + i];
      const entry = set.uint16(data, i)!;
      return bits === 16 ? entry >> 8 : entry & 255;
    };
    return (value: number) => level(Math.min(count - 1, Math.max(0, value - first)));
  });
  return (value) => brightness(tables[0](value), tables[1](value), tables[2](value));
}
