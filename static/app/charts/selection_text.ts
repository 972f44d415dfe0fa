/**
 * Windows that were chosen on the map, as a text that is short enough for an address.
 *
 * The text is a row of bits, six a character of base64url: how many ids are left out, how many follow without a gap,
 * and so on, each as an exponential Golomb code. The first eight bits hold the orders of both codes, four bits each,
 * chosen so that the text is shortest. Three thousand windows scattered among twice as many take about 1,200
 * characters; twenty thousand that lie together, as those of scans do, take less.
 *
 * @see Teuhola, A compression method for clustered bit-vectors, Information Processing Letters 7, 1978.
 * @module
 */

/** A longer text does not go into the address: with all else that is there, it must stay below 2,000 characters. */
export const longestSelectionText = 1500;

/** A text that stands for more ids is none: nobody may fill the page's memory with a link. */
const mostIds = 1_000_000;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const orders = Array.from({ length: 16 }, (_, order) => order);
/** The longest run of zeros that can begin a code of a number below 2³². */
const mostZeros = 32;

/** Ids of windows as a text; empty for none. @param ids Whole numbers from 0, below 2³¹. */
export function selectionText(ids: Iterable<number>): string {
  const { gaps, runs } = lengthsOf([...new Set(ids)].sort((a, b) => a - b));
  if (runs.length === 0) return "";
  const [gapOrder, runOrder] = [bestOrder(gaps), bestOrder(runs)];
  const bits: number[] = [];
  addNumber(bits, gapOrder, 4);
  addNumber(bits, runOrder, 4);
  runs.forEach((run, i) => {
    addCode(bits, gaps[i], gapOrder);
    addCode(bits, run, runOrder);
  });
  while (bits.length % 6 > 0) bits.push(0);
  let text = "";
  for (let at = 0; at < bits.length; at += 6) {
    text += alphabet[bits.slice(at, at + 6).reduce((sum, bit) => 2 * sum + bit, 0)];
  }
  return text;
}

/** Reads {@linkcode selectionText}; what is no such text selects nothing. */
export function selectionOf(text: string): Set<number> {
  const ids = new Set<number>();
  const bits = bitsOf(text);
  if (bits === null || bits.length < 8) return ids;
  const reader = { bits, at: 0 };
  const [gapOrder, runOrder] = [readNumber(reader, 4), readNumber(reader, 4)];
  for (let next = 0;;) {
    const [gap, run] = [readCode(reader, gapOrder), readCode(reader, runOrder)];
    if (gap === null || run === null) return ids;
    const first = next + gap;
    // Two runs without a gap would have been one: lengths are written less one where they cannot be 0.
    next = first + run + 2;
    if (ids.size + run >= mostIds) return new Set();
    for (let id = first; id <= first + run; id++) ids.add(id);
  }
}

/** How many ids lie before each run and how many are in it, less what they have at least. */
function lengthsOf(sorted: readonly number[]): { gaps: number[]; runs: number[] } {
  const [gaps, runs]: [number[], number[]] = [[], []];
  let next = 0;
  for (let i = 0; i < sorted.length;) {
    let end = i;
    while (sorted[end + 1] === sorted[end] + 1) end++;
    gaps.push(sorted[i] - next);
    runs.push(end - i);
    next = sorted[end] + 2;
    i = end + 1;
  }
  return { gaps, runs };
}

function bestOrder(numbers: readonly number[]): number {
  const length = (order: number) => numbers.reduce((sum, number) => sum + codeLength(number, order), 0);
  return orders.reduce((best, order) => length(order) < length(best) ? order : best);
}

function codeLength(number: number, order: number): number {
  return 2 * Math.floor(Math.log2(number + 2 ** order)) + 1 - order;
}

/** An exponential Golomb code: zeros that tell how long the number is, then the number plus 2^order. */
function addCode(bits: number[], number: number, order: number): void {
  const shifted = number + 2 ** order;
  const length = Math.floor(Math.log2(shifted)) + 1;
  for (let zeros = length - 1 - order; zeros > 0; zeros--) bits.push(0);
  addNumber(bits, shifted, length);
}

function addNumber(bits: number[], number: number, length: number): void {
  for (let place = length - 1; place >= 0; place--) bits.push(Math.floor(number / 2 ** place) % 2);
}

interface BitReader {
  bits: readonly number[];
  at: number;
}

function readNumber(reader: BitReader, length: number): number {
  let number = 0;
  for (let i = 0; i < length; i++) number = 2 * number + reader.bits[reader.at++];
  return number;
}

/** Null at the end, which may be filled up with zeros, and for what is no code. */
function readCode(reader: BitReader, order: number): number | null {
  let zeros = 0;
  while (reader.bits[reader.at + zeros] === 0) zeros++;
  const length = zeros + 1 + order;
  if (zeros > mostZeros || reader.at + zeros + length > reader.bits.length) return null;
  reader.at += zeros;
  return readNumber(reader, length) - 2 ** order;
}

function bitsOf(text: string): number[] | null {
  const bits: number[] = [];
  for (const character of text) {
    const value = alphabet.indexOf(character);
    if (value < 0) return null;
    addNumber(bits, value, 6);
  }
  return bits;
}
