/**
 * What a command's failure is to its user.
 *
 * @module
 */

import { diskTrouble } from "../disk_trouble.ts";
import { SonospeechError } from "../errors.ts";

/** The error in words that help, or undefined for one that nobody foresaw. */
export function knownFailure(error: unknown): SonospeechError | undefined {
  return error instanceof SonospeechError ? error : diskTrouble(error);
}
