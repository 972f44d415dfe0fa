/**
 * Where weights may have come from.
 *
 * @module
 */

import { dirname, join } from "node:path";

/**
 * Files that may tell which subjects weights were trained on: the passport of an export; certificate and record of the
 * run whose checkpoint they are.
 */
export function provenanceFiles(path: string): string[] {
  const run = join(dirname(path), "..");
  return [join(dirname(path), "passport.json"), join(run, "certificate.json"), join(run, "run.json")];
}
