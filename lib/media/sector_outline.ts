/**
 * The outline of the ultrasound sector: a polygon beyond which nothing of a picture is kept.
 *
 * What a scanner writes around the sector (names, dates, the hospital) is told from it by where it is, so it goes
 * whether it stands still, changes, or is shown for a moment only.
 *
 * @module
 */

import { boxInside, type CropBox, type PictureSize } from "./crop.ts";

/** A corner, in pixels of the picture from its upper left corner. */
export type Point = readonly [x: number, y: number];

/** Corners of a polygon in order; the last one is joined to the first. */
export type SectorOutline = readonly Point[];

/** How far a straight line may pass by the corners it stands for, in pixels of the map. */
const simplification = 0.75;
/** The sector's edge is known to this many pixels of the map: so much around it is kept. */
const margin = 1;

/**
 * The outline of a fan that was found.
 *
 * Each column of the map gives its first and last row; that tells sectors, their curved faces and rectangles alike.
 *
 * @param inside 1 inside the fan, [H, W] of `size`.
 * @param within What part of the picture the map shows, in pixels of the picture.
 */
export function outlineOf(inside: Uint8Array, size: PictureSize, within: CropBox): Point[] {
  const [top, bottom]: Point[][] = [[], []];
  const { width, height } = size;
  for (let x = 0; x < width; x++) {
    // A column is as high as the highest of its neighbours: that keeps the margin sideways, too.
    const spans = [x - margin, x, x + margin].flatMap((column) => spanOf(inside, size, column) ?? []);
    if (spans.length === 0) continue;
    const first = Math.max(0, Math.min(...spans) - margin),
      end = Math.min(height, Math.max(...spans) + margin);
    // From the first column's left edge over the middles of all to the last one's right edge.
    if (top.length === 0) [top, bottom].forEach((chain, i) => chain.push([x, i === 0 ? first : end]));
    top.push([x + 0.5, first]);
    bottom.push([x + 0.5, end]);
  }
  for (const chain of [top, bottom]) {
    const last = chain.at(-1);
    if (last) chain.push([last[0] + 0.5, last[1]]);
  }
  const scale = [within.width / width, within.height / height];
  return [...simplify(top), ...simplify(bottom).reverse()].map(([x, y]) =>
    [tenths(within.x + x * scale[0]), tenths(within.y + y * scale[1])] as const
  );
}

/** The first row of a column that is inside, and the one after the last. */
function spanOf(inside: Uint8Array, { width, height }: PictureSize, x: number): [number, number] | undefined {
  if (x < 0 || x >= width) return undefined;
  let [first, last] = [0, height - 1];
  while (first < height && !inside[first * width + x]) first++;
  while (last >= first && !inside[last * width + x]) last--;
  return first < height ? [first, last + 1] : undefined;
}

const tenths = (value: number) => Math.round(value * 10) / 10;

/** Leaves out corners that hardly matter (Ramer, Douglas and Peucker). */
function simplify(chain: readonly Point[]): Point[] {
  if (chain.length < 3) return [...chain];
  const [from, to] = [chain[0], chain[chain.length - 1]];
  let [farthest, distance] = [0, simplification];
  chain.forEach((point, i) => {
    const found = distanceTo(point, from, to);
    if (found > distance) [farthest, distance] = [i, found];
  });
  if (farthest === 0) return [from, to];
  return [...simplify(chain.slice(0, farthest + 1)), ...simplify(chain.slice(farthest)).slice(1)];
}

/** Distance of a point from the line through two others, or from the first where they are one. */
function distanceTo([x, y]: Point, [x0, y0]: Point, [x1, y1]: Point): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = Math.hypot(dx, dy);
  if (length === 0) return Math.hypot(x - x0, y - y0);
  return Math.abs(dx * (y - y0) - dy * (x - x0)) / length;
}

/** Area inside, in square pixels. */
export function areaOf(outline: SectorOutline): number {
  const twice = outline.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = outline[(i + 1) % outline.length];
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(twice) / 2;
}

/**
 * Which pixels of stored frames may show something: those that see nothing but the sector.
 *
 * A stored pixel is the mean of a patch of the picture. It is kept only if its patch, and one pixel around it, lies
 * inside the outline as far as it lies inside the crop: nothing beyond the outline is in any mean.
 *
 * @param size Height and width of a stored frame.
 * @returns 1 where a pixel is kept, [H, W].
 */
export function keptPixels(
  outline: SectorOutline,
  crop: CropBox,
  [height, width]: readonly [number, number],
): Uint8Array {
  const [stepX, stepY] = [crop.width / width, crop.height / height];
  return Uint8Array.from({ length: height * width }, (_, pixel) => {
    const [column, row] = [pixel % width, Math.floor(pixel / width)];
    const left = Math.max(crop.x, crop.x + column * stepX - 1);
    const top = Math.max(crop.y, crop.y + row * stepY - 1);
    const right = Math.min(crop.x + crop.width, crop.x + (column + 1) * stepX + 1);
    const bottom = Math.min(crop.y + crop.height, crop.y + (row + 1) * stepY + 1);
    return holdsBox(outline, { x: left, y: top, width: right - left, height: bottom - top }) ? 1 : 0;
  });
}

/** Longer side of the map on which a box is searched in an outline. */
const searchSide = 240;

/** The largest box of an aspect ratio (width divided by height) that lies inside the outline as a whole. */
export function boxWithin(outline: SectorOutline, picture: PictureSize, aspect: number): CropBox {
  const scale = Math.min(1, searchSide / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((side) =>
    Math.max(1, Math.round(side * scale))
  );
  const whole = { x: 0, y: 0, ...picture };
  return boxInside(keptPixels(outline, whole, [height, width]), { width, height }, picture, aspect, 1);
}

/** Whether a box lies inside the outline as a whole; it may touch it. */
function holdsBox(outline: SectorOutline, box: CropBox): boolean {
  if (!holdsPoint(outline, [box.x + box.width / 2, box.y + box.height / 2])) return false;
  return outline.every((from, i) => !crosses(from, outline[(i + 1) % outline.length], box));
}

/** Whether a point lies inside (by how often a ray from it crosses the outline). */
function holdsPoint(outline: SectorOutline, [x, y]: Point): boolean {
  let isInside = false;
  outline.forEach(([x0, y0], i) => {
    const [x1, y1] = outline[(i + 1) % outline.length];
    if (y0 > y !== y1 > y && x < x0 + ((y - y0) * (x1 - x0)) / (y1 - y0)) isInside = !isInside;
  });
  return isInside;
}

/** Lines that touch a box's edge within this many pixels do not cross it. */
const slack = 0.051;

/** Whether a line enters the inside of a box (Liang and Barsky). */
function crosses([x0, y0]: Point, [x1, y1]: Point, { x, y, width, height }: CropBox): boolean {
  const [dx, dy] = [x1 - x0, y1 - y0];
  let [enter, leave] = [0, 1];
  const limits: [number, number][] = [
    [-dx, x0 - (x + slack)],
    [dx, x + width - slack - x0],
    [-dy, y0 - (y + slack)],
    [dy, y + height - slack - y0],
  ];
  for (const [slope, room] of limits) {
    if (slope === 0) {
      if (room <= 0) return false;
    } else if (slope < 0) enter = Math.max(enter, room / slope);
    else leave = Math.min(leave, room / slope);
  }
  return enter < leave;
}
