/**
 * The embedding map as pixels, computed here: points are stamped into them, which takes some ten milliseconds for
 * 100,000 of them where drawing each as a path takes a second.
 *
 * @module
 */

import { lineAlpha, type MapLook, type MapScene, pointRadius } from "./map_painter.ts";

/** Pixels of a picture, four bytes each. */
export interface Pixels {
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

/** A point's pixels: offsets from its middle, with how much of each is covered. */
interface Stamp {
  dx: number[];
  dy: number[];
  /** 0 to 1. */
  cover: number[];
  /** Share of the point's colour; the rest is the page's, inside of a ring. */
  ink: number[];
}

/** A point as a stamp: a disc, or a ring around the page's colour. */
export function makeStamp(radius: number, isRing: boolean): Stamp {
  const stamp: Stamp = { dx: [], dy: [], cover: [], ink: [] };
  const reach = Math.ceil(radius + 0.5);
  const inner = radius - Math.max(0.9, radius * 0.42);
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const distance = Math.hypot(dx, dy);
      const cover = Math.min(1, Math.max(0, radius + 0.5 - distance));
      if (cover < 0.05) continue;
      stamp.dx.push(dx);
      stamp.dy.push(dy);
      stamp.cover.push(cover);
      stamp.ink.push(isRing ? Math.min(1, Math.max(0, distance - inner + 0.5)) : 1);
    }
  }
  return stamp;
}

/**
 * Paints a scene over whatever the pixels hold.
 *
 * @param room Takes the points' places on the way, as long as `scene.places`.
 */
export function paintPixels(target: Pixels, scene: MapScene, look: MapLook, room: Float32Array): void {
  const [red, green, blue] = scene.background;
  const words = new Uint32Array(target.data.buffer);
  target.data.set([red, green, blue, 255]);
  words.fill(words[0]);
  placePoints(room, scene, look);
  if (scene.hasLines) drawLines(target, scene, room);
  const windows = scene.order.length;
  const radius = pointRadius(windows) * look.ratio;
  stampPoints(target, scene, { pixels: room, offset: 0, stamp: makeStamp(radius, false) });
  stampPoints(target, scene, { pixels: room, offset: windows, stamp: makeStamp(radius, true) });
}

/** Writes where points are on the canvas, device pixels. */
function placePoints(
  out: Float32Array,
  { places, from }: MapScene,
  { view, size, share, ratio }: MapLook,
): void {
  const [shiftX, shiftY] = [size.width / 2, size.height / 2];
  for (let i = 0; i < places.length; i += 2) {
    const x = from[i] + (places[i] - from[i]) * share;
    const y = from[i + 1] + (places[i + 1] - from[i + 1]) * share;
    out[i] = (shiftX + (x - view.middle[0]) * view.scale) * ratio;
    out[i + 1] = (shiftY - (y - view.middle[1]) * view.scale) * ratio;
  }
}

/** Stamps the points of one modality. It runs 100,000 times a frame: whole numbers, and no work for each pixel twice. */
function stampPoints(
  { data, width, height }: Pixels,
  { colours, order, background }: MapScene,
  { pixels, offset, stamp }: { pixels: Float32Array; offset: number; stamp: Stamp },
): void {
  const { dx, dy } = stamp;
  const count = dx.length;
  const steps = Int32Array.from(dx, (x, k) => 4 * (dy[k] * width + x));
  // Of 256 parts: how much of a pixel is covered, and how much of that is the point's own colour.
  const cover = Int32Array.from(stamp.cover, (share) => Math.round(256 * share));
  const ink = Int32Array.from(stamp.ink, (share) => Math.round(256 * share));
  const reach = Math.max(...dx);
  const [pageRed, pageGreen, pageBlue] = background;
  for (let n = 0; n < order.length; n++) {
    const window = order[n];
    const x = Math.floor(pixels[2 * (offset + window)]);
    const y = Math.floor(pixels[2 * (offset + window) + 1]);
    if (!(x > -reach && y > -reach && x < width + reach && y < height + reach)) continue;
    const isWhole = x >= reach && y >= reach && x < width - reach && y < height - reach;
    const colour = 4 * window;
    const [red, green, blue] = [colours[colour], colours[colour + 1], colours[colour + 2]];
    const alpha = colours[colour + 3];
    const middle = 4 * (y * width + x);
    for (let k = 0; k < count; k++) {
      if (!isWhole && (x + dx[k] < 0 || x + dx[k] >= width || y + dy[k] < 0 || y + dy[k] >= height)) continue;
      const at = middle + steps[k];
      const part = (cover[k] * alpha) / 255 | 0;
      const [own, page] = [ink[k], 256 - ink[k]];
      data[at] += (((red * own + pageRed * page) >> 8) - data[at]) * part >> 8;
      data[at + 1] += (((green * own + pageGreen * page) >> 8) - data[at + 1]) * part >> 8;
      data[at + 2] += (((blue * own + pageBlue * page) >> 8) - data[at + 2]) * part >> 8;
    }
  }
}

function drawLines({ data, width, height }: Pixels, scene: MapScene, pixels: Float32Array): void {
  const { colours, order } = scene;
  const alpha = lineAlpha(order.length);
  for (const window of order) {
    const other = order.length + window;
    const line = clipLine(
      [pixels[2 * window], pixels[2 * window + 1], pixels[2 * other], pixels[2 * other + 1]],
      width,
      height,
    );
    if (!line) continue;
    const [ax, ay, bx, by] = line;
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(bx - ax), Math.abs(by - ay))));
    const share = (alpha * colours[4 * window + 3]) / 255;
    for (let k = 0; k <= steps; k++) {
      const x = Math.floor(ax + ((bx - ax) * k) / steps);
      const y = Math.floor(ay + ((by - ay) * k) / steps);
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      const at = 4 * (y * width + x);
      for (let c = 0; c < 3; c++) data[at + c] += (colours[4 * window + c] - data[at + c]) * share;
    }
  }
}

/** The part of a line that lies on the canvas (Liang and Barsky, 1984); null when none does. */
export function clipLine(
  [ax, ay, bx, by]: readonly [number, number, number, number],
  width: number,
  height: number,
): [number, number, number, number] | null {
  const [dx, dy] = [bx - ax, by - ay];
  let [first, last] = [0, 1];
  for (const [step, room] of [[-dx, ax], [dx, width - ax], [-dy, ay], [dy, height - ay]]) {
    if (step === 0) {
      if (room < 0) return null;
      continue;
    }
    if (step < 0) first = Math.max(first, room / step);
    else last = Math.min(last, room / step);
  }
  if (!(first <= last)) return null;
  return [ax + first * dx, ay + first * dy, ax + last * dx, ay + last * dy];
}
