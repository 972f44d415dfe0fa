/**
 * What commands that use a finished run ask about it before they may read it.
 *
 * @module
 */

import { Option } from "@commander-js/extra-typings";
import { join, resolve } from "node:path";
import { datasetPaths } from "../data/dataset_schema.ts";
import type { Place } from "./plan.ts";

/** The `--checkpoint` option. */
export function checkpointOption() {
  return new Option("--checkpoint <which>", "best on validation, or newest")
    .choices(["best", "newest"] as const).default("best" as const);
}

/**
 * The dataset that a run names, or nothing where it names none. What is no dataset is not opened, whatever a run
 * folder that somebody else made says.
 */
export function datasetOfRun(run: string, { workingDirectory }: Place): string | undefined {
  try {
    const { dataset } = JSON.parse(Deno.readTextFileSync(join(resolve(workingDirectory, run), "run.json")));
    return Deno.statSync(datasetPaths.manifest(dataset)).isFile ? dataset : undefined;
  } catch {
    // No run, or its dataset was moved: whoever opens it says so.
    return undefined;
  }
}
