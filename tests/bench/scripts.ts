/**
 * Where the benchmark's files and the program lie; bundled into one script, modules no longer lie where they did.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const isBundled = !import.meta.url.endsWith("/tests/bench/scripts.ts");

/** A file of this folder; a bundle lies in a folder of the project's root. */
export function siblingPath(name: string): string {
  return fileURLToPath(new URL(isBundled ? `../tests/bench/${name}` : name, import.meta.url));
}

/** The benchmark itself. */
export const mainScript = isBundled ? fileURLToPath(import.meta.url) : siblingPath("main.ts");

/** The program that is measured. */
export const programScript = siblingPath("../../main.ts");
