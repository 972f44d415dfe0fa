import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const projectRoot = fileURLToPath(new URL("../..", import.meta.url));
/** Where public recordings for tests lie, if anywhere. */
export const sharedDataFolder = resolve(
  Deno.env.get("SONOSPEECH_SHARED_DATA") ?? resolve(projectRoot, "../shared/data"),
);

/** The path of a public recording; undefined, with a warning, when it is not there. */
export function sharedData(file: string): string | undefined {
  const path = resolve(sharedDataFolder, file);
  try {
    Deno.statSync(path);
    return path;
  } catch {
    console.warn(
      `Tests that need ${file} are skipped: SONOSPEECH_SHARED_DATA names no folder that holds it.`,
    );
    return undefined;
  }
}
