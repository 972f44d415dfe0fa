/**
 * Maps of where people look, laid over the picture they are about.
 *
 * @module
 */

/** Values `[H, W]`, 0 to 255. */
export interface GreyMap {
  values: Uint8Array;
  /** Height and width. */
  size: readonly [number, number];
}

/** From base64; null where the bytes do not fit the size. */
export function decodeMap(base64: string, size: readonly [number, number]): GreyMap | null {
  try {
    const values = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return values.length > 0 && values.length === size[0] * size[1] ? { values, size } : null;
  } catch {
    return null;
  }
}

/** From red through yellow: bright where most is looked at, and seen on grey by any colour vision. */
const hot = [[150, 0, 20], [245, 120, 0], [255, 240, 120]];

/**
 * The picture with a map over it, whose value is the colour and, times `strength` (0 to 1), how much of it is seen.
 *
 * @returns `[H, W, 4]` of the picture's size: red, green, blue and full opacity, as a canvas takes them.
 */
export function overlayPixels(
  picture: GreyMap,
  map: GreyMap | null,
  strength: number,
): Uint8ClampedArray<ArrayBuffer> {
  const [height, width] = picture.size;
  const out = new Uint8ClampedArray(height * width * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const place = y * width + x;
      const grey = picture.values[place];
      const value = map ? between(map, (y + 0.5) / height, (x + 0.5) / width) : 0;
      const seen = Math.min(1, Math.max(0, strength)) * value / 255;
      const colour = colourOf(value / 255);
      for (let c = 0; c < 3; c++) out[4 * place + c] = grey + seen * (colour[c] - grey);
      out[4 * place + 3] = 255;
    }
  }
  return out;
}

function colourOf(share: number): number[] {
  const place = share * (hot.length - 1);
  const below = Math.min(hot.length - 2, Math.floor(place));
  return hot[below].map((from, c) => from + (place - below) * (hot[below + 1][c] - from));
}

/** The map's value at shares of its height and width, between the four nearest. */
function between({ values, size: [height, width] }: GreyMap, down: number, across: number): number {
  const [y, x] = [clamp(down * height - 0.5, height - 1), clamp(across * width - 0.5, width - 1)];
  const [y0, x0] = [Math.floor(y), Math.floor(x)];
  const [y1, x1] = [Math.min(height - 1, y0 + 1), Math.min(width - 1, x0 + 1)];
  const row = (line: number) =>
    values[line * width + x0] + (x - x0) * (values[line * width + x1] - values[line * width + x0]);
  return row(y0) + (y - y0) * (row(y1) - row(y0));
}

function clamp(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}
