/**
 * What lies over the embedding map and changes with every move: the current window's pair, and the lasso.
 *
 * @module
 */

import { cssOf, type Rgb } from "./map_colours.ts";
import type { MapScene } from "./map_painter.ts";
import { type Place, placeOf, type Size, toCanvas, type View } from "./map_plane.ts";

/** What to draw. */
export interface Overlay {
  scene: MapScene;
  view: View;
  size: Size;
  current: number | null;
  /** CSS pixels. */
  lasso: readonly Place[];
}

const radius = 6.5;

/** Draws the current window as a filled dot (video), a ring (speech) and the line between, and the lasso so far. */
export function drawOverlay(canvas: HTMLCanvasElement, { scene, view, size, current, lasso }: Overlay): void {
  const ratio = devicePixelRatio;
  canvas.width = Math.round(size.width * ratio);
  canvas.height = Math.round(size.height * ratio);
  const context = canvas.getContext("2d");
  if (!context) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (current !== null && current < scene.order.length) {
    const colour = Array.from(scene.colours.subarray(4 * current, 4 * current + 3)) as Rgb;
    const [video, speech] = (["video", "speech"] as const).map((modality) =>
      toCanvas(placeOf(scene.places, current, modality), view, size)
    );
    drawPair(context, [video, speech], { colour: cssOf(colour), page: cssOf(scene.background) });
  }
  if (lasso.length > 1) drawLasso(context, lasso);
}

function drawPair(
  context: CanvasRenderingContext2D,
  [video, speech]: Place[],
  { colour, page }: { colour: string; page: string },
): void {
  const line = (style: string, width: number) => {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(...video);
    context.lineTo(...speech);
    context.stroke();
  };
  // Among many points a pair shows only with the page's colour around it.
  line(page, 5);
  line(colour, 2);
  [video, speech].forEach((place, i) => {
    for (const [extra, style] of [[2.5, page], [0, colour]] as const) {
      context.beginPath();
      context.arc(...place, radius + extra, 0, 2 * Math.PI);
      context.fillStyle = style;
      context.fill();
    }
    if (i === 0) return;
    context.beginPath();
    context.arc(...place, radius - 2.5, 0, 2 * Math.PI);
    context.fillStyle = page;
    context.fill();
  });
}

function drawLasso(context: CanvasRenderingContext2D, line: readonly Place[]): void {
  context.beginPath();
  line.forEach(([x, y], i) => i === 0 ? context.moveTo(x, y) : context.lineTo(x, y));
  context.closePath();
  context.fillStyle = "rgb(128 160 170 / 18%)";
  context.fill();
  context.strokeStyle = getComputedStyle(context.canvas).color;
  context.lineWidth = 1.5;
  context.setLineDash([5, 4]);
  context.stroke();
  context.setLineDash([]);
}
