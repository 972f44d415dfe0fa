/**
 * What changes in a scan from moment to moment, coarse enough to be the same in a copy and fine enough to differ
 * between any two recordings: the fingerprint by which near-duplicates are found.
 *
 * Both tracks hold differences alone. What stands still (a frozen or black picture, the marks that a machine draws
 * into all of them, a steady hum) leaves no trace in them and can never make two scans look alike.
 *
 * @module
 */

import type { InputSource } from "./inputs.ts";
import { resizeArea } from "./resize.ts";

/** The two tracks of a scan. */
export type TrackKind = "pictures" | "speech";

/** How a kind of track is made and compared. */
export interface TrackRule {
  /** Time between two cells, seconds. */
  cellSeconds: number;
  /** Numbers in a cell. */
  dimension: number;
  /** Cells of a segment, the piece that is looked up. */
  segmentCells: number;
  /** Cells around and including a segment that must agree, too, as far as both scans reach. */
  surroundingCells: number;
  /** A cell whose root mean square is below this, in steps of its whole numbers, stands still. */
  stillLevel: number;
  /** Least normalised correlation of two segments of the same recording. */
  segmentCorrelation: number;
  /** Least normalised correlation of what surrounds them. */
  surroundingCorrelation: number;
}

const pictureSize = 16, blurRadius = 2, speechGroups = 16;

/**
 * The rules. They were calibrated on synthetic scans, easy and standard, at 48 × 48 and at 112 × 144 pixels: between
 * subjects the best of all segments of pictures reach 0.56 and their surroundings 0.44, those of speech 0.82 (where two
 * subjects are spoken to by one synthetic voice in the same words) and 0.7. Of copies that were encoded again, scaled,
 * cropped by 6 %, made brighter and louder or shifted in time, the best segment is at 0.73 and above (pictures) and at
 * 0.95 and above (speech).
 */
export const trackRules: Readonly<Record<TrackKind, TrackRule>> = {
  pictures: {
    cellSeconds: 0.5,
    dimension: pictureSize ** 2,
    segmentCells: 3,
    surroundingCells: 7,
    stillLevel: 3,
    segmentCorrelation: 0.65,
    surroundingCorrelation: 0.6,
  },
  speech: {
    cellSeconds: 0.05,
    dimension: speechGroups - 1,
    segmentCells: 38,
    surroundingCells: 80,
    stillLevel: 8,
    segmentCorrelation: 0.88,
    surroundingCorrelation: 0.8,
  },
};

/** Changes from cell to cell, as whole numbers from −127 to 127. */
export interface ChangeTrack {
  /** [cells, dimension], row-major. */
  values: Int8Array;
  /** Number of cells. */
  cells: number;
}

/** Reads both tracks of one scan, beginning at any phase. */
export class TrackReader {
  readonly #source: InputSource;
  readonly #scanId: string;
  readonly #frameCount: number;
  readonly #frameSeconds: number;
  readonly #pictures = new Map<number, Float32Array>();
  #sums: Float64Array | undefined;

  /** @param windowCount Whole windows of the scan. */
  constructor(source: InputSource, scanId: string, windowCount: number) {
    const { framesPerWindow, windowSeconds } = source.config;
    this.#source = source;
    this.#scanId = scanId;
    this.#frameCount = windowCount * framesPerWindow;
    this.#frameSeconds = windowSeconds / framesPerWindow;
  }

  /** Phases that between them leave no copy further than half of one from a cell, seconds. */
  phases(kind: TrackKind): number[] {
    const { cellSeconds } = trackRules[kind];
    const count = kind === "speech"
      ? 2
      : Math.min(4, Math.max(1, Math.round(cellSeconds / this.#frameSeconds)));
    return Array.from({ length: count }, (_, i) => (i * cellSeconds) / count);
  }

  /** A track whose first cell begins `phaseSeconds` after the scan. */
  read(kind: TrackKind, phaseSeconds: number): ChangeTrack {
    return kind === "pictures" ? this.#readPictures(phaseSeconds) : this.#readSpeech(phaseSeconds);
  }

  /** How the picture, without its coarse light and shade, changes in half a second; one step is a grey level. */
  #readPictures(phaseSeconds: number): ChangeTrack {
    const { cellSeconds, dimension } = trackRules.pictures;
    const frameAt = (cell: number) => Math.round((phaseSeconds + cell * cellSeconds) / this.#frameSeconds);
    let cells = 0;
    while (frameAt(cells + 1) < this.#frameCount) cells++;
    const values = new Int8Array(cells * dimension);
    for (let cell = 0; cell < cells; cell++) {
      const [before, after] = [this.#picture(frameAt(cell)), this.#picture(frameAt(cell + 1))];
      for (let i = 0; i < dimension; i++) values[cell * dimension + i] = toStep(after[i] - before[i]);
    }
    return { values, cells };
  }

  #picture(frame: number): Float32Array {
    let picture = this.#pictures.get(frame);
    if (!picture) {
      const [height, width] = this.#source.config.frameSize;
      const stored = this.#source.readFrames(this.#scanId, frame, 1);
      picture = withoutShade(resizeArea(stored, height, width, pictureSize, pictureSize));
      this.#pictures.set(frame, picture);
    }
    return picture;
  }

  /**
   * Differences of log power between neighbouring bands and between cells (Haitsma and Kalker, A highly robust audio
   * fingerprinting system, ISMIR 2002, section 4.2, before they take the sign): loudness and the room's colour cancel.
   * One step is 1/40 of a natural logarithm.
   */
  #readSpeech(phaseSeconds: number): ChangeTrack {
    const { cellSeconds, dimension } = trackRules.speech;
    const { hopSeconds } = this.#source.config.spectrogram;
    const sums = this.#groupSums();
    const columnCount = sums.length / speechGroups - 1;
    const columnAt = (cell: number) => Math.round((phaseSeconds + cell * cellSeconds) / hopSeconds);
    // Where columns are further apart than cells, a cell is the column that it lies in.
    const endOf = (cell: number) => Math.max(columnAt(cell) + 1, columnAt(cell + 1));
    let cells = 0;
    while (endOf(cells + 1) <= columnCount) cells++;
    const mean = (cell: number, group: number) => {
      const [from, to] = [columnAt(cell), endOf(cell)];
      return (sums[to * speechGroups + group] - sums[from * speechGroups + group]) / (to - from);
    };
    const slope = (cell: number, group: number) => mean(cell, group) - mean(cell, group + 1);
    const values = new Int8Array(cells * dimension);
    for (let cell = 0; cell < cells; cell++) {
      for (let group = 0; group < dimension; group++) {
        values[cell * dimension + group] = toStep(40 * (slope(cell + 1, group) - slope(cell, group)));
      }
    }
    return { values, cells };
  }

  /** Log power of groups of neighbouring bands, summed over all columns before each, [columns + 1, groups]. */
  #groupSums(): Float64Array {
    if (this.#sums) return this.#sums;
    const { bands, hopSeconds } = this.#source.config.spectrogram;
    const columns = Math.floor((this.#frameCount * this.#frameSeconds) / hopSeconds + 1e-6);
    const stored = this.#source.readLogSpectrogram(this.#scanId, 0, columns);
    const sums = new Float64Array((columns + 1) * speechGroups);
    const edges = Array.from(
      { length: speechGroups + 1 },
      (_, group) => Math.floor((group * bands) / speechGroups),
    );
    for (let column = 0; column < columns; column++) {
      for (let group = 0; group < speechGroups; group++) {
        let sum = 0;
        for (let band = edges[group]; band < edges[group + 1]; band++) sum += stored[column * bands + band];
        const place = column * speechGroups + group;
        sums[place + speechGroups] = sums[place] + sum / Math.max(1, edges[group + 1] - edges[group]);
      }
    }
    this.#sums = sums;
    return sums;
  }
}

function toStep(value: number): number {
  return Math.max(-127, Math.min(127, Math.round(value)));
}

/** A picture less the mean of what lies around each of its places. */
function withoutShade(picture: Float32Array): Float32Array {
  const size = pictureSize;
  return picture.map((value, i) => {
    const [row, column] = [Math.floor(i / size), i % size];
    let sum = 0, count = 0;
    for (let y = Math.max(0, row - blurRadius); y <= Math.min(size - 1, row + blurRadius); y++) {
      for (let x = Math.max(0, column - blurRadius); x <= Math.min(size - 1, column + blurRadius); x++) {
        sum += picture[y * size + x];
        count++;
      }
    }
    return value - sum / count;
  });
}
