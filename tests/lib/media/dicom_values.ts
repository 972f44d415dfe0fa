/**
 * Small DICOM files' pixels and elements, and how they are read back, for the tests of both.
 *
 * @module
 */

import assert from "node:assert/strict";
import { openDicom } from "../../../lib/media/dicom.ts";
import { type DicomSpec, makeDicom } from "./make_dicom.ts";

export async function withFile<T>(bytes: Uint8Array, use: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile({ suffix: ".dcm" });
  try {
    await Deno.writeFile(path, bytes);
    return await use(path);
  } finally {
    await Deno.remove(path);
  }
}

/** All pixels of a file's frames, one picture a frame. */
export async function decode(bytes: Uint8Array, frameRate = 10): Promise<number[][]> {
  return await withFile(bytes, async (path) => {
    const pictures = await openDicom(path);
    const { width, height } = pictures.size;
    const frames: number[][] = [];
    const report = await pictures.decode({
      startSeconds: 0,
      frameRate,
      size: [height, width],
      onFrames: (taken) => {
        for (let at = 0; at < taken.length; at += width * height) {
          frames.push([...taken.slice(at, at + width * height)]);
        }
      },
    });
    assert.deepEqual([report.code, report.errorLines, report.framesDecoded], [0, 0, pictures.extent.packets]);
    return frames;
  });
}

export const decodeSpec = (spec: DicomSpec) => decode(makeDicom(spec));

/** Three frames of 4 × 2 values that differ everywhere. */
export const values = [0, 1, 2].map((frame) => Uint8Array.from({ length: 8 }, (_, i) => 80 * frame + 9 * i));
export const expected = values.map((frame) => [...frame]);
export const coloured = [0, 1, 2].map((frame) =>
  Array.from({ length: 8 }, (_, i) => [200 - 9 * i, 30 * i, 70 * frame])
);
export const luma = coloured.map((frame) =>
  frame.map(([r, g, b]) => Math.round(0.299 * r + 0.587 * g + 0.114 * b))
);
export const interleaved = (frames: number[][][]) => Uint8Array.from(frames.flat(2));
export const planar = (frames: number[][][]) =>
  Uint8Array.from(
    frames.flatMap((frame) => [0, 1, 2].flatMap((channel) => frame.map((pixel) => pixel[channel]))),
  );
export const words = (numbers: readonly number[]) =>
  Uint8Array.from(numbers.flatMap((n) => [n & 255, n >> 8]));
export const colours = { "0028,0002": ["US", [3]], "0028,0006": ["US", [0]] } as const;
export const photometric = (name: string) => ({ "0028,0004": ["CS", name] as const });

export const palette = (bits: 8 | 16) => {
  const channels = [(i: number) => i, (i: number) => 255 - i, (_: number) => 128];
  const data = channels.map((level) => Array.from({ length: 256 }, (_, i) => level(i)));
  const encode = (levels: number[]) =>
    bits === 8 ? Uint8Array.from(levels) : words(levels.map((n) => n << 8 | 77));
  return {
    ...photometric("PALETTE COLOR"),
    ...Object.fromEntries(data.flatMap((levels, i) => [
      [`0028,110${i + 1}`, ["US", [256, 0, bits]] as const],
      [`0028,120${i + 1}`, ["OW", encode(levels)] as const],
    ])),
  };
};

export const size = [16, 8] as const;
export const pixelCount = size[0] * size[1];
export const geometry = { "0028,0010": ["US", [size[1]]], "0028,0011": ["US", [size[0]]] } as const;
export const greys = [0, 1, 2].map((frame) =>
  Uint8Array.from({ length: pixelCount }, (_, i) => (2 * i + 60 * frame) % 256)
);

export const colouredFrames = (name: string) => ({ ...geometry, ...colours, ...photometric(name) });

export const regionItem = (box: number[], format = 1, type = 1) => ({
  "0018,6012": ["US", [format]] as const,
  "0018,6014": ["US", [type]] as const,
  ...Object.fromEntries(
    ["6018", "601A", "601C", "601E"].map((tag, i) => [`0018,${tag}`, ["UL", [box[i]]] as const]),
  ),
});
/** Twelve bits of sixteen. */
export const deep = {
  "0028,0100": ["US", [16]],
  "0028,0101": ["US", [12]],
  "0028,0102": ["US", [11]],
} as const;
