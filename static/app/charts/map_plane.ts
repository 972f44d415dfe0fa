/**
 * The plane of an embedding map: where a point lies on the canvas, what is near the pointer, and how it is drawn.
 *
 * @module
 */

import type { MapPoint } from "../../../routes/api.ts";

/** What part of the plane is shown: canvas = centre + scale · (point − middle), y upwards. */
export interface View {
  middle: [number, number];
  /** CSS pixels per unit of the map. */
  scale: number;
}

/** A canvas's size, CSS pixels. */
export interface Size {
  width: number;
  height: number;
}

const margin = 28;

/** The view that shows all points. */
export function fitView(points: readonly MapPoint[], size: Size): View {
  const all = points.flatMap((point) => [point.video, point.speech]);
  if (all.length === 0) return { middle: [0, 0], scale: 1 };
  const span = (axis: 0 | 1) => {
    const values = all.map((place) => place[axis]);
    return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  };
  const [left, right] = span(0);
  const [bottom, top] = span(1);
  const scale = Math.min(
    (size.width - 2 * margin) / Math.max(right - left, 1e-9),
    (size.height - 2 * margin) / Math.max(top - bottom, 1e-9),
  );
  return { middle: [(left + right) / 2, (bottom + top) / 2], scale };
}

/** Where a place of the map lies on the canvas. */
export function toCanvas([x, y]: [number, number], view: View, size: Size): [number, number] {
  return [
    size.width / 2 + (x - view.middle[0]) * view.scale,
    size.height / 2 - (y - view.middle[1]) * view.scale,
  ];
}

/** The view after zooming so that the place under the pointer stays. */
export function zoomView(view: View, size: Size, pointer: [number, number], factor: number): View {
  const scale = view.scale * factor;
  const dx = (pointer[0] - size.width / 2) * (1 / view.scale - 1 / scale);
  const dy = (pointer[1] - size.height / 2) * (1 / view.scale - 1 / scale);
  return { middle: [view.middle[0] + dx, view.middle[1] - dy], scale };
}

/** The point whose video or speech dot is nearest to the pointer, within 14 pixels. */
export function nearestPoint(
  points: readonly MapPoint[],
  view: View,
  size: Size,
  pointer: [number, number],
): number | null {
  let best: number | null = null;
  let bestDistance = 14;
  points.forEach((point, i) => {
    for (const place of [point.video, point.speech]) {
      const [x, y] = toCanvas(place, view, size);
      const distance = Math.hypot(x - pointer[0], y - pointer[1]);
      if (distance < bestDistance) [best, bestDistance] = [i, distance];
    }
  });
  return best;
}

/** What to draw. */
export interface MapDrawing {
  points: readonly MapPoint[];
  view: View;
  size: Size;
  colourOf: (point: MapPoint) => string;
  background: string;
  selected: number | null;
}

/** Draws each window as a filled dot (video), an open ring (speech) and the line between them. */
export function drawMap(context: CanvasRenderingContext2D, drawing: MapDrawing): void {
  const { points, size, selected } = drawing;
  const ratio = devicePixelRatio;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  const dim = selected === null ? 1 : 0.45;
  const lineAlpha = Math.min(0.5, 40 / Math.sqrt(points.length + 1) / 8);
  points.forEach((point) =>
    drawPair(context, drawing, point, { line: lineAlpha * dim, dot: 0.9 * dim, radius: 3.6 })
  );
  if (selected !== null && points[selected]) {
    drawPair(context, drawing, points[selected], { line: 1, dot: 1, radius: 6 });
  }
}

function drawPair(
  context: CanvasRenderingContext2D,
  { view, size, colourOf, background }: MapDrawing,
  point: MapPoint,
  look: { line: number; dot: number; radius: number },
): void {
  const [vx, vy] = toCanvas(point.video, view, size);
  const [sx, sy] = toCanvas(point.speech, view, size);
  context.strokeStyle = context.fillStyle = colourOf(point);
  context.globalAlpha = look.line;
  context.lineWidth = 1.2;
  context.beginPath();
  context.moveTo(vx, vy);
  context.lineTo(sx, sy);
  context.stroke();
  context.globalAlpha = look.dot;
  context.beginPath();
  context.arc(vx, vy, look.radius, 0, 2 * Math.PI);
  context.fill();
  context.beginPath();
  context.arc(sx, sy, look.radius, 0, 2 * Math.PI);
  context.fillStyle = background;
  context.fill();
  context.lineWidth = 1.8;
  context.stroke();
  context.globalAlpha = 1;
}

/** A colour for each of `count` groups: hues a golden angle apart, of even lightness in either scheme. */
export function groupColour(index: number, isDark: boolean): string {
  return `oklch(${isDark ? 0.76 : 0.58} 0.13 ${(200 + index * 137.508) % 360})`;
}
