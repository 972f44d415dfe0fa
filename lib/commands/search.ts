/** `search`: the moments of a dataset that are like what is said or shown. @module */

import { Command, Option } from "@commander-js/extra-typings";
import { resolve } from "node:path";
import { datasetPaths } from "../data/dataset_schema.ts";
import { splits } from "../data/split.ts";
import { withMeasurements } from "./measurements.ts";
import { parseCount } from "./options.ts";
import type { CommandContext, CommandSeat } from "./plan.ts";
import { checkpointOption, datasetOfRun } from "./run_places.ts";
import { deviceOption } from "./train.ts";

/** What the command line says of a search. */
export interface SearchCommandOptions {
  speech?: string;
  frame?: string;
  text?: string;
  mask?: string;
  among?: "video" | "speech";
  top: number;
  split?: (typeof splits)[number];
  checkpoint: "best" | "newest";
  device: "auto" | "webgpu" | "wasm" | "cpu";
  json?: true;
}

/** The definition of `search`. */
export function searchCommand({ programName, plan }: CommandSeat) {
  return new Command("search")
    .summary("find moments of a dataset by words or by a picture")
    .description(
      "Ranks the windows of a prepared dataset by their similarity (cosine of the embeddings) to a spoken query or a " +
        "picture. Speech looks for pictures and a picture for speech, unless --among says otherwise; among speech, " +
        "only windows with speech are searched. A text is no third kind of query: it is spoken by ffmpeg's flite " +
        "voices, in English, and the sound is searched with; how well that works depends on how much the run's " +
        "sonographers sound like them.",
    )
    .argument("<run>", "run folder")
    .argument("<dataset>", "folder made by prepare")
    .option("--speech <file>", "search with what is said in a sound or video file")
    .option(
      "--frame <file>",
      "search with a picture (PNG, JPEG, BMP, TIFF) of the inside of the fan, or a video",
    )
    .option("--text <words>", "search with English words, spoken first")
    .option("--mask <file>", "mask for a video whose pictures the dataset's masks are not for")
    .addOption(
      new Option("--among <what>", "compare with what is seen or with what is said").choices(
        ["video", "speech"] as const,
      ),
    )
    .option("--top <n>", "how many windows to show", parseCount, 10)
    .addOption(new Option("--split <split>", "search only this part").choices(splits))
    .addOption(checkpointOption())
    .addOption(deviceOption())
    .option("--json", "print the result as one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  ${programName} search runs/first data/fetal --speech question.wav
  ${programName} search runs/first data/fetal --frame femur.png --top 5
  ${programName} search runs/first data/fetal --text "four chamber view of the heart" --json`,
    )
    .action((run, dataset, options) => {
      const given = [options.speech, options.frame, options.text].filter((query) => query !== undefined);
      if (given.length !== 1) {
        throw new RangeError("exactly one of --speech, --frame and --text must be given");
      }
      if (options.mask !== undefined && options.frame === undefined) {
        throw new RangeError("--mask is for --frame alone");
      }
      const files = [options.speech, options.frame, options.mask].filter((file) => file !== undefined);
      plan({
        permissions: (place) => {
          const trainedOn = datasetOfRun(run, place);
          const settings = trainedOn === undefined ? [] : [datasetPaths.manifest(trainedOn)];
          const read = [run, dataset, ...settings, ...files];
          return withMeasurements(place, { read, run: ["ffmpeg", "ffprobe"] });
        },
        run: (context) => runSearch(run, dataset, options, context),
      });
    });
}

async function runSearch(
  run: string,
  dataset: string,
  options: SearchCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { DatasetReader } = await import("../data/dataset_store.ts");
  const { searchDataset, searchTable } = await import("./search_session.ts");
  const reader = DatasetReader.open(resolve(context.workingDirectory, dataset));
  try {
    const result = await searchDataset(run, reader, options, context);
    if (!options.json) return context.stdout(searchTable(result, reader));
    const { windowSeconds } = reader.config;
    const labels = reader.labels();
    const hits = result.hits.map(({ rank, similarity, window: { id, scanId, split, startSeconds } }) => ({
      ...{
        rank,
        similarity,
        windowId: id,
        scanId,
        split,
        startSeconds,
        endSeconds: startSeconds + windowSeconds,
      },
      label: labels.get(id) ?? null,
    }));
    context.stdout(JSON.stringify({ ...result, hits }) + "\n");
  } finally {
    reader.close();
  }
}
