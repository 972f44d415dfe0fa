/** Programs of the system that tests ask, installed or unpacked by `./run test`. @module */

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folders = [
  ...["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/bin"],
  ...["usr/sbin", "usr/bin"].map((folder) => join(root, ".cache/tools", folder)),
];

/** Where a program is that starts, asked with `args`; null where there is none. */
export function findTool(name: string, ...args: string[]): string | null {
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      if (
        new Deno.Command(path, { args, stdin: "null", stdout: "null", stderr: "null" }).outputSync().success
      ) {
        return path;
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return null;
}
