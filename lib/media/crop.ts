/**
 * Finds the inside of the ultrasound fan.
 *
 * The outline of the fan tells depth setting and probe, so a network could learn from it what it should learn from
 * anatomy; the paper keeps the inner part only. Pixels that do not change over time (border, logos, scales) are
 * outside. The fan is the largest connected piece of what changes, filled along rows and columns, and the crop is the
 * largest box of the wanted aspect ratio inside it.
 *
 * @module
 */

/** A rectangle of a picture, in its pixels. */
export interface CropBox {
  /** First column. */
  x: number;
  /** First row. */
  y: number;
  /** Number of columns. */
  width: number;
  /** Number of rows. */
  height: number;
}

/** A picture's size, in pixels. */
export interface PictureSize {
  /** Number of columns. */
  width: number;
  /** Number of rows. */
  height: number;
}

/** Grey levels a pixel must span to count as changing; video coding alone makes still ones flicker by less. */
const motionThreshold = 10;
/** Below this share of still pixels there is no border to find. */
const leastStillShare = 0.02;
/** Below this share of the picture, what changes is no fan but a cursor or a counter. */
const leastFanShare = 0.08;
/** Share of a box that must be inside: a few pixels at the edge may be still by chance. */
const leastInside = 0.99;

/** Collects how much each pixel changes over a scan's frames. */
export class MotionMap {
  /** Size of the frames it takes. */
  readonly size: PictureSize;
  readonly #least: Uint8Array;
  readonly #most: Uint8Array;
  /** Frames taken so far. */
  frames = 0;

  /** Makes a map for frames of this size. */
  constructor(size: PictureSize) {
    this.size = size;
    this.#least = new Uint8Array(size.width * size.height).fill(255);
    this.#most = new Uint8Array(size.width * size.height);
  }

  /** Takes one or more grey frames, [count, H, W]. */
  take(frames: Uint8Array): void {
    const pixels = this.#least.length;
    for (let i = 0; i < frames.length; i++) {
      const pixel = i % pixels;
      if (frames[i] < this.#least[pixel]) this.#least[pixel] = frames[i];
      if (frames[i] > this.#most[pixel]) this.#most[pixel] = frames[i];
    }
    this.frames += frames.length / pixels;
  }

  /** 1 where a pixel changes, [H, W]. */
  moving(): Uint8Array {
    return this.#least.map((least, pixel) => this.#most[pixel] - least >= motionThreshold ? 1 : 0);
  }
}

/** The fan as it was found: 1 inside, in the small map's pixels, [H, W]; or why there is none. */
export type FoundFan = { inside: Uint8Array; note?: undefined } | { inside?: undefined; note: string };

/** Where the fan lies: the largest connected piece of what changes, without holes. */
export function findFan(motion: MotionMap): FoundFan {
  return findFanIn(motion.moving(), motion.size);
}

/** The fan in a map of what changes, 1 where it does, [H, W]. */
export function findFanIn(moving: Uint8Array, { width, height }: PictureSize): FoundFan {
  if (countOnes(moving) / moving.length > 1 - leastStillShare) {
    return { note: "no still border found: nothing cropped" };
  }
  const inside = fillConvex(largestPiece(close(moving, width, height), width, height), width, height);
  return countOnes(inside) / inside.length < leastFanShare
    ? { note: "too little of the picture changes to find the fan: nothing cropped" }
    : { inside };
}

/**
 * The largest box of an aspect ratio inside a mask of any size, in the pixels of the picture.
 *
 * @param share Share of the box that must be inside.
 */
export function boxInside(
  inside: Uint8Array,
  { width, height }: PictureSize,
  picture: PictureSize,
  aspect: number,
  share = leastInside,
): CropBox {
  const scale = { x: picture.width / width, y: picture.height / height };
  return enlarge(largestBox(inside, { width, height }, aspect * (scale.y / scale.x), share), scale, picture);
}

/** From the small map's pixels to the picture's, rounded inwards. */
function enlarge(box: CropBox, scale: { x: number; y: number }, picture: PictureSize): CropBox {
  const x = Math.ceil(box.x * scale.x);
  const y = Math.ceil(box.y * scale.y);
  const right = Math.min(picture.width, Math.floor((box.x + box.width) * scale.x));
  const bottom = Math.min(picture.height, Math.floor((box.y + box.height) * scale.y));
  return { x, y, width: Math.max(1, right - x), height: Math.max(1, bottom - y) };
}

/** The number of ones. */
export function countOnes(mask: Uint8Array): number {
  let count = 0;
  for (const value of mask) count += value;
  return count;
}

/** Closes gaps of up to four pixels: grows by two, then shrinks by two. */
function close(mask: Uint8Array, width: number, height: number): Uint8Array {
  return spread(spread(mask, width, height, 2, 1), width, height, 2, 0);
}

/** Spreads `value` by `radius` pixels in each direction (a square); outside of the picture counts as 0. */
function spread(mask: Uint8Array, width: number, height: number, radius: number, value: 0 | 1): Uint8Array {
  const pass = (from: Uint8Array, step: number, position: (pixel: number) => number, length: number) =>
    from.map((old, pixel) => {
      if (old === value) return old;
      const at = position(pixel);
      for (let d = Math.max(-radius, -at); d <= Math.min(radius, length - 1 - at); d++) {
        if (from[pixel + d * step] === value) return value;
      }
      return old;
    });
  const alongRows = pass(mask, 1, (pixel) => pixel % width, width);
  return pass(alongRows, width, (pixel) => Math.floor(pixel / width), height);
}

/** The largest piece of ones that hang together by their sides. */
function largestPiece(mask: Uint8Array, width: number, height: number): Uint8Array {
  const { piece, sizes } = piecesOf(mask, { width, height });
  const largest = 1 + sizes.indexOf(Math.max(...sizes));
  return mask.map((_, pixel) => sizes.length > 0 && piece[pixel] === largest ? 1 : 0);
}

/**
 * Pieces of ones that hang together by their sides.
 *
 * @returns The piece of each pixel, numbered from 1 and 0 for none, [H, W], and the pieces' pixels.
 */
export function piecesOf(
  mask: Uint8Array,
  { width, height }: PictureSize,
): { piece: Int32Array; sizes: number[] } {
  const piece = new Int32Array(mask.length);
  const sizes: number[] = [];
  for (let seed = 0; seed < mask.length; seed++) {
    if (!mask[seed] || piece[seed]) continue;
    piece[seed] = sizes.length + 1;
    const stack = [seed];
    let size = 0;
    while (stack.length > 0) {
      const pixel = stack.pop()!;
      size++;
      const x = pixel % width;
      const y = (pixel - x) / width;
      const neighbours = [x > 0 && pixel - 1, x < width - 1 && pixel + 1, y > 0 && pixel - width];
      for (const next of [...neighbours, y < height - 1 && pixel + width]) {
        if (next === false || !mask[next] || piece[next]) continue;
        piece[next] = sizes.length + 1;
        stack.push(next);
      }
    }
    sizes.push(size);
  }
  return { piece, sizes };
}

/**
 * Fills dark holes: a pixel is inside when it lies between ones both along its row and along its column, which
 * holds for shadows inside a fan but not for the corners beside its curved face.
 */
function fillConvex(mask: Uint8Array, width: number, height: number): Uint8Array {
  const between = (lines: number, length: number, at: (line: number, i: number) => number) => {
    const out = new Uint8Array(mask.length);
    for (let line = 0; line < lines; line++) {
      let [first, last] = [0, length - 1];
      while (first < length && !mask[at(line, first)]) first++;
      while (last > first && !mask[at(line, last)]) last--;
      for (let i = first; i <= last && first < length; i++) out[at(line, i)] = 1;
    }
    return out;
  };
  const rows = between(height, width, (y, x) => y * width + x);
  const columns = between(width, height, (x, y) => y * width + x);
  return rows.map((inside, pixel) => inside & columns[pixel]);
}

/** The largest box of this aspect whose area is inside, at the place with most room around it. */
function largestBox(mask: Uint8Array, size: PictureSize, aspect: number, share: number): CropBox {
  const { width, height } = size;
  const sums = integralImage(mask, width, height);
  let best: CropBox | undefined;
  // A box that fits contains smaller ones of its shape, so the largest is found by bisection.
  for (let [low, high] = [1, height]; low <= high;) {
    const boxHeight = (low + high) >> 1;
    const boxWidth = Math.max(1, Math.round(boxHeight * aspect));
    const found = boxWidth <= width ? placeBox(sums, size, [boxWidth, boxHeight], share) : undefined;
    if (found) [best, low] = [found, boxHeight + 1];
    else high = boxHeight - 1;
  }
  return best ?? { x: 0, y: 0, width, height };
}

/** The middle one of the places where a box fits, if there are any. */
function placeBox(
  sums: Float64Array,
  { width, height }: PictureSize,
  [boxWidth, boxHeight]: readonly [number, number],
  share: number,
): CropBox | undefined {
  const places: CropBox[] = [];
  const stride = width + 1;
  for (let y = 0; y + boxHeight <= height; y++) {
    for (let x = 0; x + boxWidth <= width; x++) {
      const top = y * stride + x;
      const bottom = (y + boxHeight) * stride + x;
      const inside = sums[bottom + boxWidth] - sums[bottom] - sums[top + boxWidth] + sums[top];
      if (inside >= share * boxWidth * boxHeight) {
        places.push({ x, y, width: boxWidth, height: boxHeight });
      }
    }
  }
  return places[places.length >> 1];
}

/** Sums over all pixels above and to the left, [H + 1, W + 1]. */
function integralImage(mask: Uint8Array, width: number, height: number): Float64Array {
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      row += mask[y * width + x];
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row;
    }
  }
  return sums;
}
