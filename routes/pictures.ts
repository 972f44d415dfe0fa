/**
 * Pictures of a window: its frames and its log-spectrogram as PNG.
 *
 * @module
 */

import { encode } from "fast-png";

/** A body of bytes that a Response takes. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Answers with a picture or sound that may be kept for a while. */
export type Media = (bytes: Bytes, type: string) => Response;

/** One grey picture, `[H, W]` in 0…255. */
export function framePng(frame: Uint8Array, height: number, width: number): Bytes {
  return new Uint8Array(encode({ width, height, data: frame, channels: 1, depth: 8 }));
}

/** Frames `[T, H, W]` side by side. */
export function stripPng(frames: Uint8Array, count: number, height: number, width: number): Bytes {
  const data = new Uint8Array(frames.length);
  for (let t = 0; t < count; t++) {
    for (let y = 0; y < height; y++) {
      const from = (t * height + y) * width;
      data.set(frames.subarray(from, from + width), (y * count + t) * width);
    }
  }
  return framePng(data, height, count * width);
}

/** Positions of `count` items spread evenly over `of`. */
export function spread(count: number, of: number): number[] {
  const n = Math.min(count, of);
  return Array.from({ length: n }, (_, i) => Math.floor(((i + 0.5) * of) / n));
}

/**
 * A log-spectrogram in colour, time to the right and low bands at the bottom; dark is the 5th percentile of the
 * window and bright its maximum, so that room noise stays dark whatever the recording's level.
 *
 * @param logSpectrogram `[columns, bands]`.
 */
export function spectrogramPng(logSpectrogram: Float32Array, columns: number, bands: number): Bytes {
  const sorted = logSpectrogram.toSorted();
  const low = sorted[Math.floor(sorted.length * 0.05)] ?? 0;
  const range = Math.max(1e-6, (sorted.at(-1) ?? 0) - low);
  const data = new Uint8Array(columns * bands * 3);
  for (let x = 0; x < columns; x++) {
    for (let band = 0; band < bands; band++) {
      const share = (logSpectrogram[x * bands + band] - low) / range;
      data.set(colourOf(share), ((bands - 1 - band) * columns + x) * 3);
    }
  }
  return new Uint8Array(encode({ width: columns, height: bands, data, channels: 3, depth: 8 }));
}

/** Stops from night blue through teal to warm white, of evenly growing lightness. */
const stops = [[13, 16, 33], [27, 48, 84], [26, 96, 118], [62, 148, 126], [152, 194, 130], [250, 240, 198]];

function colourOf(share: number): number[] {
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const index = Math.min(stops.length - 2, Math.floor(place));
  const part = place - index;
  return stops[index].map((from, channel) => Math.round(from + part * (stops[index + 1][channel] - from)));
}
