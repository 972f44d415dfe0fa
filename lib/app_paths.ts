/**
 * Where the program's own files lie: run from source, or packed into one file.
 *
 * Packed, all modules become a few scripts in one folder, so `import.meta.url` no longer tells a module's place in
 * the source tree. Beside the scripts lie `static/` with the dashboard and `wasm/` with the packages' `.wasm` files.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * The modules that are started as Workers, from the root of the source tree. `lib/packaging` bundles each of
 * them into a script of its own beside `main.js`, so their base names must differ.
 */
export const workerModules = [
  "routes/serve_worker.ts",
  "routes/map_worker.ts",
  "routes/find_worker.ts",
  "lib/reproduction/cell_worker.ts",
  "lib/data/batch_worker.ts",
  "lib/tensor/executors/wasm_worker.ts",
] as const;

/** Where the program's own files lie, as absolute paths. */
export interface AppPaths {
  /** True when the program runs from its packed form. */
  isPacked: boolean;
  /** The folder that holds everything the program itself reads: the source tree, or the unpacked bundle. */
  root: string;
  /** The built dashboard: `index.html` and what it loads. */
  staticDirectory: string;
}

const sourceSuffix = "/lib/app_paths.ts";

/**
 * Finds the program's files.
 *
 * @param moduleUrl The URL of the module that asks, for tests; this module's own, or that of the script it was
 * bundled into, when left out.
 */
export function appPaths(moduleUrl: string = import.meta.url): AppPaths {
  const isPacked = !moduleUrl.endsWith(sourceSuffix);
  const path = fileURLToPath(moduleUrl);
  const root = isPacked ? dirname(path) : dirname(dirname(path));
  return { isPacked, root, staticDirectory: join(root, isPacked ? "static" : ".cache/static") };
}

/** The URL to start a Worker from, as in `new Worker(workerUrl("routes/serve_worker.ts"), { type: "module" })`. */
export function workerUrl(module: typeof workerModules[number], paths: AppPaths = appPaths()): string {
  const file = paths.isPacked ? basename(module, ".ts") + ".js" : module;
  return pathToFileURL(join(paths.root, file)).href;
}
