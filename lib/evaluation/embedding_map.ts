/**
 * A picture of the embedding space: both modalities of every window on the plane of largest variance.
 *
 * @module
 */

import type { EmbeddedWindows } from "./embed.ts";
import { principalAxes, projectRows } from "./principal_axes.ts";

/** One window on the map. */
export interface MapPoint {
  /** The window's id. */
  windowId: number;
  /** The scan it is part of. */
  scanId: string;
  /** The scan's subject. */
  subject: string;
  /** What the window is labelled, if it is. */
  label: string | null;
  /** Place of its video embedding on the two axes. */
  video: [number, number];
  /** Place of its speech embedding on the same axes. */
  speech: [number, number];
}

/** Points with the share of the variance that each axis shows. */
export interface EmbeddingMap {
  /** One entry a window. */
  points: MapPoint[];
  /** Share of the embeddings' variance along each axis, 0 to 1. */
  explainedVariance: [number, number];
}

/** Largest number of windows on a map; more are thinned evenly. */
export const mapWindowLimit = 5000;

/**
 * Principal components of the video and speech embeddings together (2-D).
 *
 * The sign of an axis is free; it is chosen so that its largest loading is positive, which keeps maps of
 * neighbouring epochs alike.
 */
export function embeddingMap(
  embedded: EmbeddedWindows,
  labels: ReadonlyMap<number, string> = new Map(),
): EmbeddingMap {
  const { windows, video, speech, dimension } = embedded;
  const step = Math.max(1, Math.ceil(windows.length / mapWindowLimit));
  const kept = windows.map((_, i) => i).filter((i) => i % step === 0);
  const rows = new Float32Array(2 * kept.length * dimension);
  [video, speech].forEach((values, modality) =>
    kept.forEach((i, k) =>
      rows.set(values.subarray(i * dimension, (i + 1) * dimension), (modality * kept.length + k) * dimension)
    )
  );
  const axes = principalAxes(rows, dimension, 2);
  const count = axes.axes.length;
  const scores = projectRows(axes, rows);
  const point = (i: number): [number, number] => [scores[i * count], count > 1 ? scores[i * count + 1] : 0];
  const explained = axes.explainedVariance;
  return {
    points: kept.map((i, k) => ({
      windowId: windows[i].id,
      scanId: windows[i].scanId,
      subject: windows[i].subject,
      label: labels.get(windows[i].id) ?? null,
      video: point(k),
      speech: point(kept.length + k),
    })),
    explainedVariance: [explained[0] ?? 0, explained[1] ?? 0],
  };
}
