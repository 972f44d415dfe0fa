/**
 * What a picture of the embedding map is made from, whoever paints it.
 *
 * @module
 */

import type { Rgb } from "./map_colours.ts";
import type { Size, View } from "./map_plane.ts";

/** What is painted; it changes seldom, while the view changes with every move. */
export interface MapScene {
  /** Where points are, `[2N, 2]`: videos, then speeches. */
  places: Float32Array;
  /** Where they come from. */
  from: Float32Array;
  /** Red, green, blue and alpha of each window, `[N, 4]`. */
  colours: Uint8Array;
  /** Windows in the order of painting: what comes last lies on top. */
  order: Uint32Array;
  /** Whether a line joins the two points of each window. */
  hasLines: boolean;
  background: Rgb;
}

/** How a scene is looked at. */
export interface MapLook {
  view: View;
  size: Size;
  /** How far points are on their way, 0 to 1. */
  share: number;
  /** Device pixels per CSS pixel. */
  ratio: number;
}

/** Paints scenes on a canvas. */
export interface MapPainter {
  readonly kind: "webgl" | "canvas";
  setScene(scene: MapScene): void;
  paint(look: MapLook): void;
  dispose(): void;
}

/** Alpha of windows that stand back, 0 to 255. */
export const dimAlpha = 46;

/** The radius of a point among so many windows, CSS pixels. */
export function pointRadius(windows: number): number {
  return Math.max(1.4, Math.min(3.8, 3.8 * Math.sqrt(1500 / Math.max(1, windows))));
}

/** Alpha of the lines between so many pairs, 0 to 1. */
export function lineAlpha(windows: number): number {
  return Math.max(0.06, Math.min(0.5, 8 / Math.sqrt(windows + 1)));
}

/** Alpha of points among so many windows, 0 to 255: where many lie on one another, their density shows. */
export function litAlpha(windows: number): number {
  return Math.round(Math.max(140, Math.min(255, 255 * (1500 / Math.max(1, windows)) ** 0.15)));
}

/** A scene's colours and order: windows that are lit lie above those that stand back. */
export function lightScene(
  colours: readonly Rgb[],
  isLit: (window: number) => boolean,
): Pick<MapScene, "colours" | "order"> {
  const out = new Uint8Array(colours.length * 4);
  const alpha = litAlpha(colours.length);
  const [back, front]: [number[], number[]] = [[], []];
  colours.forEach((colour, i) => {
    const lit = isLit(i);
    (lit ? front : back).push(i);
    out.set([...colour, lit ? alpha : dimAlpha], 4 * i);
  });
  return { colours: out, order: Uint32Array.from([...back, ...front]) };
}
