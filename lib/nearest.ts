/**
 * Which known name somebody meant who wrote another.
 *
 * @module
 */

import { distance } from "fastest-levenshtein";

/**
 * The known name with the fewest changed letters (Levenshtein's distance); the first of several.
 *
 * @param known At least one name.
 */
export function nearest<T extends string>(name: string, known: readonly T[]): T {
  return known.toSorted((a, b) => distance(name, a) - distance(name, b))[0];
}
