/**
 * How the values of options are read; a value that cannot be read is refused with a RangeError, which becomes an
 * error of the command line.
 *
 * @module
 */

/** Collects the values of an option that may be given many times. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

/** A finite number. */
export function parseNumber(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!Number.isFinite(value)) throw new RangeError(`a number must be given, received "${text}"`);
  return value;
}

/** How many of something, from 1. */
export function parseCount(text: string): number {
  const value = parseNumber(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`a whole number from 1 must be given, received "${text}"`);
  }
  return value;
}

/** Names with commas between them. */
export function parseNames(text: string): string[] {
  return text.split(",").map((name) => name.trim());
}

/** Two numbers with `separator` between them, as `168x224`. */
export function parsePair(text: string, separator: string): [number, number] {
  const parts = text.split(separator);
  if (parts.length !== 2) {
    throw new RangeError(`two numbers with "${separator}" between them must be given, received "${text}"`);
  }
  return [parseNumber(parts[0]), parseNumber(parts[1])];
}

/** A port to listen at. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new RangeError(`a port must be a whole number from 1 to 65535, received "${text}"`);
  }
  return port;
}

/** A seed of random numbers. */
export function parseSeed(text: string): number {
  const seed = Number(text);
  if (!Number.isInteger(seed) || seed < 0) {
    throw new RangeError(`a seed must be a whole number from 0, received "${text}"`);
  }
  return seed;
}
