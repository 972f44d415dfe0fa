/**
 * Given weights as a file that a training can start from, without a training.
 *
 * @module
 */

import project from "../../deno.json" with { type: "json" };
import type { RunConfig } from "../config.ts";
import { encodeSafetensors, type SafetensorsTensor } from "../records/safetensors.ts";
import { ExportFolder } from "./export_folder.ts";
import { type ForeignWeights, readForeignWeights } from "./foreign_weights.ts";
import type { ExportedFile } from "./passport.ts";
import { fitStart, type StartReport } from "./start_report.ts";

/** File of the weights that fitted. */
export const startFile = "start.safetensors";

/** The `passport.json` beside imported weights. */
export interface ImportPassport {
  /** What was written. */
  format: "start";
  /** What wrote it. */
  program: { name: string; version: string };
  /** What became of every parameter. */
  report: StartReport;
  /** The network that they fit. */
  model: RunConfig["model"];
  /** Digests of the subjects they were trained on, as far as anything told; a training asks for these. */
  dataset: { trainedOn: string[] | null };
  /** What belongs to the import besides this file. */
  files: ExportedFile[];
}

/** What was found in a file of weights. */
export interface ImportedWeights {
  /** What became of every parameter. */
  report: StartReport;
  /** Digests of the subjects they were trained on; null where nothing tells. */
  trainedOn: ForeignWeights["trainedOn"];
}

/**
 * Fits weights to a run's network and, where a folder is given, writes those that fit as `start.safetensors` under our
 * names, with `passport.json` that hands on whom they were trained on.
 *
 * @throws SonospeechError `input` for a pickle, another format, unknown names, or when nothing fits.
 */
export async function importWeights(
  path: string,
  config: RunConfig,
  folder?: string,
): Promise<ImportedWeights> {
  const weights = await readForeignWeights(path);
  const { parameters, report } = fitStart(config, weights);
  const { trainedOn } = weights;
  if (folder === undefined) return { report, trainedOn };
  const tensors = [...parameters].map(([name, { shape, data }]) =>
    [name, { dtype: "F32", shape, data } satisfies SafetensorsTensor] as const
  );
  const out = await ExportFolder.open(folder);
  await out.write(startFile, encodeSafetensors(new Map(tensors), { source_sha256: weights.sha256 }));
  const passport: ImportPassport = {
    format: "start",
    program: { name: "sonospeech", version: project.version },
    report,
    model: config.model,
    dataset: { trainedOn },
    files: [...out.files],
  };
  await out.write("passport.json", JSON.stringify(passport, null, 2) + "\n");
  return { report, trainedOn };
}
