/**
 * The fan of a curved-array probe: a grid of samples along beams, and the way from that grid to a picture.
 *
 * Lengths are centimetres. The middle of the probe's face is the origin, x points right and y points down, away
 * from the probe. The grid is stored depth by depth: sample (row, beam) lies at `row * beams + beam`.
 *
 * @module
 */

/** The form of the fan. */
export interface SectorForm {
  /** Depth of the deepest sample below the probe's face, cm. */
  depth: number;
  /** Radius of the probe's curved face, cm. */
  radius: number;
  /** Half of the opening angle, radians. */
  halfAngle: number;
}

/** Pixels a centimetre, and the depth that is in the middle of a picture of this size, cm. */
function pictureFrame(form: SectorForm, [height, width]: readonly [number, number]) {
  const { depth, radius, halfAngle } = form;
  const top = radius * (Math.cos(halfAngle) - 1);
  const fit = Math.min(height / (depth - top), width / (2 * (radius + depth) * Math.sin(halfAngle)));
  return { scale: 0.97 * fit, middle: (depth + top) / 2 };
}

/**
 * Where a place of the fan lies in a picture.
 *
 * @param place x and y, cm.
 * @returns Shares of the width and of the height, 0 to 1 within the picture.
 */
export function placeInPicture(
  form: SectorForm,
  frameSize: readonly [number, number],
  [x, y]: readonly [number, number],
): [number, number] {
  const { scale, middle } = pictureFrame(form, frameSize);
  return [0.5 + (x * scale) / frameSize[1], 0.5 + ((y - middle) * scale) / frameSize[0]];
}

/** A square in the fan, cm: its upper edge's depth and its half width. */
export interface InnerSquare {
  /** y of the upper edge. */
  top: number;
  /** Half of a side. */
  half: number;
}

/** The largest square that lies in the fan, its middle straight below the probe. */
export function innerSquare({ depth, radius, halfAngle }: SectorForm): InnerSquare {
  const topOf = (half: number) => Math.max(0, half / Math.tan(halfAngle) - radius);
  let [low, high] = [0, (radius + depth) * Math.sin(halfAngle)];
  for (let turn = 0; turn < 40; turn++) {
    const half = (low + high) / 2;
    if (Math.hypot(half, topOf(half) + 2 * half + radius) <= radius + depth) low = half;
    else high = half;
  }
  return { top: topOf(low), half: low };
}

/** The beam grid of one fan and its conversion to pictures of one size. */
export class Sector {
  /** The form of the fan. */
  readonly form: SectorForm;
  /** Height and width of the pictures, pixels. */
  readonly frameSize: readonly [number, number];
  /** Number of beams. */
  readonly beams: number;
  /** Number of samples along a beam. */
  readonly rows: number;
  /** Distance between two samples of a beam, cm. */
  readonly rowStep: number;
  /** Angle between two beams, radians. */
  readonly beamStep: number;
  /** Place of every sample [rows · beams], cm. */
  readonly x: Float32Array;
  /** Place of every sample [rows · beams], cm. */
  readonly y: Float32Array;
  /** Direction of every beam [beams]. */
  readonly directionX: Float32Array;
  /** Direction of every beam [beams]. */
  readonly directionY: Float32Array;
  readonly #pixel: Int32Array;
  readonly #sample: Int32Array;
  readonly #weight: Float32Array;

  /** Computes the grid and the conversion. @param frameSize Height and width of the pictures, pixels. */
  constructor(form: SectorForm, frameSize: readonly [number, number]) {
    this.form = form;
    this.frameSize = frameSize;
    this.beams = Math.round(frameSize[1] * 0.55);
    this.rows = frameSize[0];
    this.rowStep = form.depth / (this.rows - 1);
    this.beamStep = (2 * form.halfAngle) / (this.beams - 1);
    this.x = new Float32Array(this.rows * this.beams);
    this.y = new Float32Array(this.rows * this.beams);
    this.directionX = Float32Array.from({ length: this.beams }, (_, b) => Math.sin(this.#angle(b)));
    this.directionY = Float32Array.from({ length: this.beams }, (_, b) => Math.cos(this.#angle(b)));
    for (let row = 0, i = 0; row < this.rows; row++) {
      const range = form.radius + row * this.rowStep;
      for (let beam = 0; beam < this.beams; beam++, i++) {
        this.x[i] = range * this.directionX[beam];
        this.y[i] = range * this.directionY[beam] - form.radius;
      }
    }
    [this.#pixel, this.#sample, this.#weight] = this.#conversion();
  }

  #angle(beam: number): number {
    return -this.form.halfAngle + beam * this.beamStep;
  }

  /** For each pixel inside the fan: its index, its upper left sample, and the two bilinear weights. */
  #conversion(): [Int32Array, Int32Array, Float32Array] {
    const { radius, halfAngle } = this.form;
    const [height, width] = this.frameSize;
    const { scale, middle } = pictureFrame(this.form, this.frameSize);
    const pixels: number[] = [], samples: number[] = [], weights: number[] = [];
    for (let pixel = 0; pixel < height * width; pixel++) {
      const x = ((pixel % width) + 0.5 - width / 2) / scale;
      const y = (Math.floor(pixel / width) + 0.5 - height / 2) / scale + middle + radius;
      const row = (Math.hypot(x, y) - radius) / this.rowStep;
      const beam = (Math.atan2(x, y) + halfAngle) / this.beamStep;
      if (row < 0 || row >= this.rows - 1 || beam < 0 || beam >= this.beams - 1) continue;
      pixels.push(pixel);
      samples.push(Math.floor(row) * this.beams + Math.floor(beam));
      weights.push(row % 1, beam % 1);
    }
    return [Int32Array.from(pixels), Int32Array.from(samples), Float32Array.from(weights)];
  }

  /** Writes grid values [rows · beams] into a picture [height · width], 0 to 255; outside the fan is left alone. */
  convert(grid: Float32Array, picture: Uint8Array): void {
    const pixel = this.#pixel, sample = this.#sample, weight = this.#weight, beams = this.beams;
    for (let i = 0; i < pixel.length; i++) {
      const s = sample[i], down = weight[2 * i], right = weight[2 * i + 1];
      const upper = grid[s] + right * (grid[s + 1] - grid[s]);
      const lower = grid[s + beams] + right * (grid[s + beams + 1] - grid[s + beams]);
      picture[pixel[i]] = upper + down * (lower - upper) + 0.5;
    }
  }
}
