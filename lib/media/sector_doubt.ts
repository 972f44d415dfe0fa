/**
 * Whether what was taken for the ultrasound sector can be one.
 *
 * The sector is found as the largest piece that moves. On a screen with a camera, a sound wave or a second picture
 * beside it, that piece may be any of them; where a shadow reaches the sector's edge, a part of the sector is missing.
 * Sectors of all probes, and rectangles, are one piece, nearly convex, with an edge that goes up and down a few times.
 *
 * @module
 */

import { countOnes, type FoundFan, type PictureSize, piecesOf } from "./crop.ts";

/**
 * Limits of what passes for a sector. Of 22 public clips, eight that show one whole sector had one piece, filled 0.96
 * of their convex hull or more, and their edges went up and down by 1.4 heights at most. Two to three sectors beside one
 * another, or a camera, had pieces of half the largest one and more, or filled 0.87 at most; shadows that cut a sector
 * left 0.79 to 0.91. A wide fan, as of the tongue, may go up and down by 2 heights.
 */
const leastPiece = 0.2, leastFilled = 0.9, mostUpAndDown = 3;

/**
 * Why what was found is probably not the sector, or not all of it; nothing when it looks like one.
 *
 * @param moving 1 where a pixel changes, [H, W].
 * @param fan What was found in it.
 */
export function sectorDoubts(moving: Uint8Array, fan: FoundFan, size: PictureSize): string[] {
  const { inside } = fan;
  if (!inside) return [];
  const doubts: string[] = [];
  const sizes = piecesOf(moving, size).sizes.toSorted((a, b) => b - a);
  const large = sizes.filter((pixels) => pixels >= leastPiece * sizes[0]).length;
  if (large > 1) {
    doubts.push(`${large} parts of the picture move, each by itself, and there is one sector: is this it?`);
  }
  const filled = countOnes(inside) / hullArea(inside, size);
  if (filled < leastFilled) {
    doubts.push(
      `its outline has notches (it fills ${Math.round(100 * filled)} % of its convex hull): is a part ` +
        "missing, or something else in it?",
    );
  }
  const upAndDown = edgeTravel(inside, size);
  if (upAndDown > mostUpAndDown) {
    doubts.push(`its outline is ragged (its edges go up and down by ${upAndDown.toFixed(1)} of its heights)`);
  }
  return doubts;
}

/** How far the upper and the lower edge go up and down from column to column, in heights of what is inside. */
function edgeTravel(inside: Uint8Array, { width, height }: PictureSize): number {
  const [tops, bottoms]: number[][] = [[], []];
  for (let x = 0; x < width; x++) {
    const rows = Array.from({ length: height }, (_, y) => y).filter((y) => inside[y * width + x]);
    if (rows.length === 0) continue;
    tops.push(rows[0]);
    bottoms.push(rows[rows.length - 1]);
  }
  const travel = (edge: readonly number[]) =>
    edge.reduce((sum, row, i) => sum + (i === 0 ? 0 : Math.abs(row - edge[i - 1])), 0);
  const tall = Math.max(...bottoms) - Math.min(...tops) + 1;
  return (travel(tops) + travel(bottoms)) / tall;
}

/** Area of the convex hull of the pixels that are inside, in pixels (Andrew's monotone chain, over columns). */
function hullArea(inside: Uint8Array, { width, height }: PictureSize): number {
  const corners: [number, number][] = [];
  for (let x = 0; x < width; x++) {
    let [first, last] = [0, height - 1];
    while (first < height && !inside[first * width + x]) first++;
    if (first === height) continue;
    while (!inside[last * width + x]) last--;
    corners.push([x, first], [x, last + 1], [x + 1, first], [x + 1, last + 1]);
  }
  corners.sort(([x0, y0], [x1, y1]) => x0 - x1 || y0 - y1);
  const hull = [...halfHull(corners), ...halfHull(corners.toReversed())];
  const twice = hull.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = hull[(i + 1) % hull.length];
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(twice) / 2;
}

function halfHull(points: readonly [number, number][]): [number, number][] {
  const chain: [number, number][] = [];
  for (const [x, y] of points) {
    while (chain.length >= 2) {
      const [[x0, y0], [x1, y1]] = [chain[chain.length - 2], chain[chain.length - 1]];
      if ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) > 0) break;
      chain.pop();
    }
    chain.push([x, y]);
  }
  return chain.slice(0, -1);
}
