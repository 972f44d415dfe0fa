/**
 * Finds where tracks of changes agree, among any number of scans, without comparing each with each.
 *
 * Locality-sensitive hashing (Indyk and Motwani, STOC 1998) with signs as hashes (Charikar, STOC 2002): a segment's
 * sketch is the signs of 256 of its numbers; in each of 32 tables a few of these are the key under which it is found.
 * What shares a key and most of the sketch is then compared for good, by normalised correlation.
 *
 * @module
 */

import { Random } from "../random.ts";
import { type ChangeTrack, type TrackKind, type TrackRule, trackRules } from "./change_track.ts";

/** A place where a track agrees with one of the index. */
export interface TrackMatch {
  /** Number of the indexed scan. */
  scan: number;
  /** Cell of the indexed track where the segment begins. */
  cell: number;
  /** Cell of the track that was asked for. */
  askedCell: number;
  /** Normalised correlation of the two segments. */
  correlation: number;
}

const sketchBits = 256, sketchWords = sketchBits / 32, tables = 32;

/** Bits of a key: speech has many more segments to look up, and agrees better. */
const keyBits: Record<TrackKind, number> = { pictures: 12, speech: 16 };

/** Of 256 signs 172 agree at a normalised correlation of 0.51; unrelated segments that share more are few. */
const agreeingBits = 172;

/** One kind of track of many scans, whose segments lie side by side in the index. */
export class TrackIndex {
  readonly #kind: TrackKind;
  readonly #rule: TrackRule;
  readonly #tracks: readonly ChangeTrack[];
  /** Where in a segment the sketch's numbers lie. */
  readonly #places: Int32Array;
  /** For each table, which bits of the sketch make the key. */
  readonly #keys: readonly Int32Array[];
  readonly #scans: Int32Array;
  readonly #cells: Int32Array;
  readonly #sketches: Uint32Array;
  /** For each table, segments in the order of their keys, and where each key's begin. */
  readonly #buckets: readonly { starts: Int32Array; segments: Int32Array }[];

  /** @param tracks One per scan. */
  constructor(kind: TrackKind, tracks: readonly ChangeTrack[]) {
    this.#kind = kind;
    this.#rule = trackRules[kind];
    this.#tracks = tracks;
    const { segmentCells, dimension } = this.#rule;
    const random = new Random(1, "track index", kind);
    const all = Array.from({ length: segmentCells * dimension }, (_, i) => i);
    this.#places = Int32Array.from(random.sample(all, sketchBits));
    const bits = Array.from({ length: sketchBits }, (_, i) => i);
    this.#keys = Array.from({ length: tables }, () => Int32Array.from(random.sample(bits, keyBits[kind])));
    const found = tracks.flatMap((track, scan) =>
      segmentsOf(track, this.#rule, segmentCells).map((cell) => ({ scan, cell }))
    );
    this.#scans = Int32Array.from(found, ({ scan }) => scan);
    this.#cells = Int32Array.from(found, ({ cell }) => cell);
    this.#sketches = new Uint32Array(found.length * sketchWords);
    found.forEach(({ scan, cell }, i) => this.#sketch(tracks[scan], cell, this.#sketches, i * sketchWords));
    this.#buckets = this.#keys.map((key) => this.#fill(key));
  }

  /** How many segments it holds; what stands still is not among them. */
  get segments(): number {
    return this.#cells.length;
  }

  /** All places where a track agrees with an indexed one, at any cell of the track. */
  *matches(track: ChangeTrack): Generator<TrackMatch> {
    const sketch = new Uint32Array(sketchWords);
    const seen = new Set<number>();
    for (const cell of segmentsOf(track, this.#rule, 1)) {
      this.#sketch(track, cell, sketch, 0);
      seen.clear();
      for (let table = 0; table < tables; table++) {
        const { starts, segments } = this.#buckets[table];
        const key = keyOf(sketch, 0, this.#keys[table]);
        for (let i = starts[key]; i < starts[key + 1]; i++) {
          const segment = segments[i];
          if (seen.has(segment) || this.#agreement(sketch, segment) < agreeingBits) continue;
          seen.add(segment);
          const match = this.#confirm(track, cell, segment);
          if (match) yield match;
        }
      }
    }
  }

  #confirm(track: ChangeTrack, askedCell: number, segment: number): TrackMatch | null {
    const { segmentCells, surroundingCells, segmentCorrelation, surroundingCorrelation } = this.#rule;
    const { dimension } = this.#rule;
    const [scan, cell] = [this.#scans[segment], this.#cells[segment]];
    const indexed = this.#tracks[scan];
    const between = (before: number, after: number) => {
      const first = Math.max(-before, -askedCell, -cell);
      const last = Math.min(after, track.cells - askedCell, indexed.cells - cell);
      return correlation(
        track,
        askedCell + first,
        indexed,
        cell + first,
        (last - first) * dimension,
        dimension,
      );
    };
    const found = between(0, segmentCells);
    if (found < segmentCorrelation) return null;
    const before = Math.floor((surroundingCells - segmentCells) / 2);
    if (between(before, surroundingCells - before) < surroundingCorrelation) return null;
    return { scan, cell, askedCell, correlation: found };
  }

  #sketch(track: ChangeTrack, cell: number, out: Uint32Array, offset: number): void {
    const start = cell * this.#rule.dimension;
    for (let word = 0; word < sketchWords; word++) {
      let bits = 0;
      for (let bit = 0; bit < 32; bit++) {
        if (track.values[start + this.#places[word * 32 + bit]] > 0) bits |= 1 << bit;
      }
      out[offset + word] = bits;
    }
  }

  #agreement(sketch: Uint32Array, segment: number): number {
    let different = 0;
    for (let word = 0; word < sketchWords; word++) {
      different += ones(sketch[word] ^ this.#sketches[segment * sketchWords + word]);
    }
    return sketchBits - different;
  }

  /** Sorts the segments by their key, by counting. */
  #fill(key: Int32Array): { starts: Int32Array; segments: Int32Array } {
    const starts = new Int32Array(2 ** keyBits[this.#kind] + 1);
    const keys = this.#cells.map((_, segment) => keyOf(this.#sketches, segment * sketchWords, key));
    for (const one of keys) starts[one + 1]++;
    for (let i = 1; i < starts.length; i++) starts[i] += starts[i - 1];
    const next = starts.slice();
    const segments = new Int32Array(keys.length);
    keys.forEach((one, segment) => segments[next[one]++] = segment);
    return { starts, segments };
  }
}

/** Where segments begin that do not stand still, every `step` cells. */
function segmentsOf({ values, cells }: ChangeTrack, rule: TrackRule, step: number): number[] {
  const { dimension, segmentCells, stillLevel } = rule;
  const moving = new Int32Array(cells + 1);
  for (let cell = 0; cell < cells; cell++) {
    let squares = 0;
    for (let i = cell * dimension; i < (cell + 1) * dimension; i++) squares += values[i] * values[i];
    moving[cell + 1] = moving[cell] + (squares >= stillLevel ** 2 * dimension ? 1 : 0);
  }
  const found: number[] = [];
  for (let cell = 0; cell + segmentCells <= cells; cell += step) {
    if (2 * (moving[cell + segmentCells] - moving[cell]) >= segmentCells) found.push(cell);
  }
  return found;
}

function keyOf(sketches: Uint32Array, offset: number, bits: Int32Array): number {
  let key = 0;
  for (let i = 0; i < bits.length; i++) {
    key = (key << 1) | ((sketches[offset + (bits[i] >> 5)] >>> (bits[i] & 31)) & 1);
  }
  return key;
}

/** Number of ones among 32 bits. */
function ones(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Σ ab / √(Σ a² · Σ b²); 0 where one of them stands still. */
function correlation(
  a: ChangeTrack,
  cellA: number,
  b: ChangeTrack,
  cellB: number,
  count: number,
  dimension: number,
): number {
  let ab = 0, aa = 0, bb = 0;
  const [startA, startB] = [cellA * dimension, cellB * dimension];
  for (let i = 0; i < count; i++) {
    const [x, y] = [a.values[startA + i], b.values[startB + i]];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}
