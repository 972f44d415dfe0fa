/**
 * The settings that a command line asks for.
 *
 * @module
 */

import type { ConfigChanges } from "../config.ts";
import { SonospeechError } from "../errors.ts";

/**
 * The settings of `--config FILE` and `--set` options.
 *
 * @throws SonospeechError `config` when the file cannot be read or is not JSON.
 */
export async function readChanges(
  configFile: string | undefined,
  set: readonly string[],
): Promise<ConfigChanges> {
  if (configFile === undefined) return { set };
  try {
    return { file: JSON.parse(await Deno.readTextFile(configFile)), set };
  } catch (cause) {
    throw new SonospeechError("config", {
      action: `read ${configFile}`,
      must: cause instanceof SyntaxError ? "it must be JSON" : "it must be a file that can be read",
      received: cause,
      cause,
    });
  }
}
