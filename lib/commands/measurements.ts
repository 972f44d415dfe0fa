/**
 * Where commands that compute keep what they measured of the machine's devices.
 *
 * @module
 */

import { join } from "node:path";
import project from "../../deno.json" with { type: "json" };
import type { CommandContext, Permissions, Place } from "./plan.ts";

/** The variables that say where the user's cache lies. */
export const cacheVariables = ["XDG_CACHE_HOME", "HOME"] as const;

/** The program's folder in the user's cache, as the XDG Base Directory Specification places it; none without a home. */
export function cacheDirectoryFrom(variable: (name: typeof cacheVariables[number]) => string | undefined) {
  const cache = variable("XDG_CACHE_HOME");
  if (cache?.startsWith("/")) return join(cache, "sonospeech");
  const home = variable("HOME");
  return home?.startsWith("/") ? join(home, ".cache", "sonospeech") : undefined;
}

/** A folder of its own: the packed program lies beside it and must not be writable. */
const folderName = "measurements";

/** What a command needs, and besides the right to keep measurements. */
export function withMeasurements({ cacheDirectory }: Place, permissions: Permissions): Permissions {
  if (cacheDirectory === undefined) return permissions;
  return {
    ...permissions,
    write: [...permissions.write ?? [], join(cacheDirectory, folderName)],
    env: [...permissions.env ?? [], ...cacheVariables],
  };
}

/** The measurements of this version of the program; none where there is no home to keep them in. */
export async function openMeasurements({ cacheDirectory }: Pick<CommandContext, "cacheDirectory">) {
  if (cacheDirectory === undefined) return undefined;
  const { MeasurementStore } = await import("../records/measurement_store.ts");
  return await MeasurementStore.open(join(cacheDirectory, folderName, "devices.json"), project.version);
}
